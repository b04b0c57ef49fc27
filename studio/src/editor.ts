// In: what a person does in any part of the page, and what the server says. Out: one state that every part shows.
// One truth, the text: handles, forms and code all change it, and the picture follows.
// Never: draws; never holds a picture for a text that it was not made from without saying "updating".

import * as api from './api';
import { merge, merged, type Piece } from './diff';
import { Journal, Keeper, packed, type Kept } from './journal';
import type { Rect } from './geometry';

export interface Question {
  title: string;
  detail: string;
  /** Two texts that cannot be brought together without a person. */
  pieces?: Piece[];
  choices: { label: string; detail?: string; primary?: boolean; act: (text?: string) => void }[];
}

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
  question?: Question;
  message = '';
  offline = false;
  /** An error is in the way of the picture: the one that is shown is of an older text. */
  undrawn = false;
  saving = false;
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
  /** Digests of own writes whose echo has not come. */
  private own = new Set<string>();
  private missed = false;
  private line: Promise<unknown> = Promise.resolve();
  private last = new Map<string, api.Edit[]>();
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

  say(message: string): void {
    this.message = message;
    this.changed();
  }

  get pending(): boolean {
    return this.text !== this.base.text;
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
    const [template, kept] = await Promise.all([api.template(this.path), this.keeper.load()]);
    // a file that is no UTF-8 has no text; writing one would lose what it holds
    if (typeof template.text !== 'string') throw new Error(`${this.path} is not UTF-8: it cannot be edited here.`);
    this.base = { text: template.text, hash: template.hash };
    this.text = template.text;
    this.look = { variables: template.variables, diagnostics: template.diagnostics };
    if (kept) this.recall(kept);
    this.ready = true;
    this.refresh();
    this.changed();
    api.palette().then((palette) => {
      this.palette = palette;
      this.changed();
      this.loadFonts();
    }, () => undefined);
  }

  /** Brings the brand's fonts, so that each can be named in its own face. */
  private loadFonts(): void {
    for (const { name, path } of this.palette.fonts) {
      if (!path) continue;
      const face = new FontFace(faceOf(name), `url("${api.asset(path)}")`);
      face.load().then((loaded) => {
        document.fonts.add(loaded);
        this.changed();
      }, () => undefined);
    }
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
    if (this.autosave && this.pending) this.saveTimer = window.setTimeout(() => this.save(false, true), AUTOSAVE_MS);
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
    if (text === undefined) this.ask('Another page changed the same lines', 'This template is open in another page as well. Choose for each place.', pieces, ['This page’s', 'The other page’s'], take);
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
    const [from, to] = direction === 'undo' ? [found.step.after, found.step.before] : [found.step.before, found.step.after];
    this.ask(
      `“${found.step.label}” was changed again since`,
      'A later change touches the same lines. Choose what stands there.',
      merge(from, this.text, to),
      ['As it is now', direction === 'undo' ? 'As it was before the step' : 'As the step made it'],
      (text) => {
        this.journal.done += direction === 'undo' ? -1 : 1;
        this.put(text);
      },
    );
  }

  /** Sends edits to the server, one after the other; it writes them into the text. `label` names them in the journal. */
  apply(edits: api.Edit[], label: string, typing = false): Promise<boolean> {
    const done = this.line.then(() => this.applyNow(edits, label, typing));
    this.line = done;
    return done;
  }

  /** As `apply`, for a field that is typed in: while one edit is on its way, only the last one waits. */
  applyLast(name: string, edits: api.Edit[], label: string): void {
    const waits = this.last.has(name);
    this.last.set(name, edits);
    if (waits) return;
    void this.line.then(async () => {
      const newest = this.last.get(name)!;
      this.last.delete(name);
      await this.apply(newest, label, true);
    });
  }

  /** Shows in the text where a value is written. */
  showSpan(origin: api.Origin): void {
    if (origin.span) this.onShow?.(origin.span);
  }

  private async applyNow(edits: api.Edit[], label: string, typing: boolean): Promise<boolean> {
    const from = this.text;
    try {
      const edited = await api.edit(this.path, from, edits);
      // typed while the answer was on its way
      const text = from === this.text ? edited.text : merged(merge(from, this.text, edited.text));
      if (text === undefined) {
        this.say('The text changed in the same place meanwhile; the edit was not made.');
        return false;
      }
      this.setText(text, label, typing);
      return true;
    } catch (error) {
      if (error instanceof api.Refusal && error.status === 409 && error.problem.origin) this.offerOrigin(error.problem.origin, edits, label);
      else this.fail(error);
      return false;
    }
  }

  /** What can be done with a value that is not written here. */
  private offerOrigin(origin: api.Origin, edits: api.Edit[], label: string): void {
    // `override` is for values: a layer of a base is left out here, or changed there
    const left = edits.flatMap((e) => ('op' in e && e.op === 'delete' ? [{ layer: e.layer ?? '', key: 'when', value: false, override: true }] : []));
    const isOfLayers = edits.some((e) => 'op' in e && e.op !== 'place');
    const choices: Question['choices'] = [];
    if (!isOfLayers) choices.push({ label: 'Override here', detail: 'Writes the value into this template; nothing else changes.', primary: true, act: () => void this.apply(edits.map((e) => ({ ...e, override: true }) as api.Edit), label) });
    else if (left.length === edits.length) choices.push({ label: 'Leave it out here', detail: 'Writes when = false into this template; the base keeps the layer.', primary: true, act: () => void this.apply(left, label) });
    const variable = this.variableOf(edits);
    const only = edits.length === 1 && 'key' in edits[0] ? edits[0] : undefined;
    if (variable && only) {
      const key = `vars.${variable}.default`;
      choices.push({ label: `Change the default of ${variable}`, detail: 'The expression stays; every row that gives no value of its own shows the new one.', act: () => void this.apply([{ layer: '', key, value: only.value }], label) });
    }
    if (origin.kind === 'base' && origin.file) choices.push(this.baseChoice(origin.file, edits));
    if (origin.kind === 'style') choices.push({ label: 'Open the brand’s styles', detail: `The style is written in ${origin.file ?? 'storypress.toml'}; changing it changes every template that uses it.`, act: () => this.say(`Open ${origin.file ?? 'storypress.toml'} in a text editor: [brand.styles]. The picture follows when it is saved.`) });
    this.question = {
      title: isOfLayers ? 'This layer is not written here' : 'This value is not written here',
      detail: whence(origin),
      choices,
    };
    this.changed();
  }

  /** The variable that a value is, where it is nothing else: `{{ title }}`. */
  private variableOf(edits: api.Edit[]): string | undefined {
    const edit = edits[0];
    if (!edit || 'op' in edit) return undefined;
    const box = this.boxes.find((b) => b.id === edit.layer || b.path === edit.layer);
    const written = this.written(box?.values[edit.key]);
    return /^\{\{\s*([A-Za-z_]\w*)\s*\}\}$/.exec(written ?? '')?.[1];
  }

  /** The characters that decide a value, where they are in this file. */
  written(value: api.Value | undefined): string | undefined {
    const { origin } = value ?? {};
    if (typeof value?.value === 'string' && value.value.includes('{{')) return value.value;
    if (!origin?.span || (origin.file && !samePath(origin.file, this.path))) return undefined;
    const bytes = new TextEncoder().encode(this.lookText).slice(origin.span.start, origin.span.end);
    return new TextDecoder().decode(bytes).replace(/^["']+|["']+$/g, '');
  }

  private baseChoice(file: string, edits: api.Edit[]): Question['choices'][number] {
    const base = Object.keys(this.palette.bases).find((path) => samePath(path, file)) ?? file;
    const users = this.palette.bases[base] ?? [];
    const which = users.length ? `Changes ${users.length} ${users.length === 1 ? 'template' : 'templates'}: ${users.join(', ')}.` : 'Changes every template that builds on it.';
    return { label: `Edit the base ${file}`, detail: `${which} It is saved at once.`, act: () => void this.editBase(base, edits) };
  }

  private async editBase(path: string, edits: api.Edit[]): Promise<void> {
    try {
      const base = await api.template(path);
      const edited = await api.edit(path, base.text, edits);
      await api.write(path, edited.text, base.hash);
      this.say(`${path} is saved.`);
      this.refresh(true);
    } catch (error) {
      this.fail(error);
    }
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
      this.setOptions({ set: { ...this.options.set, [name]: String(value) } });
      return;
    }
    const waits = this.filling.has(name);
    this.filling.set(name, value);
    // while an edit is on its way only the last value waits
    if (!waits) void this.fillIn(name, typing);
  }

  private async fillIn(name: string, typing: boolean): Promise<void> {
    await this.line;
    const value = this.filling.get(name);
    await this.apply([{ layer: '', key: `vars.${name}.default`, value }], `Change ${name}`, typing);
    if (this.filling.get(name) === value) this.filling.delete(name);
    else await this.fillIn(name, typing);
  }

  setOptions(options: Partial<Options>): void {
    this.options = { ...this.options, ...options };
    this.refresh();
    this.changed();
  }

  private optionsKey(): string {
    const { data, row, set, now, guides } = this.options;
    return JSON.stringify([data, row?.row, set, now, guides]);
  }

  request(text: string, scale: number): api.PreviewRequest {
    const { data, row, set, now, guides } = this.options;
    const chosen = data && row ? { data, row: row.row } : {};
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
      const kept = this.selected.filter((path) => this.box(path));
      if (kept.length < this.selected.length) this.selected = kept;
      performance.mark('storypress:picture');
    } catch (error) {
      this.offline = error instanceof api.Refusal && error.status === 0;
      this.fail(error);
      [this.lookText, this.shownOptions] = [text, options];
    }
    this.changed();
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

  async loadRows(data: string | undefined, worst: boolean): Promise<void> {
    this.rows = [];
    this.options = { ...this.options, data, row: undefined };
    if (data) {
      try {
        this.rows = await api.rows(this.path, data, worst ? 50 : undefined);
        this.options = { ...this.options, row: this.rows[0] };
        if (!this.rows.length) this.say(`${data} has no rows.`);
      } catch (error) {
        this.fail(error);
      }
    }
    this.refresh();
    this.changed();
  }

  /** Writes the text. `byItself`: without a question that nobody asked for. */
  async save(force = false, byItself = false): Promise<void> {
    clearTimeout(this.saveTimer);
    if (this.saving || !this.pending) return;
    this.saving = true;
    this.changed();
    const text = this.text;
    try {
      const { hash } = await api.write(this.path, text, this.base.hash, force);
      this.own.add(hash);
      this.base = { text, hash };
      this.keepNow();
      this.say('Saved.');
    } catch (error) {
      await this.unsaved(error, byItself);
    }
    this.saving = false;
    this.changed();
    if (this.missed) {
      this.missed = false;
      await this.lookAgain();
    }
  }

  private async unsaved(error: unknown, byItself: boolean): Promise<void> {
    const status = error instanceof api.Refusal ? error.status : 0;
    if (status === 412) {
      const theirs = await api.template(this.path);
      const clean = this.bringTogether(this.base.text, this.text, theirs);
      if (clean && this.pending) {
        this.saving = false;
        await this.save();
        this.say('The file had changed meanwhile; both changes are saved.');
      }
    } else if (status === 422 && byItself) {
      this.say('Not saved by itself: this is not TOML yet.');
    } else if (status === 422) {
      this.question = {
        title: 'This is not TOML yet',
        detail: error instanceof Error ? error.message : '',
        choices: [
          { label: 'Go on editing', primary: true, act: () => undefined },
          { label: 'Save all the same', act: () => void this.save(true) },
        ],
      };
    } else this.fail(error);
  }

  /** A file changed: an own write is known by its hash, another one is brought together with what is pending. */
  async fileChanged(path: string, hash: string): Promise<void> {
    if (!samePath(path, this.path)) return this.refresh(true);
    // the answer to the own write says which event is its echo
    if (this.saving) this.missed = true;
    else if (!this.own.delete(hash) && hash !== this.base.hash) await this.lookAgain();
  }

  /** Takes what the file holds now into the text. */
  private async lookAgain(): Promise<void> {
    const theirs = await api.template(this.path).catch(() => undefined);
    if (!theirs) return this.say('The file is gone. What you see is kept here until you save it.');
    if (theirs.hash === this.base.hash) return;
    if (this.bringTogether(this.base.text, this.text, theirs)) this.say('The file was changed by another program; the change is here.');
  }

  /** Merges the file's new text into ours. False: a person is asked, and nothing changed yet. */
  private bringTogether(base: string, mine: string, theirs: { text: string; hash: string }): boolean {
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
    this.ask('Both changed the same lines', 'Another program changed the file where you have edits that are not saved. Choose for each place.', pieces, ['Yours', 'The file’s'], take);
    return false;
  }

  private ask(title: string, detail: string, pieces: Piece[], sides: [string, string], act: (text: string) => void): void {
    this.question = {
      title,
      detail,
      pieces,
      choices: [{ label: 'Use this text', primary: true, act: (text) => act(text ?? '') }, ...sides.map((label, n) => ({ label: `${label}, everywhere`, act: () => act(sided(pieces, n)) }))],
    };
    this.changed();
  }

  answer(choice: Question['choices'][number], text?: string): void {
    this.question = undefined;
    choice.act(text);
    this.changed();
  }

  fail(error: unknown): void {
    const found = error instanceof api.Refusal ? error.problem.diagnostics?.[0] : undefined;
    const hint = found?.hint ? ` ${found.hint}` : '';
    this.say(`${error instanceof Error ? error.message : String(error)}${found && !String(error).includes(found.message) ? ` — ${found.message}.${hint}` : ''}`);
  }

  /** Moves, resizes or turns layers: one edit for what changed, in canvas units. */
  async place(changes: { box: api.Box; to: Rect }[], label: string): Promise<boolean> {
    const edits = changes.flatMap(({ box, to }) => placing(box, to));
    return edits.length ? this.apply(edits, label) : true;
  }
}

/** The layer's name in an edit. */
export const layerOf = (box: api.Box): string => box.id ?? box.path;

/** What the page calls a font of the brand. */
export const faceOf = (name: string): string => `brand ${name}`;

/** A variable's default, as both answers of the server give it. */
export function defaultOf(variable: api.Variable): unknown {
  const written = variable.default;
  return written !== null && typeof written === 'object' && 'value' in written ? written.value : written;
}

/** A layer that is left out, or broken, may have no place: it then has none on the overlay. */
const placed = (box: api.Box): api.Box => (typeof box.left === 'number' ? box : { ...box, left: 0, top: 0, width: 0, height: 0, rotate: 0, hidden: true });

const rounded = (n: number): number => Math.round(n * 100) / 100;

/** The edit that takes a box to another place on the canvas; nothing where it is there already. */
export function placing(box: api.Box, to: Rect): api.Edit[] {
  const changed = (['left', 'top', 'width', 'height', 'rotate'] as const).filter((key) => Math.abs(to[key] - box[key]) > 0.005);
  if (!changed.length) return [];
  const spot = Object.fromEntries(changed.map((key) => [key, rounded(to[key])]));
  return [{ op: 'place', layer: layerOf(box), ...spot }];
}

export function whence(origin: api.Origin): string {
  const file = origin.file ? ` ${origin.file}` : '';
  switch (origin.kind) {
    case 'base':
      return `It comes from the base${file}.`;
    case 'style':
      return `It comes from a style of the brand${origin.file ? `, in ${origin.file}` : ''}.`;
    case 'default':
      return 'It is the default.';
    case 'expression':
      return 'It is computed by an expression.';
    default:
      return origin.computed ? 'It is computed by an expression.' : 'It is written here.';
  }
}

/** Whether two names mean one file: against the project's folder, or from the root of the machine. `a.toml` is not `old/a.toml`. */
export const samePath = (a: string, b: string): boolean => a === b || (a.startsWith('/') && a.endsWith(`/${b}`)) || (b.startsWith('/') && b.endsWith(`/${a}`));

export function sided(pieces: Piece[], side: number): string {
  return pieces.map((p) => (p.kind === 'same' ? p.text : side === 0 ? p.mine : p.theirs)).join('');
}
