// In: a template's text and its diagnostics. Out: an editor for it in a shadow tree, and what a person typed there.
// The shadow tree lets CodeMirror use constructed style sheets, which a policy without `unsafe-inline` permits.
// Every text and offset here is with \n alone as line end, in UTF-16 units.
// Never: keeps a history of its own (the journal does) and never talks to the server.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, indentWithTab } from '@codemirror/commands';
import { HighlightStyle, StreamLanguage, bracketMatching, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { toml } from '@codemirror/legacy-modes/mode/toml';
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic as Lint } from '@codemirror/lint';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { Annotation, Compartment, EditorState, RangeSetBuilder, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { complete, type Names, type Schema } from './completion';
import { replacement } from './diff';

export interface Problem {
  severity: 'error' | 'warning';
  message: string;
  hint?: string;
  code: string;
  /** UTF-16 offsets of the text. */
  from: number;
  to: number;
}

export interface Code {
  setText(text: string): void;
  setProblems(problems: Problem[]): void;
  /** Marks the lines of the selected layers. */
  mark(ranges: { from: number; to: number }[]): void;
  goTo(from: number, to: number, focus: boolean): void;
  offer(schema: Schema, names: Names): void;
  focus(): void;
}

export interface Events {
  typed(text: string): void;
  moved(at: number): void;
  undo(): void;
  redo(): void;
  save(): void;
}

/** Set on what did not come from the keyboard, so that it is not reported back. */
const External = Annotation.define<boolean>();

const setMarks = StateEffect.define<{ from: number; to: number }[]>();

const markedLine = Decoration.line({ class: 'cm-chosen' });

const marks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(shown, transaction) {
    let next = shown.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setMarks)) next = lineMarks(transaction.state, effect.value);
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function lineMarks(state: EditorState, ranges: { from: number; to: number }[]): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  const starts = new Set<number>();
  for (const { from, to } of ranges) {
    // a table's span ends where the next one begins
    const whole = state.sliceDoc(Math.min(from, state.doc.length), Math.min(to, state.doc.length)).trimEnd();
    const end = Math.min(from, state.doc.length) + whole.length;
    for (let at = Math.min(from, end); at <= end; ) {
      const line = state.doc.lineAt(at);
      starts.add(line.from);
      at = line.to + 1;
    }
  }
  for (const start of [...starts].sort((a, b) => a - b)) builder.add(start, start, markedLine);
  return builder.finish();
}

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--code-key)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--code-text)' },
  { tag: [tags.number, tags.atom, tags.bool], color: 'var(--code-number)' },
  { tag: tags.comment, color: 'var(--code-comment)', fontStyle: 'italic' },
  { tag: [tags.bracket, tags.standard(tags.name)], color: 'var(--code-table)', fontWeight: '600' },
]);

const look = EditorView.theme({
  '&': { height: '100%', fontSize: '13px', color: 'var(--ink)', backgroundColor: 'var(--surface)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55', overflow: 'auto' },
  '.cm-content': { caretColor: 'var(--ink)', padding: '8px 0 40vh' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--faint)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--hover)' },
  '.cm-activeLineGutter': { color: 'var(--ink)' },
  '.cm-chosen': { backgroundColor: 'var(--mark)', boxShadow: 'inset 2px 0 var(--accent)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { background: 'var(--select) !important' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)', borderLeftWidth: '2px' },
  '.cm-selectionMatch': { backgroundColor: 'var(--select)' },
  '.cm-tooltip': { backgroundColor: 'var(--raised)', color: 'var(--ink)', border: '1px solid var(--line)', borderRadius: '8px', boxShadow: 'var(--shadow)', overflow: 'hidden' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', fontSize: '12.5px', maxHeight: '15em' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 10px', lineHeight: '1.5' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { background: 'var(--accent)', color: 'var(--on-accent)' },
  '.cm-completionInfo': { maxWidth: '260px', padding: '8px 10px', fontFamily: 'var(--sans)', fontSize: '12.5px', lineHeight: '1.4' },
  '.cm-completionIcon': { display: 'none' },
  '.cm-diagnostic': { padding: '8px 12px', fontFamily: 'var(--sans)', fontSize: '13px', maxWidth: '420px', whiteSpace: 'pre-wrap', lineHeight: '1.4' },
  '.cm-diagnostic-error': { borderLeft: '4px solid var(--bad)' },
  '.cm-diagnostic-warning': { borderLeft: '4px solid var(--warn)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--bad) 1.5px', textUnderlineOffset: '3px' },
  '.cm-lintRange-warning': { backgroundImage: 'none', textDecoration: 'underline wavy var(--warn) 1.5px', textUnderlineOffset: '3px' },
  '.cm-lint-marker': { width: '8px', height: '8px', margin: '6px 2px 0', borderRadius: '50%', content: '""' },
  '.cm-lint-marker-error': { content: '""', backgroundColor: 'var(--bad)' },
  '.cm-lint-marker-warning': { content: '""', backgroundColor: 'var(--warn)' },
  '.cm-panels': { backgroundColor: 'var(--raised)', color: 'var(--ink)', borderColor: 'var(--line)' },
  '.cm-textfield, .cm-button': { background: 'var(--surface)', color: 'var(--ink)', border: '1px solid var(--line)', borderRadius: '6px', fontSize: '13px' },
});

export function create(host: HTMLElement, text: string, on: Events): Code {
  const root = host.attachShadow({ mode: 'open' });
  const parent = document.createElement('div');
  const height = new CSSStyleSheet();
  height.replaceSync(':host,:host>div{display:block;height:100%}');
  root.adoptedStyleSheets = [height];
  root.append(parent);
  const completions = new Compartment();
  const view = new EditorView({
    parent,
    root,
    state: EditorState.create({ doc: text, extensions: extensions(on, completions) }),
  });
  return {
    setText(next) {
      const now = view.state.doc.toString();
      if (next !== now) view.dispatch({ changes: replacement(now, next), annotations: External.of(true) });
    },
    setProblems: (problems) => view.dispatch(setDiagnostics(view.state, problems.map((p) => lint(p, view.state.doc.length)))),
    mark: (ranges) => view.dispatch({ effects: setMarks.of(ranges) }),
    goTo(from, to, focus) {
      const within = (n: number) => Math.max(0, Math.min(n, view.state.doc.length));
      view.dispatch({
        selection: { anchor: within(from), head: within(to) },
        effects: EditorView.scrollIntoView(within(from), { y: 'start', yMargin: 60 }),
        annotations: External.of(true),
      });
      if (focus) view.focus();
    },
    offer(schema, names) {
      const source = complete(schema, names);
      view.dispatch({ effects: completions.reconfigure(autocompletion({ override: [source] })) });
    },
    focus: () => view.focus(),
  };
}

/**
 * Puts typed characters into the text ourselves. Left to the browser, typing over coloured text makes a span with a style
 * attribute of its own, which the page's policy refuses and reports.
 */
const typing = EditorView.domEventHandlers({
  beforeinput(event, view) {
    if (event.inputType !== 'insertText' || !event.data || view.composing || view.state.readOnly) return false;
    const text = event.data;
    const { from, to } = view.state.selection.main;
    const insert = () => view.state.update(view.state.replaceSelection(text), { userEvent: 'input.type', scrollIntoView: true });
    event.preventDefault();
    const taken = view.state.facet(EditorView.inputHandler).some((handler) => handler(view, from, to, text, insert));
    if (!taken) view.dispatch(insert());
    return true;
  },
});

function extensions(on: Events, completions: Compartment) {
  const run = (action: () => void) => () => {
    action();
    return true;
  };
  return [
    lineNumbers(),
    highlightSpecialChars(),
    drawSelection(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    typing,
    completions.of([]),
    search({ top: true }),
    highlightSelectionMatches(),
    lintGutter(),
    marks,
    StreamLanguage.define(toml),
    syntaxHighlighting(colours),
    look,
    EditorState.tabSize.of(4),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': 'Template text (TOML). Press Escape, then Tab to leave.', spellcheck: 'false', tabindex: '0' }),
    keymap.of([
      { key: 'Mod-z', run: run(on.undo), preventDefault: true },
      { key: 'Mod-y', run: run(on.redo), preventDefault: true },
      { key: 'Mod-Shift-z', run: run(on.redo), preventDefault: true },
      { key: 'Mod-s', run: run(on.save), preventDefault: true },
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...searchKeymap,
      ...lintKeymap,
      ...defaultKeymap,
      indentWithTab,
    ]),
    EditorView.updateListener.of((update) => {
      if (update.transactions.some((t) => t.annotation(External))) return;
      if (update.docChanged) on.typed(update.state.doc.toString());
      if (update.selectionSet || update.docChanged) on.moved(update.state.selection.main.head);
    }),
  ];
}

function lint(problem: Problem, length: number): Lint {
  const from = Math.max(0, Math.min(problem.from, length));
  const hint = problem.hint ? `\n${problem.hint}` : '';
  return { from, to: Math.max(from, Math.min(problem.to, length)), severity: problem.severity, message: `${problem.message}${hint}`, source: problem.code };
}
