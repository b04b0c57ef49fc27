// In: the chosen layer and the schema of its type. Out: every value of it in a field, with where it comes from.
// What a handle does can be done here with numbers.
// Never: changes a value that is written elsewhere without asking.

import { asset, inAddress, type Box, type Value } from './api';
import type { Schema } from './completion';
import { Control, type Kind } from './control';
import type { Editor } from './editor';
import type { Rect } from './geometry';
import { layerOf, nameOf } from './layers';
import { samePath, whence } from './names';
import { Button, NumberField, useEditor } from './view';

/** What is asked for most, in this order; everything else is under "More". */
const MAIN: Record<string, string[]> = {
  text: ['text', 'style', 'font', 'weight', 'size', 'min_size', 'line_height', 'color', 'align', 'valign', 'max_lines', 'overflow'],
  image: ['src', 'fit', 'focus', 'radius', 'mask'],
  video: ['src', 'fit', 'focus', 'start', 'end', 'speed', 'loop', 'mute', 'radius'],
  shape: ['fill', 'radius', 'border'],
  qr: ['data', 'color', 'fill', 'quiet', 'level'],
  group: ['layout', 'gap', 'padding', 'align', 'justify', 'fill', 'radius'],
};
const COMMON = ['opacity', 'blend', 'when'];
/** Shown as numbers above, or not a matter of looks. */
const PLACED = ['left', 'right', 'top', 'bottom', 'width', 'height', 'rotate', 'id', 'type', 'children'];

export function Inspector({ editor, schema }: { editor: Editor; schema?: Schema }) {
  useEditor(editor);
  const boxes = editor.selectedBoxes;
  if (boxes.length !== 1) {
    return <p class="empty">{boxes.length ? `${boxes.length} layers are selected: move them together, or group them.` : 'Select a layer, here or on the picture.'}</p>;
  }
  const box = boxes[0];
  const properties = propertiesOf(schema, box.type);
  const main = [...(MAIN[box.type] ?? []), ...COMMON].filter((key) => key in box.values || key in properties);
  const more = Object.keys({ ...properties, ...box.values }).filter((key) => !main.includes(key) && !PLACED.includes(key));
  return (
    <section class="inspector" aria-label={`Layer ${nameOf(box)}`} key={box.path}>
      <Position editor={editor} box={box} />
      {main.map((key) => (
        <ValueField key={key} editor={editor} box={box} name={key} of={properties[key]} />
      ))}
      {more.length > 0 && (
        <details>
          <summary>More</summary>
          {more.map((key) => (
            <ValueField key={key} editor={editor} box={box} name={key} of={properties[key]} />
          ))}
        </details>
      )}
    </section>
  );
}

function Position({ editor, box }: { editor: Editor; box: Box }) {
  const to = (change: Partial<Rect>) => void editor.place([{ box, to: { left: box.left, top: box.top, width: box.width, height: box.height, rotate: box.rotate, ...change } }], `Move ${nameOf(box)}`);
  const side = (change: { width: number } | { height: number }): void | false => {
    if (Math.min(...Object.values(change)) >= 1) return to(change);
    editor.say(`A layer is at least 1 wide and high, not ${Object.values(change)[0]}.`);
    return false;
  };
  const disabled = editor.locked.has(box.path) || box.in_flow === true;
  return (
    <div class="position" role="group" title={box.in_flow ? 'A row or column places it' : undefined} aria-label="Position and size, in canvas units">
      <NumberField label="X" value={box.left} disabled={disabled} onCommit={(left) => to({ left })} />
      <NumberField label="Y" value={box.top} disabled={disabled} onCommit={(top) => to({ top })} />
      <NumberField label="W" value={box.width} disabled={disabled} onCommit={(width) => side({ width })} />
      <NumberField label="H" value={box.height} disabled={disabled} onCommit={(height) => side({ height })} />
      <NumberField label="°" value={box.rotate} unit="degrees" disabled={disabled} onCommit={(rotate) => to({ rotate })} />
    </div>
  );
}

function ValueField({ editor, box, name, of }: { editor: Editor; box: Box; name: string; of?: Schema }) {
  const value: Value | undefined = box.values[name];
  const id = `value-${name}`;
  const fieldName = `${layerOf(box)}.${name}`;
  const kind = kindOf(name, value?.value, of);
  const change = (next: unknown, live?: boolean) => {
    // a value that is written elsewhere is asked about once the field is left, not at its first letter
    if (live && value && (computed(value) || !['here', 'default'].includes(value.origin.kind))) return;
    const of = `${label(name)} of ${nameOf(box)}`;
    const edits = [{ layer: layerOf(box), key: name, value: next }];
    const field = { name: fieldName, label: of, words: String(next) };
    if (live) editor.applyLast(edits, of, field);
    else void editor.apply(edits, of, false, field);
  };
  return (
    <div class={`field ${kind.kind}`} title={of?.description}>
      <div class="head">
        <label for={id}>{label(name)}</label>
        {value && <OriginChip editor={editor} value={value} name={name} box={box} />}
      </div>
      {name === 'focus' ? (
        <Focus id={id} editor={editor} box={box} value={value?.value} onChange={change} />
      ) : (
        <Control editor={editor} id={id} name={fieldName} kind={kind} label={label(name)} value={editor.written(computed(value) ? value : undefined) ?? value?.value} onChange={change} />
      )}
    </div>
  );
}

const computed = (value?: Value): boolean => value?.origin.computed === true || value?.origin.kind === 'expression';

/** Where a value comes from; a press on it goes there. */
function OriginChip({ editor, value, name, box }: { editor: Editor; value: Value; name: string; box: Box }) {
  const { origin } = value;
  const isComputed = computed(value);
  if (origin.kind === 'here' && !isComputed) {
    return (
      <button type="button" class="chip here" title="Written here. Show it in the text." onClick={() => editor.showSpan(origin)} aria-label={`${label(name)} is written here. Show it in the text.`}>
        here
      </button>
    );
  }
  const word = isComputed ? 'ƒ' : { base: 'base', style: String(box.values.style?.value ?? 'style'), default: 'default', expression: 'ƒ', here: 'here' }[origin.kind];
  const elsewhere = origin.file && !samePath(origin.file, editor.path) && origin.file.endsWith('.toml') && origin.kind === 'base';
  const title = isComputed ? `Computed: ${editor.written(value) ?? 'an expression'}` : whence(origin);
  if (elsewhere) {
    return (
      <a class="chip base" href={`/edit/${inAddress(origin.file!)}`} title={`${title} Open it.`}>
        {word}
      </a>
    );
  }
  if (!origin.span || origin.kind === 'style') {
    return (
      <span class={`chip ${origin.kind}`} title={title}>
        {word}
      </span>
    );
  }
  return (
    <button type="button" class={`chip ${isComputed ? 'expression' : origin.kind}`} title={title} onClick={() => editor.showSpan(origin)} aria-label={`${label(name)}: ${title}`}>
      {word}
    </button>
  );
}

const label = (key: string): string => (key[0].toUpperCase() + key.slice(1)).replace(/_/g, ' ');

/** The point of a picture to keep: by a click on it, by arrows, or as two numbers. */
function Focus({ id, editor, box, value, onChange }: { id: string; editor: Editor; box: Box; value: unknown; onChange: (value: unknown) => void }) {
  const [x, y] = Array.isArray(value) ? value.map(Number) : [0.5, 0.5];
  const src = String(box.values.src?.value ?? '');
  const known = editor.palette.assets.some((a) => a.path === src && a.kind === 'image');
  const set = (nx: number, ny: number) => onChange([nx, ny].map((n) => Math.round(Math.max(0, Math.min(1, n)) * 1000) / 1000));
  const key = (event: KeyboardEvent) => {
    const step = event.shiftKey ? 0.1 : 0.01;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way) return;
    event.preventDefault();
    set(x + way[0] * step, y + way[1] * step);
  };
  const click = (event: MouseEvent) => {
    if (event.detail === 0) return;
    const area = (event.currentTarget as Element).getBoundingClientRect();
    set((event.clientX - area.left) / area.width, (event.clientY - area.top) / area.height);
  };
  return (
    <div class="focus">
      {known && (
        <button id={id} type="button" class="focal" onClick={click} onKeyDown={key} aria-label={`Focal point: ${x} across, ${y} down. Click on the picture, or use the arrows.`}>
          <img src={asset(src)} alt="" />
          <span class="dot" style={{ left: `${x * 100}%`, top: `${y * 100}%` }} />
        </button>
      )}
      <div class="row">
        <NumberField label="Across" value={x} step={0.01} onCommit={(n) => set(n, y)} />
        <NumberField label="Down" value={y} step={0.01} onCommit={(n) => set(x, n)} />
        {!known && <span id={id} />}
        <Button label="Centre" onClick={() => set(0.5, 0.5)} />
      </div>
    </div>
  );
}

function propertiesOf(schema: Schema | undefined, type: string): Record<string, Schema> {
  const form = schema?.$defs?.layer?.anyOf?.find((f) => f.properties?.type?.const === type);
  return form?.properties ?? {};
}

function forms(of: Schema | undefined): Schema[] {
  return of ? [of, ...(of.anyOf ?? []).flatMap(forms)] : [];
}

function kindOf(key: string, value: unknown, of: Schema | undefined): Kind {
  if (value !== null && value !== undefined && typeof value === 'object') return { kind: 'code' };
  const all = forms(of);
  if (key === 'style') return { kind: 'style' };
  if (key === 'font') return { kind: 'font' };
  if (key === 'src') return { kind: 'image' };
  if (key === 'text') return { kind: 'text' };
  if (all.some((f) => f.$ref === '#/$defs/color' || f.$ref === '#/$defs/fill')) return { kind: 'color' };
  const choices = all.flatMap((f) => f.enum ?? []).map(String);
  if (choices.length && !all.some((f) => f.type === 'number')) return { kind: 'choice', choices };
  if (all.some((f) => f.type === 'boolean') && key !== 'when') return { kind: 'bool' };
  if (all.some((f) => f.type === 'number' || f.type === 'integer')) return { kind: 'number', step: key === 'opacity' ? 0.05 : key === 'line_height' ? 0.02 : key === 'weight' ? 10 : 1 };
  return { kind: key === 'when' || typeof value === 'string' || value === undefined || value === null ? 'text' : 'code' };
}
