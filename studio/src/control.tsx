// In: a value and what it may be, by the templates' schema. Out: the control that fits: a list, a tick, a number, a colour,
// a file, a text.
// Never: offers to change a table or a list by hand; those are written in the code.

import { useState } from 'preact/hooks';
import { asset, Refusal, upload, type Palette } from './api';
import type { Editor } from './editor';
import { faceOf, freeName } from './names';
import { taken } from './questions';
import { asNumber, Button, Field, NumberField } from './view';

export interface Kind {
  kind: 'choice' | 'bool' | 'number' | 'color' | 'image' | 'video' | 'font' | 'style' | 'text' | 'date' | 'url' | 'code';
  choices?: string[];
  step?: number;
  limit?: number;
}

interface Props {
  editor: Editor;
  id: string;
  /** What refused words are kept under; see `Refusals`. */
  name: string;
  kind: Kind;
  label: string;
  value: unknown;
  onChange: (value: unknown, live?: boolean) => void;
}

/** The control, and what was typed in it and could not be written, with why. */
export function Control(props: Props) {
  const { editor, id, name, label } = props;
  const refused = editor.refusals.of(name);
  return (
    <>
      <Fitting {...props} words={refused?.words} />
      {refused && (
        <p class="refused">
          <span id={`${id}-why`}>Not in the template: {refused.why}</span>
          <Button label="Let it go" title={`Show what the template has for ${label}`} onClick={() => editor.refusals.drop(name)} />
        </p>
      )}
    </>
  );
}

/** `words`: what was refused, in place of the value. */
function Fitting({ words, ...props }: Props & { words?: string }) {
  const { id, name, kind, onChange, label, editor } = props;
  const value = words ?? props.value;
  const wrong = words === undefined ? {} : ({ 'aria-invalid': true, 'aria-describedby': `${id}-why` } as const);
  const refuse = (words: string) => editor.refuse({ name, label, words }, notNumber(words));
  const text = value === undefined || value === null ? '' : String(value);
  switch (kind.kind) {
    case 'bool':
      return <input id={id} type="checkbox" class="switch" role="switch" checked={value === true || text === 'true'} onChange={(e) => onChange(e.currentTarget.checked)} />;
    case 'choice':
      return <Choice id={id} value={text} choices={kind.choices ?? []} onChange={onChange} />;
    case 'font':
      return <Choice id={id} value={text} choices={editor.palette.fonts.map((f) => f.name)} face={faceOf} onChange={onChange} />;
    case 'style':
      return <Choice id={id} value={text} choices={editor.palette.styles} onChange={onChange} />;
    case 'number':
      return typeof props.value === 'number' ? (
        <NumberField id={id} label={label} value={props.value} words={words} step={kind.step} onCommit={onChange} onRefuse={refuse} {...wrong} />
      ) : (
        <Field id={id} type="text" inputMode="decimal" value={text} onCommit={(next) => onChange(numeric(next))} {...wrong} />
      );
    case 'color':
      return <ColorControl {...props} value={text} wrong={wrong} />;
    case 'image':
    case 'video':
      return <FileControl {...props} value={text} kind={kind} wrong={wrong} />;
    case 'date':
      return <Field id={id} type={/^\d{4}-\d\d-\d\d$/.test(text) || !text ? 'date' : 'text'} value={text} onCommit={onChange} {...wrong} />;
    case 'url':
      return <Field id={id} type="url" value={text} onCommit={onChange} {...wrong} />;
    case 'text':
      return <TextControl {...props} value={text} wrong={wrong} />;
    default:
      return <code class="as-code">{JSON.stringify(value)}</code>;
  }
}

/** What a control says of itself while its words are refused. */
interface Wrong {
  wrong: { 'aria-invalid'?: boolean; 'aria-describedby'?: string };
}

/** Why a number field's words are none. */
function notNumber(words: string): string {
  if (!words.trim()) return 'a number is needed.';
  return asNumber(words) === undefined ? `“${words}” is not a number.` : `${words} has more digits than a number keeps.`;
}

const numeric = (text: string): number | string => (text.trim() && Number.isFinite(Number(text)) ? Number(text) : text);

interface ChoiceProps {
  id: string;
  value: string;
  choices: string[];
  /** The font that a choice is shown in. */
  face?: (choice: string) => string;
  onChange: (value: string) => void;
}

function Choice({ id, value, choices, face, onChange }: ChoiceProps) {
  const all = choices.includes(value) ? choices : [value, ...choices];
  return (
    <select id={id} value={value} style={face && value ? { fontFamily: `"${face(value)}", sans-serif` } : undefined} onChange={(e) => onChange(e.currentTarget.value)}>
      {all.map((choice) => (
        <option key={choice} value={choice} style={face ? { fontFamily: `"${face(choice)}"` } : undefined}>
          {choice || '—'}
        </option>
      ))}
    </select>
  );
}

/** The colour that a `$name` or a hex value shows; nothing where it is something else. */
export function shownColor(value: string, palette: Palette): string | undefined {
  const own = value.startsWith('$') ? palette.colors[value.slice(1)] : value;
  return own && (/^#[0-9a-f]{3,8}$/i.test(own) || /^[a-z]+$/i.test(own)) ? own : undefined;
}

function ColorControl({ editor, id, value, label, wrong, onChange }: Props & Wrong & { value: string }) {
  const [open, setOpen] = useState(false);
  const shown = shownColor(value, editor.palette);
  const hex = shown && /^#[0-9a-f]{6}/i.test(shown) ? shown.slice(0, 7) : '#000000';
  return (
    <div class="color">
      <div class="row">
        <button type="button" class="swatch" aria-expanded={open} aria-label={`${label}: ${value || 'no colour'}. Choose another.`} onClick={() => setOpen(!open)} style={{ background: shown ?? 'transparent' }} />
        <Field id={id} type="text" spellcheck={false} value={value} onCommit={onChange} {...wrong} />
      </div>
      {open && (
        <div class="swatches">
          {Object.entries(editor.palette.colors).map(([name, color]) => (
            <button
              key={name}
              type="button"
              class="swatch"
              aria-label={`$${name}`}
              aria-pressed={value === `$${name}`}
              title={`$${name} ${color}`}
              style={{ background: color }}
              onClick={() => onChange(`$${name}`)}
            />
          ))}
          <label class="any">
            <span>Any colour</span>
            <input type="color" value={hex} onChange={(e) => onChange(e.currentTarget.value)} />
          </label>
        </div>
      )}
    </div>
  );
}

function FileControl({ editor, id, value, label, kind, wrong, onChange }: Props & Wrong & { value: string }) {
  const [open, setOpen] = useState(false);
  const files = editor.palette.assets.filter((a) => a.kind === kind.kind);
  const take = async (file: File | undefined, name?: string, force = false) => {
    if (!file) return;
    try {
      const path = await upload(file, editor.palette.upload ?? 'assets', name, force);
      editor.palette = { ...editor.palette, assets: [{ path, kind: kind.kind }, ...editor.palette.assets.filter((a) => a.path !== path)] };
      onChange(path);
      editor.say(`${path} is in the project.`);
    } catch (error) {
      // a folder that is read-only is a conflict of another type
      const isTaken = error instanceof Refusal && error.problem.type === 'urn:storypress:conflict' && !force;
      if (!isTaken) return editor.fail(error);
      const wanted = name ?? file.name;
      const other = freeName(wanted, editor.palette.assets.map((a) => a.path));
      editor.ask(taken(wanted, other, (to) => void take(file, to, to === wanted)));
    }
  };
  const isHere = kind.kind === 'image' && files.some((a) => a.path === value);
  return (
    <div class="file">
      <div class="row">
        {isHere && <img class="thumb" src={asset(value)} alt="" loading="lazy" />}
        <Field id={id} type="text" spellcheck={false} value={value} onCommit={onChange} {...wrong} />
        <Button label={open ? 'Close' : 'Choose'} on={open} onClick={() => setOpen(!open)} />
      </div>
      {open && (
        <div class="thumbs">
          <label class="upload">
            <span>Upload …</span>
            <input
              type="file"
              accept={kind.kind === 'image' ? 'image/*' : 'video/*'}
              aria-label={`Upload a file for ${label}`}
              onChange={(e) => {
                const [file] = e.currentTarget.files ?? [];
                // the same file can be chosen once more
                e.currentTarget.value = '';
                void take(file);
              }}
            />
          </label>
          {files.map((a) => (
            <button key={a.path} type="button" aria-pressed={a.path === value} aria-label={a.path} title={a.path} onClick={() => onChange(a.path)}>
              {kind.kind === 'image' ? <img src={asset(a.path)} alt="" loading="lazy" /> : <span>{a.path.split('/').pop()}</span>}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** Characters as a person counts them: an emoji of several code points is one. */
export function counted(text: string): number {
  const Segmenter = (Intl as { Segmenter?: new (locale?: string, options?: { granularity: 'grapheme' }) => { segment(text: string): Iterable<unknown> } }).Segmenter;
  return Segmenter ? [...new Segmenter(undefined, { granularity: 'grapheme' }).segment(text)].length : [...text].length;
}

function TextControl({ id, value, kind, wrong, onChange }: Props & Wrong & { value: string }) {
  const [own, setOwn] = useState<string>();
  const text = own ?? value;
  const length = counted(text);
  const over = kind.limit !== undefined && length > kind.limit;
  const rows = Math.min(6, Math.max(1, text.split('\n').length, Math.ceil(text.length / 26)));
  return (
    <div class="text">
      <textarea
        id={id}
        rows={rows}
        value={text}
        dir="auto"
        aria-invalid={over || wrong['aria-invalid']}
        aria-describedby={[wrong['aria-describedby'], kind.limit === undefined ? undefined : `${id}-count`].filter(Boolean).join(' ') || undefined}
        onInput={(e) => {
          setOwn(e.currentTarget.value);
          onChange(e.currentTarget.value, true);
        }}
        onBlur={(e) => {
          if (own !== undefined && own !== value) onChange(e.currentTarget.value);
          setOwn(undefined);
        }}
        onKeyDown={(e) => {
          if (e.key === 'Escape') setOwn(undefined);
        }}
      />
      {kind.limit !== undefined && (
        <span id={`${id}-count`} class={over ? 'count over' : 'count'}>
          {length} of {kind.limit}
          {over ? `: ${length - kind.limit} too many` : ''}
        </span>
      )}
    </div>
  );
}
