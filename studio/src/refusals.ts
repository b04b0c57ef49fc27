// In: what was typed in a field and is not in the text, with why. Out: the same, until it is written, or let go.
// Never: lets words go unasked.

/** A field of the page, and what stands in it. */
export interface FieldOf {
  /** `vars.NAME`, or a layer and its key. */
  name: string;
  label: string;
  words: string;
}

export interface Refused extends FieldOf {
  why: string;
  /** What the text had there then. */
  stood?: string;
}

/** Why words are not in the text that nobody has answered about: the page was left before. */
export const UNANSWERED = 'the page was left before it was written.';

export class Refusals {
  private kept = new Map<string, Refused>();
  /** Words that are on their way. */
  private sent = new Map<string, Refused>();
  /** Words of before a reload, until it is known what stands in their place now. */
  private back: Refused[] = [];

  constructor(private readonly changed: () => void) {}

  of(name: string): Refused | undefined {
    return this.kept.get(name);
  }

  get any(): boolean {
    return this.kept.size > 0;
  }

  /** What the fields are called. */
  get labels(): string[] {
    return [...this.kept.values()].map((refused) => refused.label);
  }

  /** All that a reload would lose. */
  get all(): Refused[] {
    return [...new Map([...this.kept, ...this.sent]).values()];
  }

  add(field: FieldOf, why: string, stood?: string): void {
    this.sent.delete(field.name);
    this.kept.set(field.name, { ...field, why, stood: stood ?? this.kept.get(field.name)?.stood });
    this.changed();
  }

  /** Words go to the server; `drop` or `add` says what came of it. */
  send(field: FieldOf, stood?: string): void {
    this.sent.set(field.name, { ...field, why: UNANSWERED, stood });
    this.changed();
  }

  /** `words`: those that were taken; what was sent since is still on its way. */
  drop(name: string, words?: string): void {
    const isOver = words === undefined || this.sent.get(name)?.words === words;
    const [sent, kept] = [isOver && this.sent.delete(name), this.kept.delete(name)];
    if (sent || kept) this.changed();
  }

  /** Takes up what a page held that was left. */
  putBack(fields: Refused[]): void {
    for (const field of fields) {
      if (this.kept.has(field.name)) continue;
      this.kept.set(field.name, field);
      this.back.push(field);
    }
    if (fields.length) this.changed();
  }

  /** Says of words of before a reload what has changed in their place since. `now`: what the text has for a field. */
  compare(now: (name: string) => string | undefined): void {
    for (const field of this.back) {
      const stands = now(field.name);
      if (this.kept.get(field.name) !== field || field.stood === undefined || stands === undefined || stands === field.stood) continue;
      this.kept.set(field.name, { ...field, stood: stands, why: `${field.why.replace(/[.!]?$/, '.')} Meanwhile the template got another value here: “${stands}”.` });
    }
    if (this.back.length) this.changed();
    this.back = [];
  }

  /** Lets go of fields that are no more, and answers with them: `names` are those of variables and of layers. */
  keepOf(names: string[]): Refused[] {
    const gone = [...this.kept.values()].filter(({ name }) => !names.some((own) => name === own || name.startsWith(`${own}.`)));
    for (const { name } of gone) this.drop(name);
    return gone;
  }
}
