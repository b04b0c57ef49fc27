// In: the upright box that moves, the boxes that stay, how near counts. Out: how far it has to move to meet an edge,
// a centre, the safe zone or an equal gap, and the lines that show it.
// Never: changes a box; the caller does, or not, as a key says.

import { CANVAS, Rect, SAFE } from './geometry';

export interface Guide {
  /** `x`: an upright line at `at`; `y`: a level one. */
  axis: 'x' | 'y';
  at: number;
  from: number;
  to: number;
  kind: 'edge' | 'centre' | 'safe' | 'gap';
}

export interface Snap {
  dx: number;
  dy: number;
  guides: Guide[];
}

/** Which of the moving box's places take part: all while it moves, the dragged edges alone while it is resized. */
export interface Places {
  x: ('start' | 'centre' | 'end')[];
  y: ('start' | 'centre' | 'end')[];
}

export const ALL: Places = { x: ['start', 'centre', 'end'], y: ['start', 'centre', 'end'] };

interface Interval {
  start: number;
  end: number;
}

interface Candidate {
  by: number;
  guides: Guide[];
  rank: number;
}

export function snap(moving: Rect, others: Rect[], near: number, places: Places = ALL): Snap {
  const x = along('x', moving, others, near, places.x);
  const y = along('y', moving, others, near, places.y);
  return { dx: x?.by ?? 0, dy: y?.by ?? 0, guides: [...(x?.guides ?? []), ...(y?.guides ?? [])] };
}

const on = (axis: 'x' | 'y', r: Rect): Interval =>
  axis === 'x' ? { start: r.left, end: r.left + r.width } : { start: r.top, end: r.top + r.height };

const across = (axis: 'x' | 'y'): 'x' | 'y' => (axis === 'x' ? 'y' : 'x');

function along(axis: 'x' | 'y', moving: Rect, others: Rect[], near: number, names: Places['x']): Candidate | undefined {
  const own = on(axis, moving);
  const side = on(across(axis), moving);
  const at = { start: own.start, centre: (own.start + own.end) / 2, end: own.end };
  const found: Candidate[] = [];
  const consider = (by: number, rank: number, guides: Guide[]) => {
    if (Math.abs(by) <= near) found.push({ by, rank, guides });
  };
  for (const line of lines(axis, others)) {
    for (const name of names) {
      const guide = { axis, at: line.at, kind: line.kind, from: Math.min(line.from, side.start), to: Math.max(line.to, side.end) };
      consider(line.at - at[name], line.kind === 'safe' ? 0 : 1, [guide]);
    }
  }
  if (names.length === 3) for (const gap of gaps(axis, moving, others)) consider(gap.by, 2, gap.guides);
  // the nearest; of equals the one that means most
  found.sort((p, q) => Math.abs(p.by) - Math.abs(q.by) || p.rank - q.rank);
  return found[0];
}

interface Line {
  at: number;
  kind: Guide['kind'];
  from: number;
  to: number;
}

function lines(axis: 'x' | 'y', others: Rect[]): Line[] {
  const whole = axis === 'x' ? CANVAS.width : CANVAS.height;
  const length = axis === 'x' ? CANVAS.height : CANVAS.width;
  const full = { from: 0, to: length };
  const found: Line[] = [
    { at: 0, kind: 'edge', ...full },
    { at: whole / 2, kind: 'centre', ...full },
    { at: whole, kind: 'edge', ...full },
  ];
  if (axis === 'y') found.push({ at: SAFE, kind: 'safe', ...full }, { at: whole - SAFE, kind: 'safe', ...full });
  for (const other of others) {
    const it = on(axis, other);
    const side = on(across(axis), other);
    const reach = { from: side.start, to: side.end };
    found.push({ at: it.start, kind: 'edge', ...reach }, { at: (it.start + it.end) / 2, kind: 'centre', ...reach }, { at: it.end, kind: 'edge', ...reach });
  }
  return found;
}

/** Places at which the gaps to two neighbours are equal, or equal to a gap that is there already. */
function gaps(axis: 'x' | 'y', moving: Rect, others: Rect[]): { by: number; guides: Guide[] }[] {
  const own = on(axis, moving);
  const side = on(across(axis), moving);
  const beside = others
    .filter((o) => on(across(axis), o).start < side.end && on(across(axis), o).end > side.start)
    .map((o) => on(axis, o))
    .sort((p, q) => p.start - q.start);
  const middle = (side.start + side.end) / 2;
  const mark = (from: number, to: number): Guide => ({ axis: across(axis), at: middle, from, to, kind: 'gap' });
  const size = own.end - own.start;
  const found: { by: number; guides: Guide[] }[] = [];
  for (let i = 0; i < beside.length; i++) {
    for (let j = i + 1; j < beside.length; j++) {
      const [first, second] = [beside[i], beside[j]];
      const gap = second.start - first.end;
      if (gap <= 0) continue;
      if (gap > size) {
        const start = first.end + (gap - size) / 2;
        found.push({ by: start - own.start, guides: [mark(first.end, start), mark(start + size, second.start)] });
      }
      found.push({ by: second.end + gap - own.start, guides: [mark(first.end, second.start), mark(second.end, second.end + gap)] });
      found.push({ by: first.start - gap - own.end, guides: [mark(first.start - gap, first.start), mark(first.end, second.start)] });
    }
  }
  return found;
}
