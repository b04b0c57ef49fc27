// In: the flat list of boxes, in paint order. Out: which lies in which.
// A box's path begins with its group's path.
// Never: changes a box.

import type { Box } from './api';

export const isWithin = (inner: { path: string }, outer: { path: string }): boolean =>
  inner.path !== outer.path && inner.path.startsWith(outer.path) && /^[./[]/.test(inner.path.slice(outer.path.length));

/** The groups that a box lies in, the nearest first. */
export const chainOf = (boxes: Box[], box: Box): Box[] => boxes.filter((other) => isWithin(box, other)).sort((a, b) => b.path.length - a.path.length);

/** The box beneath the chosen one at a point; the topmost where there is none. */
export function nextIn(found: Box[], chosen: string | undefined): Box | undefined {
  const now = found.findIndex((box) => box.path === chosen);
  return found[(now + 1) % Math.max(1, found.length)];
}

/** Boxes as a list shows them: the topmost first, a group before what lies in it. */
export function listed(boxes: Box[]): { box: Box; depth: number }[] {
  const under = (parent: Box | undefined): { box: Box; depth: number }[] => {
    const own = boxes.filter((box) => chainOf(boxes, box)[0] === parent).reverse();
    return own.flatMap((box) => [{ box, depth: 0 }, ...under(box).map((item) => ({ ...item, depth: item.depth + 1 }))]);
  };
  return under(undefined);
}

/** The boxes that lie beside one: in the same group, in paint order. */
export function beside(boxes: Box[], box: Box): Box[] {
  const parent = chainOf(boxes, box)[0];
  return boxes.filter((other) => chainOf(boxes, other)[0] === parent);
}

/** What a list calls a layer: its id, else its words or file, else its type. */
export function nameOf(box: Box): string {
  if (box.id) return box.id;
  const words = box.values.text?.value ?? box.values.src?.value;
  return typeof words === 'string' && words.trim() ? words.trim().slice(0, 40) : box.type;
}
