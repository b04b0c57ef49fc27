// In: what a page holds that is nowhere else yet: words that were refused, a text that the server has not kept.
// Out: the same, after a reload or a crash; in the browser's own storage, by template and by the hash of the file's text.
// Never: puts anything into a text; never fails where a browser keeps nothing.

import type { Refused } from './refusals';

/** What was held of one template. */
export interface Held {
  /** What the file held when this was put here. */
  base: { text: string; hash: string };
  /** The text with its edits, where the server had not kept it; and the text that it had kept before. */
  text?: string;
  from?: string;
  fields: Refused[];
  /** Milliseconds since 1970. */
  at: number;
}

const PREFIX = 'storypress\n';
const MOST = 20;
const MOST_MS = 30 * 24 * 3600 * 1000;

/** The part of the browser's storage that is used. */
export type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

export class Shelf {
  /** Whether the browser took what was put here last. */
  holds = true;
  private written?: string;
  /** Two pages of one template hold what is theirs. */
  private readonly page = Math.random().toString(36).slice(2);

  constructor(
    private readonly path: string,
    private readonly store: Store | undefined,
  ) {}

  /** What was held when the page went, the oldest first: of the file as it was then. */
  found(now = Date.now()): Held[] {
    const all = this.keys().flatMap((key) => {
      const held = read(this.store, key);
      if (!held) this.remove(key);
      return held ? [{ key, held }] : [];
    });
    all.sort((a, b) => a.held.at - b.held.at);
    // nobody asks for what is that old, or for so many
    const stale = all.filter(({ held }, n) => held.at < now - MOST_MS || n < all.length - MOST);
    for (const { key } of stale) this.remove(key);
    return all.filter((one) => !stale.includes(one) && one.key.startsWith(this.prefix)).map(({ held }) => held);
  }

  /** Lets go of what was found: it is this page's now. */
  clear(): void {
    for (const key of this.keys()) if (key.startsWith(this.prefix)) this.remove(key);
    this.written = undefined;
  }

  /** Holds these words and, where one is given, this text; nothing of either is nothing. */
  put({ base, text, from, fields }: Omit<Held, 'at'>, now = Date.now()): void {
    if (text === undefined && !fields.length) {
      if (this.written) this.remove(this.written);
      this.written = undefined;
      this.holds = true;
      return;
    }
    const held: Held = text === undefined ? { base, fields, at: now } : { base, text, from, fields, at: now };
    const key = `${this.prefix}${base.hash}\n${this.page}`;
    try {
      if (!this.store) throw new Error('no storage');
      this.store.setItem(key, JSON.stringify(held));
      this.holds = true;
    } catch {
      // none is allowed, or it is full
      this.holds = false;
      return;
    }
    if (this.written && this.written !== key) this.remove(this.written);
    this.written = key;
  }

  private get prefix(): string {
    return `${PREFIX}${this.path}\n`;
  }

  private keys(): string[] {
    try {
      const all = Array.from({ length: this.store?.length ?? 0 }, (_, n) => this.store!.key(n));
      return all.filter((key): key is string => key !== null && key.startsWith(PREFIX));
    } catch {
      return [];
    }
  }

  private remove(key: string): void {
    try {
      this.store?.removeItem(key);
    } catch {
      // it stays, and is too old some day
    }
  }
}

function read(store: Store | undefined, key: string): Held | undefined {
  try {
    const held = JSON.parse(store?.getItem(key) ?? 'null') as Held | null;
    return held && typeof held.base?.text === 'string' && typeof held.at === 'number' && Array.isArray(held.fields) ? held : undefined;
  } catch {
    return undefined;
  }
}

/** The browser's own storage; nothing where it is turned off. */
export function ownStorage(): Store | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}
