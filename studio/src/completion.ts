// In: the text up to the cursor, the templates' JSON Schema, what the project offers. Out: keys and values that fit there.
// The schema is the program's own (`storypress schema`), so a new key is completed without a change here.
// Never: parses TOML beyond what a line and the header above it tell.

import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';

/** A JSON Schema, as far as it is read here. */
export interface Schema {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  title?: string;
  description?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  $ref?: string;
  $defs?: Record<string, Schema>;
}

/** Names that the project gives. */
export interface Names {
  variables: string[];
  colors: string[];
  fonts: string[];
  styles: string[];
  assets: string[];
}

interface Table {
  /** `layer.children` of `[[layer.children]]`; empty above the first header. */
  name: string;
  /** Everything from the header to the cursor's line. */
  lines: string[];
}

export function complete(schema: Schema, names: Names) {
  return (context: CompletionContext): CompletionResult | null => {
    const doc = context.state.doc;
    const line = doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    const tail = context.matchBefore(/[\w$./-]*/) ?? { from: context.pos, to: context.pos, text: '' };
    if (before.trimStart().startsWith('#')) return null;
    if (/\{\{[^}]*$/.test(before)) return offer(tail.from, names.variables.map((label) => ({ label, type: 'variable' })));
    if (/^\s*\[+[\w.]*$/.test(before)) return tables(schema, tail.from);
    const table = tableAt(doc.sliceString(0, line.from), doc.sliceString(line.to, Math.min(doc.length, line.to + 4000)));
    const key = /^\s*([\w.-]+)\s*=\s*(.*)$/.exec(before);
    if (!key) {
      if (!/^\s*[\w-]*$/.test(before) || (!tail.text && !context.explicit)) return null;
      return offer(tail.from, keys(schema, table));
    }
    const inner = /[{,]\s*([\w-]*)$/.exec(key[2]);
    const of = resolve(schema, properties(schema, table)[key[1].split('.')[0]]);
    if (inner && key[2].includes('{')) return offer(tail.from, entries(merged(schema, of)));
    const inText = /"[^"]*$/.test(key[2]);
    if (!inText && !context.explicit && !tail.text) return null;
    return offer(tail.from, values(schema, key[1], of, names, inText));
  };
}

function offer(from: number, options: Completion[]): CompletionResult | null {
  return options.length ? { from, options, validFor: /^[\w$./-]*$/ } : null;
}

function tables(schema: Schema, from: number): CompletionResult | null {
  const options = Object.entries(schema.properties ?? {}).flatMap(([name, of]): Completion[] => {
    const it = resolve(schema, of);
    if (it.type !== 'object' && it.type !== 'array') return [];
    return [{ label: name, type: 'namespace', detail: it.type === 'array' ? '[[…]]' : '[…]', info: of.description }];
  });
  return offer(from, [...options, { label: 'layer.children', type: 'namespace', detail: '[[…]]' }]);
}

function tableAt(above: string, below: string): Table {
  const lines = above.split('\n');
  for (let i = lines.length - 1; i >= 0; i--) {
    const header = /^\s*\[+\s*([\w.-]+)\s*\]+/.exec(lines[i]);
    if (!header) continue;
    const rest = below.split('\n');
    const end = rest.findIndex((line) => /^\s*\[/.test(line));
    return { name: header[1], lines: [...lines.slice(i + 1), ...rest.slice(0, end < 0 ? rest.length : end)] };
  }
  return { name: '', lines };
}

function resolve(schema: Schema, of: Schema | undefined): Schema {
  const name = of?.$ref?.replace('#/$defs/', '');
  return (name && schema.$defs?.[name]) || of || {};
}

/** All properties that any of the forms of a value has. */
function merged(schema: Schema, of: Schema): Record<string, Schema> {
  const it = resolve(schema, of);
  const more = [...(it.anyOf ?? []), ...(it.oneOf ?? []), ...(it.items ? [it.items] : [])];
  return Object.assign({}, ...more.map((form) => merged(schema, form)), it.properties ?? {});
}

function properties(schema: Schema, table: Table): Record<string, Schema> {
  const [first, ...rest] = table.name.split('.');
  if (first === '') return schema.properties ?? {};
  if (first !== 'layer') {
    const own = resolve(schema, schema.properties?.[first]);
    const any = typeof own.additionalProperties === 'object' ? own.additionalProperties : undefined;
    return rest.length && any ? merged(schema, any) : merged(schema, own);
  }
  const kind = table.lines.map((line) => /^\s*type\s*=\s*["'](\w+)/.exec(line)?.[1]).find(Boolean);
  const forms = resolve(schema, { $ref: '#/$defs/layer' }).anyOf ?? [];
  const fitting = forms.filter((form) => !kind || form.properties?.type?.const === kind);
  let found: Record<string, Schema> = Object.assign({}, ...fitting.map((form) => form.properties ?? {}));
  const kinds = forms.map((form) => form.properties?.type?.const);
  found = { ...found, type: { enum: kinds, description: found.type?.description ?? 'What kind of layer it is.' } };
  const deeper = rest.filter((part) => part !== 'children');
  return deeper.length ? merged(schema, found[deeper[0]] ?? {}) : found;
}

function keys(schema: Schema, table: Table): Completion[] {
  const taken = new Set(table.lines.map((line) => /^\s*([\w-]+)\s*=/.exec(line)?.[1]));
  return entries(properties(schema, table)).filter((entry) => !taken.has(entry.label));
}

const entries = (of: Record<string, Schema>): Completion[] =>
  Object.entries(of).map(([label, it]) => ({ label, type: 'property', info: it.description, apply: `${label} = ` }));

function values(schema: Schema, key: string, of: Schema, names: Names, inText: boolean): Completion[] {
  const forms = flat(schema, of);
  const text = (label: string): Completion => ({ label, type: 'text', apply: inText ? label : JSON.stringify(label) });
  const options = forms.flatMap((form) => form.enum ?? []).map((value) => (typeof value === 'string' ? text(value) : { label: String(value) }));
  if (!inText && forms.some((form) => form.type === 'boolean' && key !== 'when')) options.push({ label: 'true' }, { label: 'false' });
  if (/^(color|fill|background|backdrop)$/.test(key.split('.').pop() ?? '')) options.push(...names.colors.map((name) => text(`$${name}`)));
  if (key === 'style') options.push(...names.styles.map(text));
  if (key === 'font') options.push(...names.fonts.map(text));
  if (key === 'src' || key === 'image' || key === 'default') options.push(...names.assets.map(text));
  return options;
}

function flat(schema: Schema, of: Schema): Schema[] {
  const it = resolve(schema, of);
  return [it, ...[...(it.anyOf ?? []), ...(it.oneOf ?? [])].flatMap((form) => flat(schema, form))];
}
