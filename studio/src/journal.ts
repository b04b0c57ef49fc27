// In: every change of a template's text, with what made it. Out: the texts to go back and forth to, also after a reload.
// The server keeps it, in the project's folder, so that every browser finds it; a step is undone by merging, so that changes
// from outside that came later stay.
// Never: writes the template.

import * as api from './api';
import { merge, merged } from './diff';
import { offsets } from './utf8';

export interface Step {
  before: string;
  after: string;
  label: string;
  /** Milliseconds since 1970. */
  at: number;
}

export interface Kept {
  /** What the file held when this was kept. */
  base: { text: string; hash: string };
  /** The text with the edits that are not saved. */
  text: string;
  steps: Step[];
  /** How many of the steps are done; the others can be done again. */
  done: number;
}

const MOST_STEPS = 300;
/** Typing within this time is one step. */
const PAUSE_MS = 900;

export class Journal {
  steps: Step[] = [];
  done = 0;

  /** Notes a change. `typing`: it joins the step before where that was typing, too, and just now. */
  note(before: string, after: string, label: string, typing = false, now = Date.now()): void {
    if (before === after) return;
    this.steps.length = this.done;
    const last = this.steps[this.done - 1];
    if (typing && last?.label === label && last.after === before && now - last.at < PAUSE_MS) {
      last.after = after;
      last.at = now;
      return;
    }
    this.steps.push({ before, after, label, at: now });
    if (this.steps.length > MOST_STEPS) this.steps.shift();
    this.done = this.steps.length;
  }

  get canUndo(): boolean {
    return this.done > 0;
  }

  get canRedo(): boolean {
    return this.done < this.steps.length;
  }

  /** The text without the last step that was done; nothing where a later change from outside overlaps it. */
  undo(text: string): { text?: string; step: Step } | undefined {
    const step = this.steps[this.done - 1];
    if (!step) return undefined;
    const without = merged(merge(step.after, text, step.before));
    if (without !== undefined) this.done--;
    return { text: without, step };
  }

  /** The text with the next step done again. */
  redo(text: string): { text?: string; step: Step } | undefined {
    const step = this.steps[this.done];
    if (!step) return undefined;
    const again = merged(merge(step.before, text, step.after));
    if (again !== undefined) this.done++;
    return { text: again, step };
  }
}

/** A step as the server keeps it: what stands at a byte is taken out, and other text put there. Without a label it came from outside. */
export interface Splice {
  start: number;
  removed: string;
  inserted: string;
  label?: string;
  at?: number;
}

/** A journal as the server keeps it. */
export interface Wire {
  base: { text: string; hash: string };
  text: string;
  first: string;
  steps: Splice[];
  done: number;
}

/** Letters of a journal that is sent; the oldest steps go before it is longer. */
const MOST_LETTERS = 700_000;

const splices = new WeakMap<Step, { before: string; after: string; splice: Splice }>();

const isSecondHalf = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code < 0xe000;
};

/** What differs between two texts, as one splice. */
export function spliced(before: string, after: string): Splice {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start++;
  let end = 0;
  while (end < most - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  // no character is cut in two
  while (start > 0 && (isSecondHalf(before, start) || isSecondHalf(after, start))) start--;
  while (end > 0 && (isSecondHalf(before, before.length - end) || isSecondHalf(after, after.length - end))) end--;
  return { start: offsets(before).byte(start), removed: before.slice(start, before.length - end), inserted: after.slice(start, after.length - end) };
}

function spliceOf(step: Step): Splice {
  const known = splices.get(step);
  if (known && known.before === step.before && known.after === step.after) return known.splice;
  const splice = { ...spliced(step.before, step.after), label: step.label, at: step.at };
  splices.set(step, { before: step.before, after: step.after, splice });
  return splice;
}

/** The journal as the server keeps it: one text, and what was done to it from there. */
export function packed(journal: Journal, base: Wire['base'], text: string): Wire {
  let from = 0;
  for (;;) {
    const steps = journal.steps.slice(from);
    const first = steps[0]?.before ?? text;
    const sent: Splice[] = [];
    let at = first;
    for (const step of steps) {
      if (step.before !== at) sent.push(spliced(at, step.before));
      sent.push(spliceOf(step));
      at = step.after;
    }
    const letters = sent.reduce((sum, s) => sum + s.removed.length + s.inserted.length + 120, first.length + text.length + base.text.length);
    if ((letters <= MOST_LETTERS && sent.length <= MOST_SENT) || from >= journal.steps.length) {
      return { base, text, first, steps: sent, done: Math.max(0, journal.done - from) };
    }
    from += Math.ceil((journal.steps.length - from) / 4);
  }
}

/** Steps that the server takes, those from outside counted. */
const MOST_SENT = 500;

/** The texts of a journal that the server kept. What does not fit ends it: nothing is undone into another text. */
export function unpacked(wire: Wire): Kept {
  const steps: Step[] = [];
  let before = wire.first;
  for (const { start, removed, inserted, label, at } of wire.steps) {
    const from = offsets(before).unit(start);
    if (before.slice(from, from + removed.length) !== removed) break;
    const after = before.slice(0, from) + inserted + before.slice(from + removed.length);
    if (label !== undefined) steps.push({ before, after, label, at: at ?? 0 });
    before = after;
  }
  return { base: wire.base, text: wire.text, steps, done: Math.min(wire.done, steps.length) };
}

/** Puts a journal where a reload and other browsers find it, one at a time; the newest wins. */
export class Keeper {
  /** The text that was kept last, or found. */
  text?: string;
  private tag?: string;
  private busy = false;
  private next?: () => Wire;

  constructor(
    private readonly path: string,
    /** Another page has kept another one meanwhile. */
    private readonly meet: (kept: Kept) => void,
    private readonly kept: () => void,
    private readonly fail: (error: unknown) => void,
  ) {}

  async load(): Promise<Kept | undefined> {
    const found = await api.journal(this.path);
    this.tag = found?.tag;
    this.text = found?.journal.text;
    return found && unpacked(found.journal);
  }

  /** `leaving`: the page goes, and the request has to outlive it. */
  keep(journal: () => Wire, leaving = false): void {
    if (leaving) {
      // one that is on its way changes the tag, and nobody is there to hear of it
      void api.keepJournal(this.path, journal(), this.busy ? '*' : this.tag, true).catch(() => undefined);
    } else if (this.busy) this.next = journal;
    else void this.send(journal);
  }

  private async send(journal: () => Wire): Promise<void> {
    this.busy = true;
    const sent = journal();
    try {
      this.tag = await api.keepJournal(this.path, sent, this.tag);
      this.text = sent.text;
      this.kept();
    } catch (error) {
      if (error instanceof api.Refusal && error.status === 412) {
        const common = this.text ?? sent.base.text;
        const found = await this.load().catch(() => undefined);
        this.text = common;
        if (found) this.meet(found);
        // it was thrown away with the file
        else this.next ??= journal;
        this.text = found?.text ?? common;
      } else this.fail(error);
    }
    this.busy = false;
    const next = this.next;
    this.next = undefined;
    if (next) void this.send(next);
  }
}
