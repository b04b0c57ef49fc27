// In: a text with line ends of any kind. Out: the way between it and the same text with \n alone, which CodeMirror holds.
// Never: changes a line end that a person did not touch.

import { replacement } from './diff';

export const plain = (text: string): string => text.replace(/\r\n?/g, '\n');

/** Where an offset of the text is once every \r\n is one character. */
export const toPlain = (text: string, at: number): number => (text.includes('\r') ? plain(text.slice(0, at)).length : at);

/** Where an offset of the plain text is in the text itself. */
export function fromPlain(text: string, at: number): number {
  if (!text.includes('\r')) return at;
  let own = 0;
  for (let seen = 0; seen < at && own < text.length; seen++) own += text[own] === '\r' && text[own + 1] === '\n' ? 2 : 1;
  return own;
}

/** The text after its plain form was changed to `next`: new lines end as its first line does, all others stay. */
export function typed(text: string, next: string): string {
  if (!text.includes('\r')) return next;
  const { from, to, insert } = replacement(plain(text), next);
  const end = /\r\n|\n|\r/.exec(text)?.[0] ?? '\n';
  return text.slice(0, fromPlain(text, from)) + insert.replace(/\n/g, end) + text.slice(fromPlain(text, to));
}
