// In: boxes in canvas units, turned clockwise about their centres. Out: where points lie in them, and boxes that were
// moved, resized or turned. Origin top-left, y down; degrees.
// Never: touches the page.

export const CANVAS = { width: 1080, height: 1920 };
/** Units that the app's own chrome covers at the top and at the bottom. */
export const SAFE = 240;

export interface Point {
  x: number;
  y: number;
}

export interface Rect {
  left: number;
  top: number;
  width: number;
  height: number;
  /** Degrees clockwise. */
  rotate: number;
}

/** Which edges a handle moves: -1 the left or top one, 1 the right or bottom one, 0 neither. */
export interface Handle {
  x: -1 | 0 | 1;
  y: -1 | 0 | 1;
}

export const HANDLES: Handle[] = [
  { x: -1, y: -1 },
  { x: 0, y: -1 },
  { x: 1, y: -1 },
  { x: 1, y: 0 },
  { x: 1, y: 1 },
  { x: 0, y: 1 },
  { x: -1, y: 1 },
  { x: -1, y: 0 },
];

export const centre = (r: Rect): Point => ({ x: r.left + r.width / 2, y: r.top + r.height / 2 });

export function turned(p: Point, degrees: number): Point {
  const a = (degrees * Math.PI) / 180;
  return { x: p.x * Math.cos(a) - p.y * Math.sin(a), y: p.x * Math.sin(a) + p.y * Math.cos(a) };
}

/** Whether the turned box holds the point; `margin` units around it count as well. */
export function holds(r: Rect, p: Point, margin = 0): boolean {
  const c = centre(r);
  const q = turned({ x: p.x - c.x, y: p.y - c.y }, -r.rotate);
  return Math.abs(q.x) <= r.width / 2 + margin && Math.abs(q.y) <= r.height / 2 + margin;
}

/** The upright box around a turned one. */
export function bounds(r: Rect): Rect {
  const c = centre(r);
  const a = (r.rotate * Math.PI) / 180;
  const width = Math.abs(r.width * Math.cos(a)) + Math.abs(r.height * Math.sin(a));
  const height = Math.abs(r.width * Math.sin(a)) + Math.abs(r.height * Math.cos(a));
  return { left: c.x - width / 2, top: c.y - height / 2, width, height, rotate: 0 };
}

/**
 * A box of which one handle was dragged by `by` (canvas units). The opposite point stays where it is; no side gets
 * shorter than `least`. `keep`: sides keep their ratio.
 */
export function resized(r: Rect, handle: Handle, by: Point, keep = false, least = 8): Rect {
  const local = turned(by, -r.rotate);
  let width = Math.max(least, r.width + handle.x * local.x);
  let height = Math.max(least, r.height + handle.y * local.y);
  if (keep && r.width > 0 && r.height > 0) {
    const factor = handle.x === 0 ? height / r.height : handle.y === 0 ? width / r.width : Math.max(width / r.width, height / r.height);
    width = r.width * factor;
    height = r.height * factor;
  }
  // the fixed point, from the centre, before and after
  const from = turned({ x: (-handle.x * r.width) / 2, y: (-handle.y * r.height) / 2 }, r.rotate);
  const to = turned({ x: (-handle.x * width) / 2, y: (-handle.y * height) / 2 }, r.rotate);
  const c = centre(r);
  const middle = { x: c.x + from.x - to.x, y: c.y + from.y - to.y };
  return { left: middle.x - width / 2, top: middle.y - height / 2, width, height, rotate: r.rotate };
}

/** Degrees from -180 up to, not including, 180. */
export const normal = (degrees: number): number => ((((degrees + 180) % 360) + 360) % 360) - 180;

/** The angle at which a handle above the box is pulled to `p`; in steps of 15° where `steps`. */
export function rotation(r: Rect, p: Point, steps: boolean): number {
  const c = centre(r);
  const degrees = (Math.atan2(p.y - c.y, p.x - c.x) * 180) / Math.PI + 90;
  const step = steps ? 15 : 1;
  return normal(Math.round(degrees / step) * step);
}
