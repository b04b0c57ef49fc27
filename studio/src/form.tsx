// In: the template's variables. Out: a form made from them; what is filled in goes into the file's defaults, or is tried in
// this preview alone.
// Never: writes data files; a row's own value is only tried.

import type { Variable } from './api';
import { Control, type Kind } from './control';
import type { Editor } from './editor';
import { fieldOf, labelOf } from './names';
import { wordsOf } from './rows';
import { Button, useEditor } from './view';

export function Form({ editor }: { editor: Editor }) {
  useEditor(editor);
  const variables = editor.look.variables ?? [];
  const tried = Object.keys(editor.options.set).length;
  return (
    <section class="form" aria-label="Content">
      <div class="segmented" role="group" aria-label="What the form changes">
        <button type="button" aria-pressed={!editor.trying} onClick={() => editor.tryOnly(false)}>
          The defaults
        </button>
        <button type="button" aria-pressed={editor.trying} onClick={() => editor.tryOnly(true)}>
          This preview only
        </button>
      </div>
      <p class="help">
        {editor.trying ? 'What you fill in is shown, and never saved.' : 'What you fill in is written to the template as its default.'}
        {tried > 0 && <Button label={`Drop what was tried (${tried})`} onClick={() => editor.setOptions({ set: {} })} />}
      </p>
      {variables.map((variable) => (
        <VariableField key={variable.name} editor={editor} variable={variable} />
      ))}
      {!variables.length && (
        <p class="empty">
          This template has no variables. Declare some under <code>[vars]</code> and a form appears here.
        </p>
      )}
    </section>
  );
}

function VariableField({ editor, variable }: { editor: Editor; variable: Variable }) {
  const id = `var-${variable.name}`;
  const label = labelOf(variable);
  const tried = variable.name in editor.options.set;
  const fromRow = editor.isOfRow(variable);
  const place = tried ? 'tried' : fromRow && editor.options.row ? `row ${wordsOf(editor.options.row).replace(/^row /, '')}` : '';
  const value = editor.valueOf(variable);
  const kind: Kind = { kind: kindOf(variable.type), limit: variable.max_chars };
  return (
    <div class={`field ${kind.kind}`}>
      <div class="head">
        <label for={id}>{label}</label>
        {place && <span class={tried ? 'chip tried' : 'chip'}>{place}</span>}
      </div>
      <Control editor={editor} id={id} name={fieldOf(variable)} kind={kind} label={label} value={kind.kind === 'number' && value.trim() && Number.isFinite(Number(value)) ? Number(value) : value} onChange={(next, live) => editor.fill(variable, next, live)} />
    </div>
  );
}

function kindOf(type: string): Kind['kind'] {
  return (['image', 'video', 'color', 'number', 'date', 'url', 'bool'] as const).find((k) => k === type) ?? 'text';
}
