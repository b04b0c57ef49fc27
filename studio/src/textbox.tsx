// In: a text layer that was double-clicked. Out: a field over its box, and its words in the text when it is confirmed.
// Where the layer shows one variable, the variable is what changes: for this preview where a row gives it, else its default.
// Never: draws the words as they will look; the picture under it does.

import { useEffect, useRef } from 'preact/hooks';
import type { Box } from './api';
import type { Editor } from './editor';
import { layerOf } from './layers';
import { fieldOf } from './names';

export function TextOnPicture({ editor, box, scale, done }: { editor: Editor; box: Box; scale: number; done: () => void }) {
  const area = useRef<HTMLTextAreaElement>(null);
  const over = useRef(false);
  const { shown, commit } = source(editor, box);
  useEffect(() => {
    area.current?.focus();
    area.current?.select();
  }, []);
  const finish = (take: boolean) => {
    if (over.current) return;
    over.current = true;
    const text = area.current?.value ?? shown;
    if (take && text !== shown) commit(text);
    done();
  };
  const size = Math.max(14, Math.min(Number(box.values.size?.value ?? 48) * scale * 0.9, 40));
  const style = {
    left: `${box.left * scale}px`,
    top: `${box.top * scale}px`,
    width: `${Math.max(box.width * scale, 140)}px`,
    height: `${Math.max(box.height * scale, 56)}px`,
    fontSize: `${size}px`,
    transform: box.rotate ? `rotate(${box.rotate}deg)` : undefined,
  };
  return (
    <textarea
      ref={area}
      class="on-picture"
      style={style}
      aria-label={`Text of ${box.id ?? 'this layer'}. Enter takes it, Shift and Enter begin a line, Escape leaves it as it was.`}
      defaultValue={shown}
      dir="auto"
      onBlur={() => finish(true)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === 'Escape') finish(false);
        if (event.key === 'Enter' && !event.shiftKey) {
          event.preventDefault();
          finish(true);
        }
      }}
    />
  );
}

/** The words to edit, and where they go. */
function source(editor: Editor, box: Box): { shown: string; commit: (text: string) => void } {
  const value = box.values.text;
  const written = editor.written(value) ?? String(value?.value ?? '');
  const name = /^\{\{\s*([A-Za-z_]\w*)\s*\}\}$/.exec(written)?.[1];
  const variable = editor.look.variables?.find((v) => v.name === name);
  if (name && variable) {
    const shown = editor.refusals.of(fieldOf(variable))?.words ?? editor.valueOf(variable);
    const commit = (text: string) => void editor.fill(variable, text);
    return { shown, commit };
  }
  const [field, label] = [`${layerOf(box)}.text`, `Text of ${box.id ?? 'a layer'}`];
  const commit = (text: string) => void editor.apply([{ layer: layerOf(box), key: 'text', value: text }], label, false, { name: field, label, words: text });
  return { shown: editor.refusals.of(field)?.words ?? written, commit };
}
