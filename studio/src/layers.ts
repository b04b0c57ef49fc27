// In: the flat list of boxes, in paint order. Out: which lies in which, and the edit that takes one elsewhere.
// A box's path begins with its group's path.
// Never: changes a box.

import type { Box, Edit } from './api';
import type { Rect } from './geometry';

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

/** The layer's name in an edit. */
export const layerOf = (box: Box): string => box.id ?? box.path;

/** A layer that is left out, or broken, may have no place: it then has none on the overlay. */
export const placed = (box: Box): Box => (typeof box.left === 'number' ? box : { ...box, left: 0, top: 0, width: 0, height: 0, rotate: 0, hidden: true });

const rounded = (n: number): number => Math.round(n * 100) / 100;

/** The edit that takes a box to another place on the canvas; nothing where it is there already. */
export function placing(box: Box, to: Rect): Edit[] {
  const changed = (['left', 'top', 'width', 'height', 'rotate'] as const).filter((key) => Math.abs(to[key] - box[key]) > 0.005);
  if (!changed.length) return [];
  const spot = Object.fromEntries(changed.map((key) => [key, rounded(to[key])]));
  return [{ op: 'place', layer: layerOf(box), ...spot }];
}

/** Where the copies of layers stand once they are made: each straight above its layer. */
export function copiesOf(paths: string[]): string[] {
  const parts = (path: string) => /^(.*\[)(\d+)\]$/.exec(path);
  return paths.flatMap((path) => {
    const own = parts(path);
    if (!own) return [];
    // a copy of a layer below moves those above it
    const below = paths.map(parts).filter((other) => other && other[1] === own[1] && Number(other[2]) < Number(own[2])).length;
    return [`${own[1]}${Number(own[2]) + below + 1}]`];
  });
}
