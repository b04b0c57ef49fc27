// In: small pieces that every panel uses. Out: the hook to the editor's state, icons, buttons, a field that commits when it
// is left or confirmed.
// Never: knows what a panel is for.

import type { ComponentChildren, HTMLAttributes, JSX } from 'preact';
import { useEffect, useReducer, useRef, useState } from 'preact/hooks';
import type { Editor } from './editor';

/** Draws the part again whenever the state changed. */
export function useEditor(editor: Editor): Editor {
  const [, again] = useReducer((n: number) => n + 1, 0);
  useEffect(() => editor.subscribe(() => again(undefined as never)), [editor]);
  return editor;
}

const ICONS: Record<string, string> = {
  text: 'M3 4V2.5h10V4M8 2.5v11M6 13.5h4',
  image: 'M2 3h12v10H2zM2 11l3.5-3.5 3 3L11 8l3 3M10.5 6a.5.5 0 1 0 0-.01',
  video: 'M2 4h8v8H2zM10 7l4-2v6l-4-2',
  shape: 'M3 3h10v10H3z',
  qr: 'M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5h1.5v1.5M13.5 9.5v4h-4',
  group: 'M2 5h4l1.5 1.5H14V13H2z',
  eye: 'M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
  hidden: 'M2 2l12 12M6 4c.6-.3 1.3-.5 2-.5 4 0 6.5 4.5 6.5 4.5s-.8 1.4-2.2 2.7M10 12c-.6.3-1.3.5-2 .5C4 12.5 1.5 8 1.5 8s.9-1.6 2.5-3',
  lock: 'M4 7h8v6.5H4zM5.5 7V5a2.5 2.5 0 0 1 5 0v2',
  unlock: 'M4 7h8v6.5H4zM5.5 7V5a2.5 2.5 0 0 1 4.8-1',
  up: 'M8 13V3M4 7l4-4 4 4',
  down: 'M8 3v10M4 9l4 4 4-4',
  copy: 'M5.5 5.5h8v8h-8zM3 10.5h-.5v-8h8V3',
  bin: 'M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.5 9h6l.5-9',
  undo: 'M3 6h6.5a3.5 3.5 0 0 1 0 7H6M3 6l3-3M3 6l3 3',
  redo: 'M13 6H6.5a3.5 3.5 0 0 0 0 7H10M13 6l-3-3M13 6l-3 3',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  previous: 'M10 3L5 8l5 5',
  next: 'M6 3l5 5-5 5',
  back: 'M13 8H3M7 4L3 8l4 4',
  compare: 'M8 2v12M2.5 4h4v8h-4zM9.5 4h4v8h-4z',
  guides: 'M2 4.5h12M2 11.5h12M4.5 2v12M11.5 2v12',
  clock: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 4.8V8l2.2 1.6',
  worst: 'M2.5 4h6M2.5 8h4.5M2.5 12h3M12 3v10M9.5 10.5L12 13l2.5-2.5',
  help: 'M5.8 6a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.5M8 12v.2',
  override: 'M11 2.5l2.5 2.5L6 12.5 2.5 13.5 3.5 10z',
  pick: 'M8 2v4M8 10v4M2 8h4M10 8h4',
};

export function Icon({ name }: { name: string }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={ICONS[name] ?? ICONS.shape} />
    </svg>
  );
}

interface ButtonProps {
  icon?: string;
  label: string;
  /** Shown beside the icon, too. */
  words?: boolean;
  on?: boolean;
  disabled?: boolean;
  primary?: boolean;
  keys?: string;
  /** In place of the label, where that does not say enough. */
  title?: string;
  class?: string;
  onClick: (event: MouseEvent) => void;
  children?: ComponentChildren;
}

export function Button({ icon, label, words, on, disabled, primary, keys, title, class: more, onClick, children }: ButtonProps) {
  return (
    <button
      type="button"
      class={`${primary ? 'primary' : 'plain'} ${words || !icon ? '' : 'square'} ${more ?? ''}`}
      aria-label={words || !icon ? undefined : label}
      aria-pressed={on === undefined ? undefined : on}
      aria-keyshortcuts={keys}
      title={title ?? (keys ? `${label} (${keys})` : label)}
      disabled={disabled}
      onClick={onClick}
    >
      {icon && <Icon name={icon} />}
      {(words || !icon) && <span>{label}</span>}
      {children}
    </button>
  );
}

type FieldProps = Omit<HTMLAttributes<HTMLInputElement>, 'value' | 'onInput' | 'onChange'> & {
  value: string;
  type: string;
  inputMode?: 'decimal';
  disabled?: boolean;
  spellcheck?: boolean;
  /** Called when the field is confirmed or left with another value; `live` also while it is typed in. False: it is none. */
  onCommit: (value: string) => void | false;
  live?: boolean;
};

/** A field that keeps what is typed until it is confirmed; Escape gives the old value back. */
export function Field({ value, onCommit, live, ...more }: FieldProps) {
  const [own, setOwn] = useState(value);
  const editing = useRef(false);
  useEffect(() => {
    if (!editing.current) setOwn(value);
  }, [value]);
  const commit = (next: string) => {
    if (next !== value && onCommit(next) === false) setOwn(value);
  };
  return (
    <input
      {...(more as JSX.IntrinsicElements['input'])}
      value={own}
      onFocus={() => (editing.current = true)}
      onInput={(e) => {
        setOwn(e.currentTarget.value);
        if (live) onCommit(e.currentTarget.value);
      }}
      onChange={(e) => commit(e.currentTarget.value)}
      onBlur={(e) => {
        editing.current = false;
        commit(e.currentTarget.value);
      }}
      onKeyDown={(e) => {
        if (e.key === 'Enter') commit(e.currentTarget.value);
        if (e.key === 'Escape') {
          e.stopPropagation();
          setOwn(value);
        }
      }}
    />
  );
}

interface NumberProps {
  id?: string;
  label: string;
  value: number;
  /** What was refused, in place of the value. */
  words?: string;
  onCommit: (n: number) => void | false;
  /** Takes what is no number; without it the old one comes back. */
  onRefuse?: (words: string) => void;
  step?: number;
  unit?: string;
  disabled?: boolean;
  'aria-invalid'?: boolean;
  'aria-describedby'?: string;
}

/** What is typed, as a number; nothing where it is none. */
export function asNumber(text: string): number | undefined {
  const n = Number(text.replace(',', '.'));
  return text.trim() && Number.isFinite(n) ? n : undefined;
}

/** Whether a number keeps all that was typed. */
const isKept = (text: string, n: number): boolean => !Number.isInteger(n) || Number.isSafeInteger(n) || /e/i.test(text);

/** A number in a field: arrows change it by 1, with Shift by 10. */
export function NumberField({ label, value, words, onCommit, onRefuse, step = 1, unit, ...more }: NumberProps) {
  const shown = String(Math.round(value * 100) / 100);
  return (
    <label class="number">
      <span>{label}</span>
      <Field
        {...more}
        type="text"
        inputMode="decimal"
        role="spinbutton"
        aria-label={label}
        aria-valuenow={value}
        aria-valuetext={unit ? `${shown} ${unit}` : undefined}
        title={shown}
        value={words ?? shown}
        onCommit={(text) => {
          const n = asNumber(text);
          if (n !== undefined && isKept(text, n)) return onCommit(n);
          if (!onRefuse) return false;
          onRefuse(text);
        }}
        onKeyDownCapture={(e: KeyboardEvent) => {
          const by = e.key === 'ArrowUp' ? step : e.key === 'ArrowDown' ? -step : 0;
          if (!by) return;
          e.preventDefault();
          onCommit(Math.round((value + by * (e.shiftKey ? 10 : 1)) * 1000) / 1000);
        }}
      />
    </label>
  );
}
