// In: the editor's state. Out: the text with its problems, kept in step with it both ways.
// CodeMirror is a file of its own that comes after the first picture was asked for.
// Never: holds a text that the state does not have.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Diagnostic, Span } from './api';
import type { Code, Events, Problem } from './code';
import type { Schema } from './completion';
import type { Editor } from './editor';
import { fromPlain, plain, toPlain, typed } from './lineends';
import { samePath } from './names';
import { offsets } from './utf8';
import { useEditor } from './view';

interface Module {
  create(host: HTMLElement, text: string, on: Events): Code;
}

export function CodePanel({ editor, schema, source }: { editor: Editor; schema?: Schema; source: string }) {
  useEditor(editor);
  const host = useRef<HTMLDivElement>(null);
  const [code, setCode] = useState<Code>();
  const shown = useRef('');
  /** The layers that the text has gone to, or that its cursor chose. */
  const followed = useRef('');
  /** Where the cursor was put; none once its layer is chosen. */
  const cursor = useRef<number | undefined>(undefined);

  /** Chooses the layer that the cursor is in, as soon as it is known where the layers of this text are. */
  function choose() {
    if (cursor.current === undefined || editor.lookText !== editor.text) return;
    const box = boxAt(editor, offsets(editor.text).byte(fromPlain(editor.text, cursor.current)));
    cursor.current = undefined;
    if (!box) return;
    followed.current = box;
    editor.select([box]);
  }

  useEffect(() => {
    if (!editor.ready || code) return;
    let gone = false;
    void import(source).then((module: Module) => {
      if (gone || !host.current || host.current.shadowRoot) return;
      shown.current = plain(editor.text);
      setCode(
        module.create(host.current, shown.current, {
          typed(next) {
            shown.current = next;
            editor.setText(typed(editor.text, next), 'Typing', true);
          },
          moved(at) {
            cursor.current = at;
            choose();
          },
          undo: () => editor.step('undo'),
          redo: () => editor.step('redo'),
          save: () => void editor.save(),
        }),
      );
    });
    return () => void (gone = true);
  }, [editor.ready]);

  useEffect(() => {
    if (!code || shown.current === plain(editor.text)) return;
    shown.current = plain(editor.text);
    code.setText(shown.current);
  }, [code, editor.text]);

  useEffect(() => {
    if (code && editor.lookText === editor.text) code.setProblems(problems(editor));
  }, [code, editor.look, editor.lookText]);

  useEffect(() => {
    if (!code) return;
    const chosen = editor.selected.join('\n');
    const isNew = chosen !== followed.current;
    // what is chosen elsewhere goes before where the cursor was
    if (isNew && chosen) cursor.current = undefined;
    if (editor.lookText !== editor.text) return;
    const at = place(editor.text);
    const spans = editor.selectedBoxes.filter((box) => isHere(box.file, editor)).flatMap((box) => (box.span ? [at(box.span)] : []));
    code.mark(spans);
    // only to another choice: a new picture of the same one leaves the cursor to who types
    if (isNew && spans.length) code.goTo(spans[0].from, spans[0].from, false);
    followed.current = chosen;
    choose();
  }, [code, editor.selected, editor.lookText]);

  useEffect(() => {
    editor.onShow = (span) => {
      const { from, to } = place(editor.text)(span);
      code?.goTo(from, to, true);
    };
  }, [code]);

  useEffect(() => {
    if (!code || !schema) return;
    const { colors, fonts, styles, assets } = editor.palette;
    code.offer(schema, { variables: (editor.look.variables ?? []).map((v) => v.name), colors: Object.keys(colors), fonts: fonts.map((f) => f.name), styles, assets: assets.map((a) => a.path) });
  }, [code, schema, editor.palette, editor.look.variables]);

  return <div class="source" ref={host} />;
}

const isHere = (file: string | undefined, editor: Editor): boolean => !file || samePath(file, editor.path);

/** From bytes of the text to offsets of what CodeMirror holds. */
function place(text: string): (span: Span) => { from: number; to: number } {
  const at = offsets(text);
  const own = (byte: number) => toPlain(text, at.unit(byte));
  return ({ start, end }) => ({ from: own(start), to: own(end) });
}

/** The path of the innermost box whose table holds a byte of the text. */
function boxAt(editor: Editor, byte: number): string | undefined {
  const found = editor.boxes.filter((box) => isHere(box.file, editor) && box.span && box.span.start <= byte && byte <= box.span.end);
  found.sort((a, b) => a.span!.end - a.span!.start - (b.span!.end - b.span!.start));
  return found[0]?.path;
}

function spanOf(editor: Editor, d: Diagnostic): { from: number; to: number } {
  if (d.start !== undefined) return place(editor.text)({ start: d.start, end: d.end ?? d.start });
  const lines = plain(editor.text).split('\n');
  const row = Math.max(0, Math.min((d.line ?? 1) - 1, lines.length - 1));
  const from = lines.slice(0, row).reduce((sum, line) => sum + line.length + 1, 0);
  return { from: from + (d.column ?? 1) - 1, to: from + lines[row].length };
}

function problems(editor: Editor): Problem[] {
  return (editor.look.diagnostics ?? []).filter((d) => isHere(d.file, editor)).map((d) => ({ severity: d.severity, message: d.message, hint: d.hint, code: d.code, ...spanOf(editor, d) }));
}

/** Every diagnostic as a line to press; announced when it changes. */
export function Problems({ editor }: { editor: Editor }) {
  useEditor(editor);
  const found = editor.look.diagnostics ?? [];
  const errors = found.filter((d) => d.severity === 'error').length;
  const words = found.length ? [errors && `${errors} ${errors === 1 ? 'error' : 'errors'}`, found.length - errors && `${found.length - errors} ${found.length - errors === 1 ? 'warning' : 'warnings'}`].filter(Boolean).join(', ') : 'No problems';
  return (
    <section class={`problems ${errors ? 'bad' : found.length ? 'warn' : ''}`} aria-label="Problems">
      <h2>
        <span role="status">{words}</span>
      </h2>
      <ul>
        {found.map((d, n) => (
          <li key={n} class={d.severity}>
            <button
              type="button"
              onClick={() => {
                if (!isHere(d.file, editor)) return editor.say(`It is in ${d.file}${d.line ? `, line ${d.line}` : ''}.`);
                const at = offsets(editor.text);
                const { from, to } = spanOf(editor, d);
                editor.onShow?.({ start: at.byte(fromPlain(editor.text, from)), end: at.byte(fromPlain(editor.text, to)) });
              }}
            >
              <span class="where">{isHere(d.file, editor) ? (d.line ?? '') : `${d.file}${d.line ? `:${d.line}` : ''}`}</span>
              <span>
                {d.message}
                {d.hint && <em> {d.hint}</em>}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
