// In: the layers of the template. Out: the list to choose, order, hide, lock, copy, delete and group them.
// Never: keeps an order of its own; it is the file's.

import { useState } from 'preact/hooks';
import type { Box, Edit } from './api';
import type { Editor } from './editor';
import { beside, layerOf, listed, nameOf } from './layers';
import { Button, Icon, useEditor } from './view';

/** What a new layer of a type begins with, so that it is seen at once. */
const NEW: Record<string, Record<string, unknown>> = {
  text: { text: 'New text', size: 72, left: 120, right: 120, top: 860 },
  shape: { left: 240, top: 760, width: 600, height: 400, fill: '#8888' },
  image: { left: 140, top: 560, width: 800, height: 800, src: '' },
  qr: { data: 'https://example.com', left: 390, top: 810, width: 300, height: 300 },
};

export function LayerList({ editor }: { editor: Editor }) {
  useEditor(editor);
  const items = listed(editor.boxes);
  return (
    <section class="layers" aria-label="Layers">
      <LayerTools editor={editor} />
      <ul class="layer-list">
        {items.map(({ box, depth }) => (
          <Item key={box.path} editor={editor} box={box} depth={depth} />
        ))}
      </ul>
      {!items.length && <p class="empty">{editor.updating ? 'Reading the layers …' : 'No layers yet. Add one above.'}</p>}
    </section>
  );
}

function Item({ editor, box, depth }: { editor: Editor; box: Box; depth: number }) {
  const chosen = editor.selected.includes(box.path);
  const locked = editor.locked.has(box.path);
  const name = nameOf(box);
  const base = box.file && !editor.path.endsWith(box.file) && !box.file.endsWith(editor.path) ? box.file : undefined;
  const choose = (event: MouseEvent) => {
    if (!event.shiftKey && !event.ctrlKey && !event.metaKey) return editor.select([box.path]);
    const rest = editor.selected.filter((path) => path !== box.path);
    editor.select(chosen ? rest : [...rest, box.path]);
  };
  const lock = () => {
    if (!editor.locked.delete(box.path)) editor.locked.add(box.path);
    editor.changed();
  };
  const hide = () => void editor.apply([{ layer: layerOf(box), key: 'when', value: box.hidden ? null : false }], `${box.hidden ? 'Show' : 'Hide'} ${name}`);
  return (
    <li class={`layer depth-${Math.min(depth, 4)} ${chosen ? 'chosen' : ''} ${box.hidden ? 'off' : ''}`}>
      <button type="button" class="name" aria-pressed={chosen} onClick={choose} title={base ? `${name}, from ${base}` : name}>
        <Icon name={box.type} />
        <span class="words">{name}</span>
        {base && <span class="chip">base</span>}
      </button>
      <Button icon={box.hidden ? 'hidden' : 'eye'} label={`${box.hidden ? 'Show' : 'Hide'} ${name}`} on={box.hidden === true} onClick={hide} />
      <Button icon={locked ? 'lock' : 'unlock'} label={`${locked ? 'Unlock' : 'Lock'} ${name} on the picture`} on={locked} onClick={lock} />
    </li>
  );
}

function LayerTools({ editor }: { editor: Editor }) {
  const [adding, setAdding] = useState(false);
  const boxes = editor.selectedBoxes;
  const one = boxes.length === 1 ? boxes[0] : undefined;
  const peers = one ? beside(editor.boxes, one) : [];
  const at = one ? peers.indexOf(one) : -1;
  const run = (edits: Edit[], label: string) => void editor.apply(edits, label);
  const move = (by: 1 | -1) => {
    if (!one) return;
    const other = layerOf(peers[at + by]);
    run([{ op: 'move', layer: layerOf(one), ...(by > 0 ? { after: other } : { before: other }) }], `${by > 0 ? 'Raise' : 'Lower'} ${nameOf(one)}`);
  };
  const add = (type: string) => {
    setAdding(false);
    const top = editor.boxes.filter((b) => beside(editor.boxes, b).length && b.path.split('.').length === 1).pop();
    const src = type === 'image' ? { src: editor.palette.assets.find((a) => a.kind === 'image')?.path ?? '' } : {};
    run([{ op: 'insert', type, ...(top ? { after: layerOf(top) } : {}), values: { ...NEW[type], ...src } }], `Add a ${type} layer`);
  };
  const label = boxes.map(nameOf).join(', ');
  return (
    <div class="tools" role="toolbar" aria-label="Layer tools">
      <div class="menu-of">
        <Button icon="plus" label="Add a layer" on={adding} onClick={() => setAdding(!adding)} />
        {adding && (
          <div class="menu">
            {Object.keys(NEW).map((type) => (
              <Button key={type} icon={type} label={type === 'qr' ? 'QR code' : type[0].toUpperCase() + type.slice(1)} words onClick={() => add(type)} />
            ))}
          </div>
        )}
      </div>
      <Button icon="up" label="Raise" disabled={!one || at < 0 || at >= peers.length - 1} onClick={() => move(1)} />
      <Button icon="down" label="Lower" disabled={!one || at <= 0} onClick={() => move(-1)} />
      <Button icon="copy" label="Duplicate" disabled={!boxes.length} onClick={() => void editor.duplicate(boxes, `Duplicate ${label}`)} />
      <Button icon="group" label="Group" disabled={boxes.length < 2} onClick={() => run([{ op: 'group', layers: boxes.map(layerOf) }], `Group ${label}`)} />
      <Button icon="bin" label="Delete" disabled={!boxes.length} onClick={() => run(boxes.map((b) => ({ op: 'delete', layer: layerOf(b) })), `Delete ${label}`)} />
    </div>
  );
}
