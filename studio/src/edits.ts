// In: edits of the form, the handles and the list of layers. Out: the text with them, as the server writes them into it.
// One after the other; of a field that is typed in, only the last words wait.
// Never: lets go of words that were refused; the field keeps them.

import * as api from './api';
import { merge, merged } from './diff';
import type { Editor } from './editor';
import { fieldOf, labelOf } from './names';
import * as questions from './questions';
import type { FieldOf } from './refusals';

export class Edits {
  private line: Promise<unknown> = Promise.resolve();
  private last = new Map<string, { edits: api.Edit[]; field: FieldOf }>();
  /** Values of variables that are on their way. */
  readonly filling = new Map<string, unknown>();

  constructor(private readonly editor: Editor) {}

  /**
   * Sends edits to the server, one after the other; it writes them into the text. `label` names them in the journal; `field`
   * keeps its words where they are refused.
   */
  apply(edits: api.Edit[], label: string, typing = false, field?: FieldOf): Promise<boolean> {
    if (field) this.editor.onItsWay(field);
    const done = this.line.then(() => this.applyNow(edits, label, typing, field));
    this.line = done;
    return done;
  }

  /** As `apply`, for a field that is typed in: while one edit is on its way, only the last one waits. */
  applyLast(edits: api.Edit[], label: string, field: FieldOf): void {
    const { name } = field;
    const waits = this.last.has(name);
    this.last.set(name, { edits, field });
    this.editor.onItsWay(field);
    if (waits) return;
    void this.line.then(async () => {
      const newest = this.last.get(name)!;
      this.last.delete(name);
      await this.apply(newest.edits, label, true, newest.field);
    });
  }

  /** Waits until everything that was typed is in the text, or refused. */
  async settled(): Promise<void> {
    for (let line: unknown; line !== this.line || this.filling.size || this.last.size; ) {
      line = this.line;
      await line;
      // what waits for this turn of the line takes the next one
      await new Promise((turn) => setTimeout(turn));
    }
  }

  private async applyNow(edits: api.Edit[], label: string, typing: boolean, field?: FieldOf): Promise<boolean> {
    const from = this.editor.text;
    try {
      const edited = await api.edit(this.editor.path, from, edits);
      // typed while the answer was on its way
      const text = from === this.editor.text ? edited.text : merged(merge(from, this.editor.text, edited.text));
      if (text === undefined) {
        const why = 'The text changed in the same place meanwhile; the edit was not made.';
        if (field) this.editor.refuse(field, why);
        this.editor.say(why);
        return false;
      }
      this.editor.setText(text, label, typing);
      if (field) this.editor.refusals.drop(field.name, field.words);
      return true;
    } catch (error) {
      const origin = error instanceof api.Refusal && error.status === 409 ? error.problem.origin : undefined;
      if (field) this.editor.refuse(field, origin ? 'its value is not written here' : api.said(error));
      if (origin) this.editor.ask(questions.elsewhere(this.editor, origin, edits, label, field));
      else this.editor.fail(error);
      return false;
    }
  }

  /** Gives a variable a value: tried only, where the form says so or a row decides; else as the default in the file. */
  fill(variable: api.Variable, value: unknown, typing = false): void {
    const { name } = variable;
    if (this.editor.trying || this.editor.isOfRow(variable) || name in this.editor.options.set) {
      this.editor.refusals.drop(fieldOf(variable));
      this.editor.setOptions({ set: { ...this.editor.options.set, [name]: String(value) } });
      return;
    }
    const waits = this.filling.has(name);
    this.filling.set(name, value);
    this.editor.onItsWay(fieldWith(variable, value));
    // while an edit is on its way only the last value waits
    if (!waits) void this.fillIn(variable, typing);
  }

  private async fillIn(variable: api.Variable, typing: boolean): Promise<void> {
    const { name } = variable;
    await this.line;
    const value = this.filling.get(name);
    const field = fieldWith(variable, value);
    await this.apply([{ layer: '', key: `vars.${name}.default`, value }], `Change ${name}`, typing, field);
    if (this.filling.get(name) === value) this.filling.delete(name);
    else await this.fillIn(variable, typing);
  }
}

const fieldWith = (variable: api.Variable, value: unknown): FieldOf => ({ name: fieldOf(variable), label: labelOf(variable), words: String(value) });
