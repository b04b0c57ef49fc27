// In: what a person does in any part of the page, and what the server says. Out: one state that every part shows.
// One truth, the text: handles, forms and code all change it, and the picture follows.
// Never: draws; never holds a picture for a text that it was not made from without saying "updating".

import * as api from './api';
import { merge, merged } from './diff';
import { bringFonts } from './fonts';
import type { Rect } from './geometry';
import { Journal, Keeper, packed, type Kept } from './journal';
import { copiesOf, layerOf, placed, placing } from './layers';
import { defaultOf, labelOf, samePath } from './names';
import * as questions from './questions';
import { Refusals, type FieldOf } from './refusals';
import { nameOf, rowsAgain } from './rows';

export interface Options {
  data?: string;
  row?: api.Row;
  set: Record<string, string>;
  now?: string;
  guides: boolean;
}

/** How large the picture is while something changes: half the canvas. */
const LIVE_SCALE = 0.5;
const REFINE_MS = 350;
const AUTOSAVE_MS = 1200;
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
  refusals = new Refusals(() => this.changed());
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
  private busy = false;
  private again = false;
  private shownOptions = '';
  private refineTimer = 0;
  private saveTimer = 0;
  private keepTimer = 0;
  private messageTimer = 0;
  private aroundTimer = 0;
  /** An event of the own file came while it was being saved. */
  private missed = false;
  /** Layers to choose as soon as the picture of this text is there. */
  private coming?: { text: string; paths: string[] };
  private line: Promise<unknown> = Promise.resolve();
  private last = new Map<string, { edits: api.Edit[]; field: FieldOf }>();
  /** Set by the text's part of the page. */
  onShow?: (span: api.Span) => void;
  private filling = new Map<string, unknown>();

  private keeper: Keeper;

  constructor(path: string) {
    this.path = path;
    this.keeper = new Keeper(path, (kept) => this.meet(kept), (error) => this.say(`What can be undone is not kept: ${error instanceof Error ? error.message : String(error)}`));
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

  /** Whether the picture is of an older text, or of other options, than the ones that are set. */
  get updating(): boolean {
    return this.busy || this.lookText !== this.text || this.shownOptions !== this.optionsKey();
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
    const [template, kept] = await Promise.all([this.onDisk(), this.keeper.load()]);
    if (template) this.open(template, kept);
    else if (kept) this.openKept(kept);
    else throw new Error(`${this.path} is gone.`);
    this.ready = true;
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

  /** The file as it is now; nothing where it is gone. */
  private async onDisk(): Promise<api.Template | undefined> {
    try {
      const template = await api.template(this.path);
      this.gone = false;
      return template;
    } catch (error) {
      if (!(error instanceof api.Refusal) || error.status !== 404) throw error;
      this.gone = true;
      return undefined;
    }
  }

  /** Asks what the project offers to forms and to completion. */
  private offer(): void {
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
    this.bringTogether(kept.base.text, kept.text, { text: this.base.text, hash: this.base.hash });
    if (this.pending) this.say('Edits that were not saved are back.');
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

  private put(text: string): void {
    this.text = text;
    clearTimeout(this.keepTimer);
    this.keepTimer = window.setTimeout(() => this.keepNow(), 250);
    clearTimeout(this.saveTimer);
    if (this.autosave && this.pending) this.saveTimer = window.setTimeout(() => void this.save({ byItself: true }), AUTOSAVE_MS);
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

  /**
   * Sends edits to the server, one after the other; it writes them into the text. `label` names them in the journal; `field`
   * keeps its words where they are refused.
   */
  apply(edits: api.Edit[], label: string, typing = false, field?: FieldOf): Promise<boolean> {
    const done = this.line.then(() => this.applyNow(edits, label, typing, field));
    this.line = done;
    return done;
  }

  /** As `apply`, for a field that is typed in: while one edit is on its way, only the last one waits. */
  applyLast(edits: api.Edit[], label: string, field: FieldOf): void {
    const { name } = field;
    const waits = this.last.has(name);
    this.last.set(name, { edits, field });
    if (waits) return;
    void this.line.then(async () => {
      const newest = this.last.get(name)!;
      this.last.delete(name);
      await this.apply(newest.edits, label, true, newest.field);
    });
  }

  /** Waits until everything that was typed is in the text, or refused. */
  private async settled(): Promise<void> {
    for (let line: unknown; line !== this.line || this.filling.size || this.last.size; ) {
      line = this.line;
      await line;
      // what waits for this turn of the line takes the next one
      await new Promise((turn) => setTimeout(turn));
    }
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

  private async applyNow(edits: api.Edit[], label: string, typing: boolean, field?: FieldOf): Promise<boolean> {
    const from = this.text;
    try {
      const edited = await api.edit(this.path, from, edits);
      // typed while the answer was on its way
      const text = from === this.text ? edited.text : merged(merge(from, this.text, edited.text));
      if (text === undefined) {
        const why = 'The text changed in the same place meanwhile; the edit was not made.';
        if (field) this.refusals.add(field, why);
        this.say(why);
        return false;
      }
      this.setText(text, label, typing);
      if (field) this.refusals.drop(field.name);
      return true;
    } catch (error) {
      const origin = error instanceof api.Refusal && error.status === 409 ? error.problem.origin : undefined;
      if (field) this.refusals.add(field, origin ? 'its value is not written here' : said(error));
      if (origin) this.ask(questions.elsewhere(this, origin, edits, label, field));
      else this.fail(error);
      return false;
    }
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
    const typed = this.filling.get(variable.name);
    const value = this.options.set[variable.name] ?? typed ?? variable.value ?? defaultOf(variable);
    return value === undefined || value === null ? '' : String(value);
  }

  /** Gives a variable a value: tried only, where the form says so or a row decides; else as the default in the file. */
  fill(variable: api.Variable, value: unknown, typing = false): void {
    const { name } = variable;
    if (this.trying || this.isOfRow(variable) || name in this.options.set) {
      this.refusals.drop(fieldOf(variable));
      this.setOptions({ set: { ...this.options.set, [name]: String(value) } });
      return;
    }
    const waits = this.filling.has(name);
    this.filling.set(name, value);
    // while an edit is on its way only the last value waits
    if (!waits) void this.fillIn(variable, typing);
  }

  private async fillIn(variable: api.Variable, typing: boolean): Promise<void> {
    const { name } = variable;
    await this.line;
    const value = this.filling.get(name);
    const field = { name: fieldOf(variable), label: labelOf(variable), words: String(value) };
    await this.apply([{ layer: '', key: `vars.${name}.default`, value }], `Change ${name}`, typing, field);
    if (this.filling.get(name) === value) this.filling.delete(name);
    else await this.fillIn(variable, typing);
  }

  setOptions(options: Partial<Options>): void {
    this.options = { ...this.options, ...options };
    this.refresh();
    this.changed();
  }

  private optionsKey(): string {
    const { data, row, set, now, guides } = this.options;
    return JSON.stringify([data, row?.row, row?.key, set, now, guides]);
  }

  request(text: string, scale: number): api.PreviewRequest {
    const { data, row, set, now, guides } = this.options;
    const chosen = data && row ? { data, row: nameOf(this.rows, row) } : {};
    return { template: this.path, text, scale, ...chosen, ...(Object.keys(set).length ? { set } : {}), ...(now ? { now } : {}), ...(guides ? { guides } : {}) };
  }

  /** Asks for a new picture; the latest wins, and the one that is being made is always finished. `anyway`: a file it uses changed. */
  refresh(anyway = false): void {
    clearTimeout(this.refineTimer);
    if (anyway) this.shownOptions = '';
    if (this.busy) this.again = true;
    else void this.draw();
  }

  private async draw(): Promise<void> {
    this.busy = true;
    do {
      this.again = false;
      await this.drawOnce(LIVE_SCALE);
    } while (this.again);
    this.busy = false;
    const sharp = Math.min(1, Math.ceil((this.shownWidth * devicePixelRatio) / 108) / 10);
    if (sharp > LIVE_SCALE && this.picture) {
      this.refineTimer = window.setTimeout(() => {
        if (!this.busy) void this.refine(sharp);
      }, REFINE_MS);
    }
    this.changed();
  }

  private async refine(scale: number): Promise<void> {
    this.busy = true;
    await this.drawOnce(scale);
    this.busy = false;
    if (this.again) void this.draw();
    this.changed();
  }

  private async drawOnce(scale: number): Promise<void> {
    const [text, options] = [this.text, this.optionsKey()];
    try {
      const shown = await api.preview(this.request(text, scale));
      this.offline = false;
      this.look = { ...this.look, ...shown, boxes: shown.boxes?.map(placed) ?? this.look.boxes };
      if (shown.picture) await this.show(shown.picture);
      this.undrawn = !shown.picture;
      // a picture of another text than the one that was sent is not taken for it
      const isOfIt = !shown.text || !shown.hash || shown.text === shown.hash;
      if (isOfIt) [this.lookText, this.shownOptions] = [text, options];
      this.chooseAgain(text);
      if (shown.picture) this.refusals.keepOf(this.fields());
      performance.mark('storypress:picture');
    } catch (error) {
      this.offline = error instanceof api.Refusal && error.status === 0;
      this.fail(error);
      [this.lookText, this.shownOptions] = [text, options];
    }
    this.changed();
  }

  /** Chooses what was announced for this text; lets go of layers that are gone. */
  private chooseAgain(text: string): void {
    const { coming } = this;
    if (coming?.text === text) this.selected = coming.paths;
    if (coming?.text !== this.text || coming.text === text) this.coming = undefined;
    const kept = this.selected.filter((path) => this.box(path));
    if (kept.length < this.selected.length) this.selected = kept;
  }

  /** The names of all fields, as far as a layer or a variable goes. */
  private fields(): string[] {
    return [...(this.look.variables ?? []).map(fieldOf), ...this.boxes.map(layerOf)];
  }

  private async show(picture: Blob): Promise<void> {
    const url = URL.createObjectURL(picture);
    const image = new Image();
    image.src = url;
    // decoded before it is shown: no blank frame between two pictures
    await image.decode().catch(() => undefined);
    const old = this.picture;
    this.picture = url;
    this.changed();
    if (old) setTimeout(() => URL.revokeObjectURL(old), 1000);
  }

  async compare(on: boolean): Promise<void> {
    if (this.before) URL.revokeObjectURL(this.before);
    this.before = undefined;
    if (on) {
      const shown = await api.preview(this.request(this.base.text, 1)).catch(() => undefined);
      if (shown?.picture) this.before = URL.createObjectURL(shown.picture);
      else this.say('The saved text gives no picture.');
    }
    this.changed();
  }

  /** Writes the text. `byItself`: without a question that nobody asked for. `without`: although a field holds more than it. */
  async save({ force = false, byItself = false, without = false } = {}): Promise<void> {
    clearTimeout(this.saveTimer);
    if (this.saving) return;
    await this.settled();
    if (this.saving || !this.unsaved || (!without && this.holdsBack(byItself, force))) return;
    if (byItself && this.gone) return this.say('Not saved by itself: the file is gone.');
    this.saving = true;
    this.changed();
    const { text, gone } = this;
    try {
      const { hash } = await api.write(this.path, text, gone ? undefined : this.base.hash, force);
      this.gone = false;
      this.base = { text, hash };
      this.keepNow();
      this.say(gone ? 'The file was gone; it is written anew.' : 'Saved.');
    } catch (error) {
      await this.notSaved(error, byItself).catch((error) => this.fail(error));
    } finally {
      this.saving = false;
    }
    this.changed();
    if (this.missed) {
      this.missed = false;
      await this.lookAgain();
    }
  }

  /** Whether a field holds what is not in the text: that is said, or asked about, before anything is called saved. */
  private holdsBack(byItself: boolean, force: boolean): boolean {
    const { labels } = this.refusals;
    if (!labels.length) return false;
    if (byItself || !this.pending) this.say(`Not saved: what you typed in ${labels.join(', ')} is not in the template. The field says why.`);
    else this.ask(questions.notIn(labels, () => void this.save({ force, without: true })));
    return true;
  }

  private async notSaved(error: unknown, byItself: boolean): Promise<void> {
    const status = error instanceof api.Refusal ? error.status : 0;
    if (status === 412) {
      const theirs = await this.onDisk();
      if (!theirs) {
        this.keepNow();
        if (!byItself) this.ask(questions.gone(this.path, () => void this.save({ without: true })));
        return;
      }
      const clean = this.bringTogether(this.base.text, this.text, theirs);
      if (clean && this.pending) {
        this.saving = false;
        await this.save({ byItself, without: true });
        this.say('The file had changed meanwhile; both changes are saved.');
      }
    } else if (status === 422 && byItself) {
      this.say('Not saved by itself: this is not TOML yet.');
    } else if (status === 422) {
      this.ask(questions.noToml(said(error), () => void this.save({ force: true, without: true })));
    } else this.fail(error);
  }

  /** A file changed: an own write is known by its hash, another one is brought together with what is pending. */
  async fileChanged(path: string, hash: string | null): Promise<void> {
    if (!samePath(path, this.path)) {
      if (this.options.data && samePath(path, this.options.data)) return rowsAgain(this);
      clearTimeout(this.aroundTimer);
      this.aroundTimer = window.setTimeout(() => this.offer(), 300);
      return this.refresh(true);
    }
    // the answer to the own write says which event is its echo
    if (this.saving) this.missed = true;
    else if (hash !== this.base.hash || this.gone) await this.lookAgain();
  }

  /** Takes what the file holds now into the text. */
  private async lookAgain(): Promise<void> {
    const theirs = await this.onDisk().catch((error) => this.fail(error));
    if (this.gone) {
      this.keepNow();
      return this.say('The file is gone. What you see is kept here until you save it.');
    }
    this.changed();
    if (!theirs || theirs.hash === this.base.hash) return;
    if (this.bringTogether(this.base.text, this.text, theirs)) this.say('The file was changed by another program; the change is here.');
  }

  /** Merges the file's new text into ours. False: a person is asked, and nothing changed yet. */
  private bringTogether(base: string, mine: string, theirs: { text: string; hash: string }): boolean {
    if (typeof theirs.text !== 'string') {
      this.say(`${this.path} is no text any more: another program wrote it. Nothing is taken from it.`);
      return false;
    }
    const pieces = merge(base, mine, theirs.text);
    const text = merged(pieces);
    const take = (whole: string) => {
      this.base = { text: theirs.text, hash: theirs.hash };
      this.put(whole);
    };
    if (text !== undefined) {
      take(text);
      return true;
    }
    const detail = 'Another program changed the file where you have edits that are not saved. Choose for each place.';
    this.ask(questions.conflict('Both changed the same lines', detail, pieces, ['Yours', 'The file’s'], take));
    return false;
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
    this.say(said(error));
  }

  /** Moves, resizes or turns layers: one edit for what changed, in canvas units. */
  async place(changes: { box: api.Box; to: Rect }[], label: string): Promise<boolean> {
    const edits = changes.flatMap(({ box, to }) => placing(box, to));
    return edits.length ? this.apply(edits, label) : true;
  }
}

/** A refusal in words, with the hint where there is one. */
function said(error: unknown): string {
  const found = error instanceof api.Refusal ? error.problem.diagnostics?.[0] : undefined;
  const hint = found?.hint ? ` ${found.hint}` : '';
  return `${error instanceof Error ? error.message : String(error)}${found && !String(error).includes(found.message) ? ` — ${found.message}.${hint}` : ''}`;
}

/** What the field of a variable is called. */
export const fieldOf = (variable: api.Variable): string => `vars.${variable.name}`;
