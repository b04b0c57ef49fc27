// In: what answers of the server name. Out: what the page calls it: fonts, files, defaults, origins.
// Never: asks for anything.

import type { Origin, Variable } from './api';

/** What the page calls a font of the brand. */
export const faceOf = (name: string): string => `brand ${name}`;

/** A variable's default, as both answers of the server give it. */
export function defaultOf(variable: Variable): unknown {
  const written = variable.default;
  return written !== null && typeof written === 'object' && 'value' in written ? written.value : written;
}

export function whence(origin: Origin): string {
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

/** What the page calls a variable. */
export function labelOf(variable: Variable): string {
  const words = variable.label || variable.name.replace(/_/g, ' ');
  return words[0].toUpperCase() + words.slice(1);
}

/** A name for a file that none of `paths` has in its folder: `image-2.jpg` for `image.jpg`. */
export function freeName(name: string, paths: string[]): string {
  const names = new Set(paths.map((path) => path.split('/').pop()!.toLowerCase()));
  const dot = name.lastIndexOf('.');
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  for (let n = 2; ; n++) {
    const free = `${stem}-${n}${ending}`;
    if (!names.has(free.toLowerCase())) return free;
  }
}

/** What the field of a variable is called. */
export const fieldOf = (variable: Variable): string => `vars.${variable.name}`;

/** A file by its name, or by its path where several have that name. */
export function calledAmong(paths: string[], path: string): string {
  const name = (of: string) => of.split('/').pop() ?? of;
  return paths.filter((other) => name(other) === name(path)).length > 1 ? path : name(path);
}
