// In: nothing. Out: the keys, in a dialog.
// Never: the only place where a key is named; each control's title names it, too.

import { useEffect, useRef } from 'preact/hooks';
import { Button } from './view';

const KEYS: [string, string][] = [
  ['N, P', 'next layer, layer before (on the picture)'],
  ['Arrows', 'move by 1 unit; with Shift by 10'],
  ['Alt + arrows', 'resize by 1 unit; with Shift by 10'],
  [', and .', 'turn by 1°; with Shift by 10°'],
  ['Enter', 'edit the text of the layer'],
  ['Escape', 'the group around it, then none'],
  ['Delete', 'delete the layer'],
  ['Shift + click', 'select one more'],
  ['Alt + click', 'select what lies beneath'],
  ['Alt or Ctrl while dragging', 'without snapping'],
  ['Shift while dragging', 'along one axis; keeps the ratio; turns by 15°'],
  ['Ctrl + Z, Ctrl + Y', 'undo, redo'],
  ['Ctrl + S', 'save'],
  ['Ctrl + Space', 'complete a key or a value (in the text)'],
  ['Ctrl + F', 'search in the text'],
  ['Escape, then Tab', 'leave the text'],
];

export function Help({ close }: { close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} class="ask" aria-labelledby="help-title" onClose={close}>
      <h2 id="help-title">Keys</h2>
      <dl class="keys">
        {KEYS.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <div class="choices across">
        <Button label="Close" primary onClick={() => dialog.current?.close()} />
      </div>
    </dialog>
  );
}
