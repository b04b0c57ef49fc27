// In: two or three texts. Out: what differs line by line, and what both sides changed brought together.
// Lines keep their line ends, so that joining them gives the text back byte for byte.
// Never: decides between two sides that changed the same lines; it says that they did.

export interface Hunk {
  /** Lines of the old text: from, up to but not including. */
  a: [number, number];
  /** Lines of the new text. */
  b: [number, number];
}

export const lines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** What differs between two lists of lines, in order; nothing where they are equal. (Myers 1986, with equal ends cut off first.) */
export function diff(a: string[], b: string[]): Hunk[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let endA = a.length;
  let endB = b.length;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  if (start === endA && start === endB) return [];
  const pairs = matches(a.slice(start, endA), b.slice(start, endB));
  const hunks: Hunk[] = [];
  let [x, y] = [0, 0];
  for (const [px, py] of [...pairs, [endA - start, endB - start]]) {
    if (px > x || py > y) hunks.push({ a: [start + x, start + px], b: [start + y, start + py] });
    [x, y] = [px + 1, py + 1];
  }
  return hunks;
}

/** Pairs of equal lines of a shortest edit. Beyond 2,000 differences nothing is paired: the whole is one hunk. */
function matches(a: string[], b: string[]): [number, number][] {
  const most = Math.min(a.length + b.length, 2000);
  let furthest = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let d = 0; d <= most; d++) {
    trace.push(new Map(furthest));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
      let x = down ? (furthest.get(k + 1) ?? 0) : (furthest.get(k - 1) ?? 0) + 1;
      let y = x - k;
      while (x < a.length && y < b.length && a[x] === b[y]) {
        x++;
        y++;
      }
      furthest.set(k, x);
      if (x >= a.length && y >= b.length) return walkBack(trace, a.length, b.length);
    }
    furthest = new Map(furthest);
  }
  return [];
}

function walkBack(trace: Map<number, number>[], x: number, y: number): [number, number][] {
  const pairs: [number, number][] = [];
  for (let d = trace.length - 1; d >= 0; d--) {
    const furthest = trace[d];
    const k = x - y;
    const down = k === -d || (k !== d && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
    const before = down ? k + 1 : k - 1;
    const fromX = d === 0 ? 0 : (furthest.get(before) ?? 0);
    const fromY = d === 0 ? 0 : fromX - before;
    while (x > fromX && y > fromY) {
      x--;
      y--;
      pairs.push([x, y]);
    }
    [x, y] = [fromX, fromY];
  }
  return pairs.reverse();
}

export type Piece = { kind: 'same'; text: string } | { kind: 'conflict'; base: string; mine: string; theirs: string };

/**
 * Both sides' changes to one text. A piece is a `conflict` where both changed the same or touching lines, and not alike.
 */
export function merge(base: string, mine: string, theirs: string): Piece[] {
  if (mine === theirs || theirs === base) return [{ kind: 'same', text: mine }];
  if (mine === base) return [{ kind: 'same', text: theirs }];
  const [o, a, b] = [lines(base), lines(mine), lines(theirs)];
  const sides = [...diff(o, a).map((hunk) => ({ hunk, side: 0 })), ...diff(o, b).map((hunk) => ({ hunk, side: 1 }))];
  sides.sort((p, q) => p.hunk.a[0] - q.hunk.a[0] || p.hunk.a[1] - q.hunk.a[1]);
  const pieces: Piece[] = [];
  const same = (text: string) => {
    const last = pieces[pieces.length - 1];
    if (last?.kind === 'same') last.text += text;
    else if (text) pieces.push({ kind: 'same', text });
  };
  // how far each side's lines are from the base's
  const shift = [0, 0];
  let at = 0;
  for (let i = 0; i < sides.length; ) {
    const from = sides[i].hunk.a[0];
    let to = sides[i].hunk.a[1];
    const group = [sides[i++]];
    while (i < sides.length && sides[i].hunk.a[0] <= to) {
      to = Math.max(to, sides[i].hunk.a[1]);
      group.push(sides[i++]);
    }
    same(o.slice(at, from).join(''));
    const text = [a, b].map((side, n) => {
      const grown = group.filter((g) => g.side === n).reduce((sum, { hunk }) => sum + hunk.b[1] - hunk.b[0] - hunk.a[1] + hunk.a[0], 0);
      const cut = side.slice(from + shift[n], to + shift[n] + grown).join('');
      shift[n] += grown;
      return cut;
    });
    const old = o.slice(from, to).join('');
    if (text[0] === text[1] || text[1] === old) same(text[0]);
    else if (text[0] === old) same(text[1]);
    else pieces.push({ kind: 'conflict', base: old, mine: text[0], theirs: text[1] });
    at = to;
  }
  same(o.slice(at).join(''));
  return pieces;
}

/** The merged text, or nothing where a person has to decide. */
export function merged(pieces: Piece[]): string | undefined {
  return pieces.every((p) => p.kind === 'same') ? pieces.map((p) => (p.kind === 'same' ? p.text : '')).join('') : undefined;
}

/** The smallest single replacement that makes `b` of `a`; never within a surrogate pair. */
export function replacement(a: string, b: string): { from: number; to: number; insert: string } {
  const isLow = (text: string, i: number) => text.charCodeAt(i) >= 0xdc00 && text.charCodeAt(i) < 0xe000;
  let from = 0;
  while (from < a.length && from < b.length && a[from] === b[from]) from++;
  if (from > 0 && (isLow(a, from) || isLow(b, from))) from--;
  let end = 0;
  while (end < a.length - from && end < b.length - from && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  if (end > 0 && (isLow(a, a.length - end) || isLow(b, b.length - end))) end--;
  return { from, to: a.length - end, insert: b.slice(from, b.length - end) };
}
