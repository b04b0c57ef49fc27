// In: the editor's state. Out: the bar above: file, undo, save; that of the picture: data and rows, date, guides, before and
// after; its zoom.
// Never: saves without being asked, unless "save by itself" is on.

import { useRef, useState } from 'preact/hooks';
import type { Editor } from './editor';
import { loadRows, wordsOf } from './rows';
import { calledAmong } from './names';
import { Button, Icon, useEditor } from './view';

export type Zoom = number | 'fit';

interface Props {
  editor: Editor;
  zoom: Zoom;
  setZoom: (zoom: Zoom) => void;
  showPending: () => void;
  showHelp: () => void;
}

export function Toolbar({ editor, showPending, showHelp }: Pick<Props, 'editor' | 'showPending' | 'showHelp'>) {
  useEditor(editor);
  const state = editor.saving ? 'Saving …' : editor.gone ? 'The file is gone' : editor.unsaved ? 'Not saved' : 'Saved';
  return (
    <header class="bar">
      <a class="back" href="/" aria-label="All templates" title="All templates">
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
          <path d="M13 8H3M7 4L3 8l4 4" />
        </svg>
      </a>
      <h1 title={editor.path}>
        <span class="file-name">{editor.path.split('/').pop()}</span>
        <span class={`state ${editor.unsaved ? 'pending' : ''}`}>{state}</span>
      </h1>
      <div class="group">
        <Button icon="undo" label="Undo" keys="Control+Z" disabled={!editor.journal.canUndo} onClick={() => editor.step('undo')} />
        <Button icon="redo" label="Redo" keys="Control+Y" disabled={!editor.journal.canRedo} onClick={() => editor.step('redo')} />
      </div>
      <div class="end">
        <label class="tick">
          <input
            type="checkbox"
            checked={editor.autosave}
            onChange={(e) => {
              editor.autosave = e.currentTarget.checked;
              if (editor.autosave) void editor.save();
              editor.changed();
            }}
          />
          Save by itself
        </label>
        <Button icon="help" label="Keys" onClick={showHelp} />
        <Button label="Changes" disabled={!editor.pending} onClick={showPending} />
        <Button label="Save" primary keys="Control+S" disabled={!editor.unsaved || editor.saving} onClick={() => void editor.save()} />
      </div>
    </header>
  );
}

/** What the picture is made with: data and row, the date, guides. */
export function StageBar({ editor }: Pick<Props, 'editor'>) {
  useEditor(editor);
  const { options } = editor;
  const why = options.row?.why?.join('; ');
  return (
    <div class="stage-head">
      <div class="stage-bar" role="toolbar" aria-label="Picture">
        <Rows editor={editor} />
        <Day editor={editor} />
        <div class="group">
          <Button icon="guides" label="Safe zone and the app’s own chrome" on={options.guides} onClick={() => editor.setOptions({ guides: !options.guides })} />
          <Button icon="compare" label="Show it as it is saved" on={editor.before !== undefined} disabled={!editor.pending && !editor.before} onClick={() => void editor.compare(!editor.before)} />
        </div>
      </div>
      {options.data && editor.worstFirst && <p class="why" title={why}>{why}</p>}
    </div>
  );
}

/** How closely the picture is looked at; it stands over the corner of its room. */
export function ZoomBar({ editor, zoom, setZoom }: Pick<Props, 'editor' | 'zoom' | 'setZoom'>) {
  useEditor(editor);
  const steps = [0.1, 0.2, 0.33, 0.5, 0.75, 1, 1.5, 2];
  const now = zoom === 'fit' ? editor.shownWidth / 1080 : zoom;
  const closer = steps.find((s) => s > now + 0.01) ?? 2;
  const farther = [...steps].reverse().find((s) => s < now - 0.01) ?? 0.1;
  return (
    <div class="zoom" role="group" aria-label="Zoom">
      <Button icon="minus" label="Farther" onClick={() => setZoom(farther)} />
      <button type="button" class="plain" title="Fit the picture to the room" aria-label={`Zoom ${Math.round(now * 100)} %. Fit the picture.`} onClick={() => setZoom('fit')}>
        {zoom === 'fit' ? 'Fit' : `${Math.round(now * 100)} %`}
      </button>
      <Button icon="plus" label="Closer" onClick={() => setZoom(closer)} />
    </div>
  );
}

/** The picture on another day: a word in the bar, the field below it. */
function Day({ editor }: { editor: Editor }) {
  const { now } = editor.options;
  const { zone } = editor.palette;
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const close = () => {
    setOpen(false);
    place.current?.querySelector('button')?.focus();
  };
  // who looks elsewhere is done here
  const left = (event: FocusEvent) => {
    if (event.relatedTarget && !place.current?.contains(event.relatedTarget as Node)) setOpen(false);
  };
  const key = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !open) return;
    event.stopPropagation();
    close();
  };
  return (
    <div class="menu-of date" ref={place} onFocusOut={left} onKeyDown={key}>
      <button type="button" class="plain" aria-expanded={open} aria-pressed={Boolean(now)} aria-label={now ? `The picture on ${dayOf(now)}` : 'The picture as of now'} title="The picture on another day" onClick={() => setOpen(!open)}>
        <Icon name="clock" />
        <span class="words">{now ? dayOf(now).slice(0, -6) : 'Now'}</span>
        {now && <span class="time">{dayOf(now).slice(-5)}</span>}
      </button>
      {open && (
        <div class="menu">
          <label>
            The picture on this day{zone && `, in ${zone}`}
            <input type="datetime-local" value={now ?? ''} onChange={(e) => editor.setOptions({ now: e.currentTarget.value || undefined })} />
          </label>
          <Button label="As of now" words disabled={!now} onClick={() => (editor.setOptions({ now: undefined }), close())} />
        </div>
      )}
    </div>
  );
}

/** `2026-12-01T09:00` as a bar has room for it. */
function dayOf(now: string): string {
  const [year, month, day, hour, minute] = now.split(/\D/).map(Number);
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute));
  if (Number.isNaN(date.valueOf())) return now;
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
  return format.format(date).replace(',', '');
}

function Rows({ editor }: { editor: Editor }) {
  const { options, rows } = editor;
  const at = options.row ? rows.indexOf(options.row) : -1;
  const go = (to: number) => editor.setOptions({ row: rows[to], set: {} });
  return (
    <div class="rows">
      <label class="data">
        <span class="sr">Data</span>
        <select value={options.data ?? ''} title={options.data} onChange={(e) => void loadRows(editor, e.currentTarget.value || undefined, editor.worstFirst)}>
          <option value="">No data</option>
          {editor.palette.data.map((path) => (
            <option key={path} value={path}>
              {calledAmong(editor.palette.data, path)}
            </option>
          ))}
        </select>
      </label>
      {options.data && (
        <>
          <div class="group">
            <Button icon="previous" label="Row before" disabled={at <= 0} onClick={() => go(at - 1)} />
            <label>
              <span class="sr">Row</span>
              <select class="row-of" value={at} onChange={(e) => go(Number(e.currentTarget.value))}>
                {rows.map((row, n) => (
                  <option key={n} value={n}>
                    {wordsOf(row)}
                  </option>
                ))}
              </select>
            </label>
            <Button icon="next" label="Row after" disabled={at < 0 || at >= rows.length - 1} onClick={() => go(at + 1)} />
          </div>
          <label class="toggle" title="The rows that strain the template most come first">
            <input
              type="checkbox"
              checked={editor.worstFirst}
              onChange={(e) => {
                editor.worstFirst = e.currentTarget.checked;
                void loadRows(editor, options.data, editor.worstFirst);
              }}
            />
            <Icon name="worst" />
            <span class="words">Worst first</span>
          </label>
        </>
      )}
    </div>
  );
}
