// In: the picture and the boxes of its layers. Out: the picture with an overlay to choose, move, resize and turn them.
// While something is dragged only the overlay moves, each frame; the text changes once, on release.
// Never: draws a layer; what is seen is the server's picture.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Box } from './api';
import type { Editor } from './editor';
import { CANVAS, HANDLES, bounds, centre, holds, normal, resized, rotation, turned, type Handle, type Point, type Rect } from './geometry';
import { chainOf, isWithin, layerOf, nextIn } from './layers';
import { snap, type Guide, type Places } from './snap';
import { TextOnPicture } from './textbox';
import { useEditor } from './view';

/** Pixels of the screen within which a box snaps. */
const SNAP_PX = 6;
/** Pixels that a pointer may shake in a click. */
const SHAKE_PX = 3;
const NUDGE_MS = 250;

interface Drag {
  kind: 'move' | 'resize' | 'turn';
  handle?: Handle;
  from: Point;
  boxes: Box[];
  /** What a click, without a move, selects. */
  click?: string;
  moved: boolean;
}

export function Stage({ editor, zoom }: { editor: Editor; zoom: number | 'fit' }) {
  useEditor(editor);
  const frame = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const watched = new ResizeObserver(([entry]) => setRoom({ width: entry.contentRect.width, height: entry.contentRect.height }));
    if (frame.current) watched.observe(frame.current);
    return () => watched.disconnect();
  }, []);
  const fit = Math.min((room.width - 48) / CANVAS.width, (room.height - 40) / CANVAS.height);
  const scale = Math.max(0.1, zoom === 'fit' ? fit : zoom);
  useEffect(() => {
    editor.shownWidth = scale * CANVAS.width;
    if (editor.ready && room.width) editor.refresh();
  }, [scale]);
  const size = { width: `${scale * CANVAS.width}px`, height: `${scale * CANVAS.height}px` };
  return (
    <div class="stage" ref={frame}>
      <p class={`freshness ${editor.updating ? 'updating' : editor.undrawn ? 'undrawn' : ''}`} role="status">
        {editor.offline ? 'no answer' : editor.updating ? 'updating' : editor.undrawn ? (editor.picture ? 'an older picture: there are errors' : 'no picture: there are errors') : 'up to date'}
      </p>
      <div class="board" style={size}>
        {editor.picture ? (
          <img class="picture" src={editor.picture} alt={`${editor.path} as it will go out`} draggable={false} />
        ) : (
          <p class="no-picture">{editor.ready && !editor.updating ? 'No picture: the messages under the text say why.' : 'The first picture is being made …'}</p>
        )}
        {editor.before ? <img class="picture" src={editor.before} alt="As it is saved" /> : <Overlay editor={editor} scale={scale} />}
        {editor.before && <p class="tag">Saved</p>}
      </div>
    </div>
  );
}

function Overlay({ editor, scale }: { editor: Editor; scale: number }) {
  const svg = useRef<SVGSVGElement>(null);
  const [ghosts, setGhosts] = useState<Map<string, Rect>>(new Map());
  const [guides, setGuides] = useState<Guide[]>([]);
  const [over, setOver] = useState<string>();
  const [writing, setWriting] = useState<string>();
  const drag = useRef<Drag | undefined>(undefined);
  const nudge = useRef<{ timer: number; by: (r: Rect) => Rect } | undefined>(undefined);

  // the ghost stays until the picture shows the box where it was left
  useEffect(() => {
    if (!editor.updating && !drag.current && !nudge.current && ghosts.size) setGhosts(new Map());
  });

  const at = (event: PointerEvent | MouseEvent): Point => {
    const box = svg.current!.getBoundingClientRect();
    return { x: ((event.clientX - box.left) / box.width) * CANVAS.width, y: ((event.clientY - box.top) / box.height) * CANVAS.height };
  };
  const free = (box: Box) => !editor.locked.has(box.path) && !box.hidden;
  const hits = (p: Point): Box[] => editor.boxes.filter((box) => free(box) && holds(box, p)).reverse();
  const rectOf = (box: Box): Rect => ghosts.get(box.path) ?? box;

  function down(event: PointerEvent) {
    if (event.button !== 0 || writing) return;
    const target = (event.target as Element).closest<SVGElement>('[data-handle]');
    const p = at(event);
    const chosen = editor.selectedBoxes.filter(free);
    svg.current!.setPointerCapture(event.pointerId);
    if (target) {
      const [x, y] = target.dataset.handle!.split(',').map(Number);
      const turn = target.dataset.handle === 'turn';
      drag.current = { kind: turn ? 'turn' : 'resize', handle: turn ? undefined : ({ x, y } as Handle), from: p, boxes: chosen, moved: false };
      return;
    }
    const found = hits(p);
    const under = event.altKey ? nextIn(found, editor.selected[0]) : topmost(found);
    const held = chosen.some((box) => holds(box, p));
    if (event.shiftKey && under) {
      const rest = editor.selected.filter((path) => path !== under.path);
      editor.select(rest.length < editor.selected.length ? rest : [...rest, under.path]);
      return;
    }
    if (!held || event.altKey) editor.select(under ? [under.path] : []);
    const boxes = editor.selectedBoxes.filter(free);
    drag.current = { kind: 'move', from: p, boxes: withoutInner(movable(editor, boxes)), click: under?.path, moved: false };
  }

  function move(event: PointerEvent) {
    const p = at(event);
    const held = drag.current;
    if (!held) {
      const under = topmost(hits(p))?.path;
      if (under !== over) setOver(under);
      return;
    }
    const by = { x: p.x - held.from.x, y: p.y - held.from.y };
    if (!held.moved && Math.hypot(by.x, by.y) * scale < SHAKE_PX) return;
    held.moved = true;
    const found = dragged(held, p, by, event, editor.boxes.filter(free), SNAP_PX / scale);
    setGhosts(found.ghosts);
    setGuides(found.guides);
  }

  async function up() {
    const held = drag.current;
    drag.current = undefined;
    setGuides([]);
    if (!held) return;
    if (!held.moved) {
      if (held.kind === 'move') editor.select(held.click ? [held.click] : []);
      return;
    }
    const changes = held.boxes.map((box) => ({ box, to: ghosts.get(box.path) ?? box }));
    const word = { move: 'Move', resize: 'Resize', turn: 'Turn' }[held.kind];
    if (!(await editor.place(changes, `${word} ${names(held.boxes)}`))) setGhosts(new Map());
  }

  /** Moves by keys at once on the overlay, and in the text when the keys rest. */
  function nudged(by: (r: Rect) => Rect) {
    const boxes = withoutInner(movable(editor, editor.selectedBoxes.filter(free)));
    if (!boxes.length) return;
    clearTimeout(nudge.current?.timer);
    const before = nudge.current?.by ?? ((r: Rect) => r);
    const whole = (r: Rect) => by(before(r));
    setGhosts(new Map(boxes.map((box) => [box.path, whole(box)])));
    const timer = window.setTimeout(async () => {
      nudge.current = undefined;
      const done = await editor.place(boxes.map((box) => ({ box, to: whole(box) })), `Move ${names(boxes)}`);
      if (!done) setGhosts(new Map());
    }, NUDGE_MS);
    nudge.current = { timer, by: whole };
  }

  function key(event: KeyboardEvent) {
    const step = event.shiftKey ? 10 : 1;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const one = editor.selectedBoxes[0];
    if (way && event.altKey) nudged((r) => resized(r, { x: 1, y: 1 }, turned({ x: way[0] * step, y: way[1] * step }, r.rotate)));
    else if (way) nudged((r) => ({ ...r, left: r.left + way[0] * step, top: r.top + way[1] * step }));
    else if (event.key === ',' || event.key === '.') nudged((r) => ({ ...r, rotate: normal(r.rotate + (event.key === '.' ? step : -step)) }));
    else if (event.key === 'n' || event.key === 'p') selectBeside(editor, event.key === 'n' ? 1 : -1);
    else if (event.key === 'Escape') editor.select(one ? chainOf(editor.boxes, one).slice(0, 1).map((b) => b.path) : []);
    else if (event.key === 'Enter' && one?.type === 'text') setWriting(one.path);
    else if ((event.key === 'Delete' || event.key === 'Backspace') && one) void editor.apply(editor.selectedBoxes.map((b) => ({ op: 'delete' as const, layer: layerOf(b) })), `Delete ${names(editor.selectedBoxes)}`);
    else return;
    event.preventDefault();
  }

  const shown = editor.selectedBoxes;
  const hovered = over && !editor.selected.includes(over) && !drag.current ? editor.box(over) : undefined;
  const writtenBox = writing ? editor.box(writing) : undefined;
  return (
    <>
      <svg
        ref={svg}
        class={`overlay ${drag.current?.moved ? 'dragging' : ''}`}
        viewBox={`0 0 ${CANVAS.width} ${CANVAS.height}`}
        tabindex={0}
        role="application"
        aria-roledescription="picture"
        aria-label={`Layers on the picture. ${shown.length ? `Selected: ${names(shown)}.` : 'None selected.'} N and P choose, arrows move, Alt and arrows resize, comma and full stop turn.`}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={() => {
          drag.current = undefined;
          setGhosts(new Map());
          setGuides([]);
        }}
        onPointerLeave={() => setOver(undefined)}
        onDblClick={(event) => {
          const found = topmost(hits(at(event)));
          if (found?.type === 'text') setWriting(found.path);
        }}
        onKeyDown={key}
      >
        {hovered && <Outline rect={hovered} kind="hover" />}
        {shown.map((box) => (
          <Outline key={box.path} rect={rectOf(box)} kind={editor.locked.has(box.path) || box.hidden ? 'locked' : 'chosen'} />
        ))}
        {[...ghosts].map(([path, to]) => !editor.selected.includes(path) && <Outline key={`ghost ${path}`} rect={to} kind="chosen" />)}
        {guides.map((guide, i) => (
          <GuideLine key={i} guide={guide} scale={scale} />
        ))}
        {shown.length === 1 && free(shown[0]) && !writing && !shown[0].in_flow && <Handles rect={rectOf(shown[0])} scale={scale} />}
      </svg>
      {shown.length === 1 && ghosts.size > 0 && <Measure rect={rectOf(shown[0])} scale={scale} kind={drag.current?.kind} />}
      {writtenBox && (
        <TextOnPicture
          editor={editor}
          box={writtenBox}
          scale={scale}
          done={() => {
            setWriting(undefined);
            svg.current?.focus();
          }}
        />
      )}
    </>
  );
}

const names = (boxes: Box[]): string => boxes.map((box) => box.id ?? box.type).join(', ');

/** The layer that a click means: the topmost that does not fill the canvas, else the topmost. */
function topmost(found: Box[]): Box | undefined {
  const inner = found.filter((box) => box.type !== 'group');
  const list = inner.length ? inner : found;
  const fills = (box: Box) => box.width >= CANVAS.width * 0.98 && box.height >= CANVAS.height * 0.98;
  // a scrim over the whole canvas is not what a person points at while there is something beneath it
  return list.find((box) => !(box.type === 'shape' && fills(box))) ?? list[0];
}

/** What moves when a box is pulled: where a row or column places it, the group around that. */
function movable(editor: Editor, boxes: Box[]): Box[] {
  const movers = boxes.map((box) => (box.in_flow ? (chainOf(editor.boxes, box).find((group) => !group.in_flow) ?? box) : box));
  return [...new Set(movers)];
}

/** Without the boxes whose group moves along. */
const withoutInner = (boxes: Box[]): Box[] => boxes.filter((box) => !boxes.some((other) => isWithin(box, other)));

function selectBeside(editor: Editor, by: number) {
  const all = editor.boxes.filter((box) => !box.hidden);
  if (!all.length) return;
  const now = all.findIndex((box) => box.path === editor.selected[0]);
  editor.select([all[(now + by + all.length) % all.length].path]);
}

function dragged(held: Drag, p: Point, by: Point, keys: PointerEvent, all: Box[], near: number): { ghosts: Map<string, Rect>; guides: Guide[] } {
  const others = all.filter((box) => !held.boxes.some((own) => own === box || isWithin(box, own) || isWithin(own, box))).map(bounds);
  const loose = keys.altKey || keys.ctrlKey || keys.metaKey;
  const one = held.boxes[0];
  if (held.kind === 'turn') return { ghosts: new Map([[one.path, { ...rect(one), rotate: rotation(one, p, keys.shiftKey) }]]), guides: [] };
  if (held.kind === 'resize') return resizing(held, by, keys.shiftKey, loose, others, near);
  if (keys.shiftKey) by = Math.abs(by.x) > Math.abs(by.y) ? { x: by.x, y: 0 } : { x: 0, y: by.y };
  const shifted = (box: Rect, d: Point): Rect => ({ ...rect(box), left: Math.round(box.left + d.x), top: Math.round(box.top + d.y) });
  let guides: Guide[] = [];
  let whole = by;
  if (!loose) {
    const found = snap(around(held.boxes.map((box) => bounds({ ...rect(box), left: box.left + by.x, top: box.top + by.y }))), others, near);
    const [dx, dy] = keys.shiftKey ? [by.x ? found.dx : 0, by.y ? found.dy : 0] : [found.dx, found.dy];
    whole = { x: by.x + dx, y: by.y + dy };
    guides = found.guides;
  }
  return { ghosts: new Map(held.boxes.map((box) => [box.path, shifted(box, whole)])), guides };
}

function resizing(held: Drag, by: Point, keep: boolean, loose: boolean, others: Rect[], near: number) {
  const one = held.boxes[0];
  const handle = held.handle!;
  let to = resized(one, handle, by, keep);
  let guides: Guide[] = [];
  // a turned box has no edge that could meet an upright line
  if (!loose && !keep && one.rotate === 0) {
    const place = (n: number): Places['x'] => (n < 0 ? ['start'] : n > 0 ? ['end'] : []);
    const found = snap(to, others, near, { x: place(handle.x), y: place(handle.y) });
    to = resized(one, handle, { x: by.x + found.dx, y: by.y + found.dy });
    guides = found.guides;
  }
  const whole = one.rotate === 0 ? { ...to, left: Math.round(to.left), top: Math.round(to.top), width: Math.round(to.width), height: Math.round(to.height) } : to;
  // the side that was not pulled keeps its exact length
  if (handle.x === 0 && !keep) [whole.left, whole.width] = [to.left, to.width];
  if (handle.y === 0 && !keep) [whole.top, whole.height] = [to.top, to.height];
  return { ghosts: new Map([[one.path, whole]]), guides };
}

const rect = ({ left, top, width, height, rotate }: Rect): Rect => ({ left, top, width, height, rotate });

function around(rects: Rect[]): Rect {
  const left = Math.min(...rects.map((r) => r.left));
  const top = Math.min(...rects.map((r) => r.top));
  const right = Math.max(...rects.map((r) => r.left + r.width));
  const bottom = Math.max(...rects.map((r) => r.top + r.height));
  return { left, top, width: right - left, height: bottom - top, rotate: 0 };
}

function Outline({ rect: r, kind }: { rect: Rect; kind: string }) {
  const c = centre(r);
  return <rect class={`outline ${kind}`} x={r.left} y={r.top} width={r.width} height={r.height} transform={`rotate(${r.rotate} ${c.x} ${c.y})`} />;
}

function Handles({ rect: r, scale }: { rect: Rect; scale: number }) {
  const c = centre(r);
  const size = 9 / scale;
  const reach = 24 / scale;
  const stick = 26 / scale;
  // below the box where there is no room above it
  const above = r.top - stick > 8 / scale;
  const y = above ? r.top - stick : r.top + r.height + stick;
  return (
    <g transform={`rotate(${r.rotate} ${c.x} ${c.y})`}>
      <line class="stick" x1={c.x} x2={c.x} y1={above ? r.top : r.top + r.height} y2={y} />
      <g data-handle="turn" class="turn">
        <circle class="reach" cx={c.x} cy={y} r={reach / 2} />
        <circle class="knob" cx={c.x} cy={y} r={size / 2 + 1 / scale} />
      </g>
      {HANDLES.filter((h) => (h.x !== 0 || r.width * scale > 48) && (h.y !== 0 || r.height * scale > 48)).map((h) => {
        const x = c.x + (h.x * r.width) / 2;
        const at = c.y + (h.y * r.height) / 2;
        return (
          <g key={`${h.x},${h.y}`} data-handle={`${h.x},${h.y}`} class={`handle ${cursorOf(h, r.rotate)}`}>
            <rect class="reach" x={x - reach / 2} y={at - reach / 2} width={reach} height={reach} />
            <rect class="knob" x={x - size / 2} y={at - size / 2} width={size} height={size} rx={2 / scale} />
          </g>
        );
      })}
    </g>
  );
}

function cursorOf(h: Handle, rotate: number): string {
  const angle = (Math.atan2(h.y, h.x) * 180) / Math.PI + rotate;
  return ['ew', 'nwse', 'ns', 'nesw'][(((Math.round(angle / 45) % 4) + 4) % 4)];
}

function GuideLine({ guide, scale }: { guide: Guide; scale: number }) {
  const { axis, at, from, to, kind } = guide;
  const ends = 5 / scale;
  const upright = axis === 'x';
  const line = upright ? { x1: at, x2: at, y1: from, y2: to } : { x1: from, x2: to, y1: at, y2: at };
  return (
    <g class={`guide ${kind}`}>
      <line {...line} />
      {kind === 'gap' &&
        [from, to].map((end) => (upright ? <line key={end} x1={at - ends} x2={at + ends} y1={end} y2={end} /> : <line key={end} x1={end} x2={end} y1={at - ends} y2={at + ends} />))}
    </g>
  );
}

/** Where the box is, or how large, beside it while it is dragged. */
function Measure({ rect: r, scale, kind }: { rect: Rect; scale: number; kind?: Drag['kind'] }) {
  const b = bounds(r);
  const text = kind === 'turn' ? `${r.rotate}°` : kind === 'resize' ? `${Math.round(r.width)} × ${Math.round(r.height)}` : `${Math.round(r.left)}, ${Math.round(r.top)}`;
  const style = { left: `${(b.left + b.width / 2) * scale}px`, top: `${Math.min(b.top + b.height, CANVAS.height - 40) * scale + 10}px` };
  return (
    <output class="measure" style={style}>
      {text}
    </output>
  );
}
