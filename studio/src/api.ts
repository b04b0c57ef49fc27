// In: what the editor wants of the server. Out: its answers, typed; a `Refusal` where it says no.
// Paths of templates are the project's own (`templates/menu.toml`); every call stays on this origin.
// Never: decides what to do about a refusal.

import type { Wire } from './journal';
import { parts } from './multipart';

export interface Span {
  start: number;
  end: number;
}

export interface Origin {
  kind: 'here' | 'base' | 'style' | 'default' | 'expression';
  file?: string;
  span?: Span;
  computed?: boolean;
}

export interface Value {
  value: unknown;
  origin: Origin;
}

export interface Box {
  path: string;
  id?: string;
  type: string;
  left: number;
  top: number;
  width: number;
  height: number;
  rotate: number;
  /** A row or column places it. */
  in_flow?: boolean;
  hidden?: boolean;
  file?: string;
  span?: Span;
  lines?: { left: number; top: number; width: number; height: number; start: number; end: number }[];
  values: Record<string, Value>;
}

export interface Diagnostic {
  severity: 'error' | 'warning';
  code: string;
  message: string;
  hint?: string;
  file?: string;
  line?: number;
  column?: number;
  start?: number;
  end?: number;
}

export interface Variable {
  name: string;
  type: string;
  /** As the template's list gives it, or with its origin as a preview does. */
  default?: unknown;
  /** What it is in this story. */
  value?: unknown;
  label?: string;
  max_chars?: number;
}

export interface Template {
  path: string;
  text: string;
  hash: string;
  variables: Variable[];
  diagnostics: Diagnostic[];
}

export interface Row {
  row: number;
  /** What stands in its `id` or `key`. */
  key?: string | null;
  diagnostics: Diagnostic[];
  why?: string[];
  values?: Record<string, unknown>;
}

export interface Look {
  hash: string;
  variables: Variable[];
  boxes: Box[];
  diagnostics: Diagnostic[];
}

export interface Shown extends Partial<Look> {
  picture?: Blob;
  /** What the server says the picture was made from. */
  text?: string;
}

/** What a project offers to a form and to completion. */
export interface Palette {
  colors: Record<string, string>;
  fonts: { name: string; path?: string }[];
  styles: string[];
  assets: { path: string; kind: string }[];
  data: string[];
  /** Base → the templates that build on it. */
  bases: Record<string, string[]>;
  upload?: string;
  /** The project's time zone. */
  zone?: string;
}

export interface PreviewRequest {
  template: string;
  text: string;
  data?: string;
  row?: number | string;
  set?: Record<string, string>;
  now?: string;
  scale: number;
  guides?: boolean;
}

export type Edit =
  | { layer: string; key: string; value: unknown; override?: boolean }
  | { op: 'place'; layer: string; left?: number; top?: number; width?: number; height?: number; rotate?: number; override?: boolean }
  | { op: 'insert' | 'delete' | 'move' | 'duplicate' | 'group'; layer?: string; [more: string]: unknown };

export interface Edited {
  text: string;
  hash: string;
  diagnostics: Diagnostic[];
}

export class Refusal extends Error {
  readonly status: number;
  readonly problem: { type?: string; detail?: string; title?: string; origin?: Origin; diagnostics?: Diagnostic[] };

  constructor(status: number, problem: Refusal['problem']) {
    super(problem.detail || problem.title || `the server answered ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

const ROOT = '/api/v1/';

/** A path as it is in an address: its slashes stay. */
export const inAddress = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

async function call(method: string, path: string, body?: BodyInit | object, headers: Record<string, string> = {}, keepalive = false): Promise<Response> {
  const plain = body === undefined || typeof body === 'string' || body instanceof FormData;
  const answer = await fetch(ROOT + path, {
    method,
    keepalive,
    headers: plain ? headers : { 'Content-Type': 'application/json', ...headers },
    body: plain ? (body as BodyInit | undefined) : JSON.stringify(body),
    cache: 'no-store',
  }).catch(() => {
    throw new Refusal(0, { detail: 'The studio does not answer. Is it still running?' });
  });
  if (!answer.ok) throw new Refusal(answer.status, await answer.json().catch(() => ({})));
  return answer;
}

/** A name of its own for each act, so that a repeated request does it once. */
const act = (): Record<string, string> => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return { 'Idempotency-Key': Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('') };
};

export const template = async (path: string): Promise<Template> => (await call('GET', `templates/${inAddress(path)}`)).json();

export const schema = async () => (await call('GET', 'schema')).json();

export const palette = async (): Promise<Palette> => (await call('GET', 'palette')).json();

/** The rows of a data file; the `worst` that strain the template most, with why. */
export async function rows(of: string, data: string, worst?: number): Promise<Row[]> {
  const query = new URLSearchParams({ template: of, data });
  if (worst) query.set('worst', String(worst));
  return (await (await call('GET', `rows?${query}`)).json()).items;
}

/** Writes a template. `hash`: of the text that it takes the place of; without it, as a new file. */
export async function write(path: string, text: string, hash: string | undefined, force = false): Promise<{ hash: string; diagnostics: Diagnostic[] }> {
  const condition: Record<string, string> = hash === undefined ? { 'If-None-Match': '*' } : { 'If-Match': `"${hash}"` };
  const headers = { ...condition, 'Content-Type': 'application/toml', ...act() };
  return (await call('PUT', `templates/${inAddress(path)}${force ? '?force=1' : ''}`, text, headers)).json();
}

/** What was done to a template's text, where anything was kept; and the tag of it. */
export async function journal(path: string): Promise<{ journal: Wire; tag: string } | undefined> {
  const answer = await call('GET', `undo/${inAddress(path)}`);
  if (answer.status === 204) return undefined;
  return { journal: await answer.json(), tag: tagOf(answer) };
}

/** Keeps it over the one with that tag, or as the first one. `leaving`: also after the page has gone, where it is short enough. */
export async function keepJournal(path: string, journal: Wire, tag?: string, leaving = false): Promise<string> {
  const condition: Record<string, string> = tag === undefined ? { 'If-None-Match': '*' } : { 'If-Match': tag === '*' ? '*' : `"${tag}"` };
  const body = JSON.stringify(journal);
  // a browser takes 64 KiB along
  const short = leaving && new TextEncoder().encode(body).length < 60_000;
  return tagOf(await call('PUT', `undo/${inAddress(path)}`, body, { 'Content-Type': 'application/json', ...condition }, short));
}

const tagOf = (answer: Response): string => (answer.headers.get('ETag') ?? '').replaceAll('"', '');

export const edit = async (of: string, text: string, edits: Edit[]): Promise<Edited> =>
  (await call('POST', 'edit', { template: of, text, edits })).json();

/** `name`: under another name than its own. `force`: over the file that is there. */
export async function upload(file: File, to: string, name?: string, force = false): Promise<string> {
  const form = new FormData();
  // a place that ends in a slash takes the file's own name
  const folder = to.endsWith('/') ? to : `${to}/`;
  form.set('to', name ? `${folder}${name}` : folder);
  form.set('file', file);
  return (await (await call('POST', `assets${force ? '?force=1' : ''}`, form)).json()).path;
}

/** Picture, boxes and diagnostics of one text in one answer; without the picture where an error is in its way. */
export async function preview(request: PreviewRequest): Promise<Shown> {
  try {
    const answer = await call('POST', 'preview', request, { Accept: 'multipart/mixed, image/jpeg;q=0.5' });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const shown: Shown = { text: answer.headers.get('Storypress-Text') ?? undefined };
    for (const { headers, body } of parts(answer.headers.get('Content-Type') ?? '', bytes)) {
      const type = headers.get('content-type') ?? '';
      if (type.startsWith('image/')) shown.picture = new Blob([body], { type });
      else Object.assign(shown, JSON.parse(new TextDecoder().decode(body)));
    }
    return shown;
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 422) throw error;
    return (await call('POST', 'preview', request, { Accept: 'application/json' })).json();
  }
}

export const asset = (path: string): string => `${ROOT}assets/${inAddress(path)}`;

/** A refusal in words, with the hint where there is one. */
export function said(error: unknown): string {
  const found = error instanceof Refusal ? error.problem.diagnostics?.[0] : undefined;
  const hint = found?.hint ? ` ${found.hint}` : '';
  return `${error instanceof Error ? error.message : String(error)}${found && !String(error).includes(found.message) ? ` — ${found.message}.${hint}` : ''}`;
}
