// In: what a person does in any part of the page, and what the server says. Out: one state that every part shows.
// One truth, the text: handles, forms and code all change it, and the picture follows.
// `edits` change the text, `drawing` makes the picture of it, `filing` writes it; `shelf` holds what a reload would lose.
// Never: holds a picture for a text that it was not made from without saying "updating".

import * as api from './api';
import { merge, merged } from './diff';
import { Drawing } from './drawing';
import { Edits } from './edits';
import { Filing } from './filing';
import { bringFonts } from './fonts';
import type { Rect } from './geometry';
import { Journal, Keeper, packed, type Kept } from './journal';
import { copiesOf, layerOf, placing } from './layers';
import { defaultOf, fieldOf, samePath } from './names';
import * as questions from './questions';
import { Refusals, type FieldOf } from './refusals';
import { ownStorage, Shelf } from './shelf';

export interface Options {
  data?: string;
  row?: api.Row;
  set: Record<string, string>;
  now?: string;
  guides: boolean;
}

/** How long a message stands, and how much longer for each of its letters. */
const MESSAGE_MS = 5000;
const LETTER_MS = 50;

export class Editor {
  readonly path: string;
  text = '';
  base = { text: '', hash: '' };
  look: api.Shown = {};
  /** The text that `look` is of. */
  lookText = '';
  picture?: string;
  /** The picture of the saved text, while it is compared. */
  before?: string;
  selected: string[] = [];
  locked = new Set<string>();
  options: Options = { set: {}, guides: false };
  rows: api.Row[] = [];
  palette: api.Palette = { colors: {}, fonts: [], styles: [], assets: [], data: [], bases: {} };
  journal = new Journal();
  question?: questions.Question;
  /** What was typed and is not in the text. */
  refusals = new Refusals(() => {
    this.shelve();
    this.changed();
  });
  message = '';
  offline = false;
  /** An error is in the way of the picture: the one that is shown is of an older text. */
  undrawn = false;
  saving = false;
  /** The file was deleted, or has another name. */
  gone = false;
  ready = false;
  worstFirst = true;
  /** Whether the form changes this preview alone. */
  trying = false;
  autosave = false;
  /** Pixels of the screen that the picture is wide, so that it is asked for as sharp as it is shown. */
  shownWidth = 0;

  private listeners = new Set<() => void>();
  private queued = false;
  private keepTimer = 0;
  private messageTimer = 0;
  /** Layers to choose as soon as the picture of this text is there. */
  private coming?: { text: string; paths: string[] };
  /** Set by the text's part of the page. */
  onShow?: (span: api.Span) => void;

  readonly edits = new Edits(this);
  readonly drawing = new Drawing(this);
  readonly filing = new Filing(this);
  readonly shelf: Shelf;
  private keeper: Keeper;

  constructor(path: string) {
    this.path = path;
    this.shelf = new Shelf(path, ownStorage());
    this.keeper = new Keeper(path, (kept) => this.meet(kept), () => this.shelve(), (error) => this.say(`What can be undone is not kept: ${error instanceof Error ? error.message : String(error)}`));
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Tells every part, once a turn. */
  changed(): void {
    if (this.queued) return;
    this.queued = true;
    queueMicrotask(() => {
      this.queued = false;
      for (const listener of this.listeners) listener();
    });
  }

  /** Says something for a while: as long as it takes to read. */
  say(message: string): void {
    this.message = message;
    clearTimeout(this.messageTimer);
    if (message) this.messageTimer = window.setTimeout(() => this.say(''), MESSAGE_MS + LETTER_MS * message.length);
    this.changed();
  }

  /** Whether the text is another one than the file's. */
  get pending(): boolean {
    return this.gone || this.text !== this.base.text;
  }

  /** Whether something on the page is not in the file. */
  get unsaved(): boolean {
    return this.pending || this.refusals.any;
  }

  get updating(): boolean {
    return this.drawing.updating;
  }

  /** The layers that have a place; a sticker has none that a handle could move. */
  get boxes(): api.Box[] {
    return (this.look.boxes ?? []).filter((box) => box.type !== 'mention' && box.type !== 'link');
  }

  box(path: string): api.Box | undefined {
    return this.boxes.find((box) => box.path === path);
  }

  get selectedBoxes(): api.Box[] {
    return this.selected.map((path) => this.box(path)).filter((box): box is api.Box => box !== undefined);
  }

  async start(): Promise<void> {
    const [template, kept] = await Promise.all([this.filing.onDisk(), this.keeper.load()]);
    if (template) this.open(template, kept);
    else if (kept) this.openKept(kept);
    else throw new Error(`${this.path} is gone.`);
    this.ready = true;
    this.takeBack();
    this.refresh();
    this.changed();
    this.offer();
  }

  private open(template: api.Template, kept?: Kept): void {
    // a file that is no UTF-8 has no text; writing one would lose what it holds
    if (typeof template.text !== 'string') throw new Error(`${this.path} is not UTF-8: it cannot be edited here.`);
    this.base = { text: template.text, hash: template.hash };
    this.text = template.text;
    this.look = { variables: template.variables, diagnostics: template.diagnostics };
    if (kept) this.recall(kept);
  }

  /** Opens what was kept of a file that is gone. */
  private openKept(kept: Kept): void {
    this.base = { ...kept.base };
    this.text = kept.text;
    this.journal.steps = kept.steps;
    this.journal.done = kept.done;
    this.say('The file is gone. This is what was kept of it here; saving writes it anew.');
  }

  /** Asks what the project offers to forms and to completion. */
  offer(): void {
    api.palette().then((palette) => {
      this.palette = palette;
      this.changed();
      bringFonts(palette.fonts, () => this.changed());
    }, () => undefined);
  }

  /** Takes up what was pending when the page was left. */
  private recall(kept: Kept): void {
    this.journal.steps = kept.steps;
    this.journal.done = kept.done;
    if (kept.text === kept.base.text) return;
    this.filing.bringTogether(kept.base.text, kept.text, { text: this.base.text, hash: this.base.hash });
    if (this.pending) this.say('Edits that were not saved are back.');
  }

  /** Takes up what was nowhere but in this browser when the page was left. */
  private takeBack(): void {
    const found = this.shelf.found().reverse();
    this.shelf.clear();
    const [newest] = found;
    if (!newest) return;
    for (const { fields } of found) this.refusals.putBack(fields);
    const { labels } = this.refusals;
    if (labels.length) this.say(`What you typed in ${labels.join(', ')} is back. It is not in the template; the field says why.`);
    const { text, from } = newest;
    if (text === undefined || from === undefined || text === this.text) return this.shelve();
    const pieces = merge(from, text, this.text);
    const take = (whole: string) => this.setText(whole, 'Edits that were not kept');
    const whole = merged(pieces);
    const detail = 'This browser holds edits that the studio had not kept when the page was left. Choose for each place.';
    if (whole === undefined) this.ask(questions.conflict('The same lines have changed since', detail, pieces, ['What you typed', 'As it is now'], take));
    else if (whole !== this.text) {
      take(whole);
      this.say('Edits that were not kept when the page was left are back.');
    }
    this.shelve();
  }

  /** Holds in this browser what stands nowhere else, until it does. */
  private shelve(): void {
    // not before what is there was taken
    if (!this.ready) return;
    const from = this.keeper.text ?? this.base.text;
    const text = this.text === from ? undefined : this.text;
    this.shelf.put({ base: this.base, text, from, fields: this.refusals.all });
  }

  select(paths: string[]): void {
    if (paths.length === this.selected.length && paths.every((p, i) => p === this.selected[i])) return;
    this.selected = paths;
    this.changed();
  }

  /** The one way in which the text changes. */
  setText(text: string, label: string, typing = false): void {
    if (text === this.text) return;
    this.journal.note(this.text, text, label, typing);
    this.put(text);
  }

  put(text: string): void {
    this.text = text;
    clearTimeout(this.keepTimer);
    this.keepTimer = window.setTimeout(() => this.keepNow(), 250);
    this.shelve();
    this.filing.later();
    this.refresh();
    this.changed();
  }

  /** Puts text and journal where a reload and other browsers find them. `leaving`: the page goes. */
  keepNow(leaving = false): void {
    const waits = this.keepTimer !== 0;
    clearTimeout(this.keepTimer);
    this.keepTimer = 0;
    if (!leaving || waits) this.keeper.keep(() => packed(this.journal, this.base, this.text), leaving);
  }

  /** Another page has kept edits of this template: both are brought together, on top of what it did. */
  private meet(kept: Kept): void {
    const mine = this.text;
    const pieces = merge(this.keeper.text ?? this.base.text, mine, kept.text);
    this.journal.steps = kept.steps;
    this.journal.done = kept.done;
    const take = (whole: string) => {
      this.journal.note(kept.text, whole, 'Edits of two pages');
      this.put(whole);
    };
    const text = merged(pieces);
    const detail = 'This template is open in another page as well. Choose for each place.';
    if (text === undefined) this.ask(questions.conflict('Another page changed the same lines', detail, pieces, ['This page’s', 'The other page’s'], take));
    else {
      take(text);
      if (text !== mine) this.say('Edits of another page are here.');
    }
  }

  step(direction: 'undo' | 'redo'): void {
    const found = this.journal[direction](this.text);
    if (!found) return this.say(direction === 'undo' ? 'Nothing to undo.' : 'Nothing to redo.');
    const word = direction === 'undo' ? 'Undone' : 'Done again';
    if (found.text !== undefined) {
      this.put(found.text);
      return this.say(`${word}: ${found.step.label}.`);
    }
    const { before, after, label } = found.step;
    const texts: [string, string, string] = direction === 'undo' ? [after, this.text, before] : [before, this.text, after];
    const take = (text: string) => {
      this.journal.done += direction === 'undo' ? -1 : 1;
      this.put(text);
    };
    this.ask(questions.stepAgain(label, direction === 'undo', texts, take));
  }

  /** Keeps the words of a field that could not be written, with why. */
  refuse(field: FieldOf, why: string): void {
    this.refusals.add(field, why, this.standing(field.name));
  }

  /** The words of a field are sent to be written. */
  onItsWay(field: FieldOf): void {
    this.refusals.send(field, this.standing(field.name));
  }

  /** What the text has where a field writes. */
  private standing(name: string): string | undefined {
    const variable = this.look.variables?.find((variable) => fieldOf(variable) === name);
    if (variable) return String(defaultOf(variable) ?? '');
    const box = this.boxes.find((box) => name.startsWith(`${layerOf(box)}.`));
    const value = box?.values[name.slice(layerOf(box).length + 1)];
    return value && (typeof value.value === 'string' ? value.value : JSON.stringify(value.value));
  }

  /** Copies layers and chooses the copies. */
  async duplicate(boxes: api.Box[], label: string): Promise<void> {
    const paths = boxes.map((box) => box.path);
    // until the copies are there, what is pressed next is not meant for the originals
    this.select([]);
    if (await this.apply(boxes.map((box) => ({ op: 'duplicate', layer: layerOf(box) })), label)) this.coming = { text: this.text, paths: copiesOf(paths) };
    else this.select(paths);
  }

  /** Shows in the text where a value is written. */
  showSpan(origin: api.Origin): void {
    if (origin.span) this.onShow?.(origin.span);
  }

  /** The characters that decide a value, where they are in this file. */
  written(value: api.Value | undefined): string | undefined {
    const { origin } = value ?? {};
    if (typeof value?.value === 'string' && value.value.includes('{{')) return value.value;
    if (!origin?.span || (origin.file && !samePath(origin.file, this.path))) return undefined;
    const bytes = new TextEncoder().encode(this.lookText).slice(origin.span.start, origin.span.end);
    return new TextDecoder().decode(bytes).replace(/^["']+|["']+$/g, '');
  }

  tryOnly(on: boolean): void {
    this.trying = on;
    this.changed();
  }

  /** Whether the chosen row gives a variable its value. */
  isOfRow(variable: api.Variable): boolean {
    if (!this.options.row) return false;
    const own = this.options.row.values?.[variable.name];
    if (own !== undefined) return own !== null && own !== '';
    return variable.value !== undefined && String(variable.value) !== String(defaultOf(variable) ?? '');
  }

  /** What a variable shows: what is tried, else the row's, else its default. */
  valueOf(variable: api.Variable): string {
    const typed = this.edits.filling.get(variable.name);
    const value = this.options.set[variable.name] ?? typed ?? variable.value ?? defaultOf(variable);
    return value === undefined || value === null ? '' : String(value);
  }

  setOptions(options: Partial<Options>): void {
    this.options = { ...this.options, ...options };
    this.refresh();
    this.changed();
  }

  apply(edits: api.Edit[], label: string, typing = false, field?: FieldOf): Promise<boolean> {
    return this.edits.apply(edits, label, typing, field);
  }

  applyLast(edits: api.Edit[], label: string, field: FieldOf): void {
    this.edits.applyLast(edits, label, field);
  }

  fill(variable: api.Variable, value: unknown, typing = false): void {
    this.edits.fill(variable, value, typing);
  }

  refresh(anyway = false): void {
    this.drawing.refresh(anyway);
  }

  compare(on: boolean): Promise<void> {
    return this.drawing.compare(on);
  }

  save(how: { force?: boolean; byItself?: boolean; without?: boolean } = {}): Promise<void> {
    return this.filing.save(how);
  }

  fileChanged(path: string, hash: string | null): Promise<void> {
    return this.filing.fileChanged(path, hash);
  }

  /** Asks for what may have changed while nothing was heard: the file, and what the picture is made from. */
  async lookAround(): Promise<void> {
    await this.filing.fileChanged(this.path, '');
    await this.filing.fileChanged('', '');
  }

  /** Chooses what was announced for this text; lets go of layers that are gone. */
  chooseAgain(text: string): void {
    const { coming } = this;
    if (coming?.text === text) this.selected = coming.paths;
    if (coming?.text !== this.text || coming.text === text) this.coming = undefined;
    const kept = this.selected.filter((path) => this.box(path));
    if (kept.length < this.selected.length) this.selected = kept;
  }

  /** Looks at refused words with what the text has now: what came in their place is said, and fields that are gone. */
  lookAtRefusals(): void {
    this.refusals.compare((name) => this.standing(name));
    const gone = this.refusals.keepOf([...(this.look.variables ?? []).map(fieldOf), ...this.boxes.map(layerOf)]);
    for (const { label, words } of gone) this.say(`The field ${label} is gone from the template, and with it what you typed there: “${words}”.`);
  }

  ask(question: questions.Question): void {
    this.question = question;
    this.changed();
  }

  answer(choice: questions.Question['choices'][number], text?: string): void {
    this.question = undefined;
    choice.act(text);
    this.changed();
  }

  fail(error: unknown): void {
    this.say(api.said(error));
  }

  /** Moves, resizes or turns layers: one edit for what changed, in canvas units. */
  async place(changes: { box: api.Box; to: Rect }[], label: string): Promise<boolean> {
    const edits = changes.flatMap(({ box, to }) => placing(box, to));
    return edits.length ? this.apply(edits, label) : true;
  }
}
