// In: every change of a template's text, with what made it. Out: the texts to go back and forth to, also after a reload.
// It is kept in the browser (IndexedDB) under the template's path; a step is undone by merging, so that changes from
// outside that came later stay.
// Never: writes the template.

import { merge, merged } from './diff';

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

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open('storypress', 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore('journal');
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function store<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
  try {
    const database = await open();
    return await new Promise((resolve, reject) => {
      const asked = work(database.transaction('journal', mode).objectStore('journal'));
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  } catch {
    // a private window may have no storage: the journal then lives as long as the page
    return undefined;
  }
}

export const load = (path: string): Promise<Kept | undefined> => store('readonly', (s) => s.get(path));

export const keep = (path: string, kept: Kept): Promise<unknown> => store('readwrite', (s) => s.put(kept, path));
