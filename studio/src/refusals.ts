// In: what was typed in a field and could not be written into the text, with why. Out: the same, until it is written, or let go.
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
}

export class Refusals {
  private kept = new Map<string, Refused>();

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

  add(field: FieldOf, why: string): void {
    this.kept.set(field.name, { ...field, why });
    this.changed();
  }

  drop(name: string): void {
    if (this.kept.delete(name)) this.changed();
  }

  /** Lets go of fields that are no more: `names` are those of variables and of layers. */
  keepOf(names: string[]): void {
    for (const name of this.kept.keys()) {
      if (!names.some((own) => name === own || name.startsWith(`${own}.`))) this.drop(name);
    }
  }
}
