// In: the page of `/edit/PATH`. Out: the editor in it: content and layers on the left, the picture, the text on the right.
// On a narrow screen the picture stays on top and the three panels take turns.
// Never: asks another host for anything.

import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import * as api from './api';
import { CodePanel, Problems } from './codepanel';
import type { Schema } from './completion';
import { Editor } from './editor';
import { listen } from './events';
import { Form } from './form';
import { Help } from './help';
import { Inspector } from './inspector';
import { LayerList } from './layerlist';
import { Pending, Questions } from './merge';
import { Stage } from './stage';
import { StageBar, Toolbar, type Zoom, ZoomBar } from './toolbar';
import { useEditor } from './view';

/** Fields whose words are taken when they are left. */
const TYPED = 'input:not([type=checkbox], [type=radio], [type=file], [type=color])';

type Panel = 'content' | 'layers' | 'code';

function App({ editor, source }: { editor: Editor; source: string }) {
  useEditor(editor);
  const [zoom, setZoom] = useState<Zoom>('fit');
  const [panel, setPanel] = useState<Panel>('content');
  const [dialog, setDialog] = useState<'pending' | 'help'>();
  const [schema, setSchema] = useState<Schema>();
  useEffect(() => {
    api.schema().then(setSchema, () => undefined);
  }, []);
  // what is chosen on the picture is shown where it can be changed
  const chosen = editor.selected.join();
  useEffect(() => {
    if (chosen) setPanel((now) => (now === 'content' ? 'layers' : now));
  }, [chosen]);
  useShortcuts(editor);
  const errors = (editor.look.diagnostics ?? []).filter((d) => d.severity === 'error').length;
  return (
    <>
      <Toolbar editor={editor} showPending={() => setDialog('pending')} showHelp={() => setDialog('help')} />
      <nav class="tabs" aria-label="Panels">
        {(['content', 'layers', 'code'] as const).map((name) => (
          <button key={name} type="button" class={`tab of-${name}`} aria-pressed={panel === name} onClick={() => setPanel(name)}>
            {{ content: 'Content', layers: 'Layers', code: 'Text' }[name]}
            {name === 'code' && errors > 0 && <span class="errors">{errors === 1 ? '1 error' : `${errors} errors`}</span>}
          </button>
        ))}
      </nav>
      <div class={`panes show-${panel}`}>
        <aside class="left" aria-label="Content and layers">
          <div class="pane content">
            <Form editor={editor} />
          </div>
          <div class="pane layers-pane">
            <LayerList editor={editor} />
            <Inspector editor={editor} schema={schema} />
          </div>
        </aside>
        <section class="middle" aria-label="Picture">
          <StageBar editor={editor} />
          <Stage editor={editor} zoom={zoom} />
          <ZoomBar editor={editor} zoom={zoom} setZoom={setZoom} />
        </section>
        <section class="right" aria-label="Text">
          <CodePanel editor={editor} schema={schema} source={source} />
          <Problems editor={editor} />
        </section>
      </div>
      <p class={`toast ${editor.message ? 'shown' : ''}`} role="status" aria-live="polite">
        {editor.message}
      </p>
      <Questions editor={editor} />
      {dialog === 'pending' && <Pending editor={editor} close={() => setDialog(undefined)} />}
      {dialog === 'help' && <Help close={() => setDialog(undefined)} />}
    </>
  );
}

function useShortcuts(editor: Editor) {
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.defaultPrevented) return;
      const act = { z: () => editor.step(event.shiftKey ? 'redo' : 'undo'), y: () => editor.step('redo'), s: () => void editor.save() }[event.key.toLowerCase()];
      if (!act) return;
      // a field that is being typed in keeps its own undo
      const typing = event.key.toLowerCase() !== 's' && (event.target as Element).matches?.('input:not([type=checkbox]), textarea');
      if (typing) return;
      event.preventDefault();
      // what stands in a field counts, also before it is left
      if (event.key.toLowerCase() === 's' && (event.target as Element).matches?.(TYPED)) (event.target as Element).dispatchEvent(new Event('change', { bubbles: true }));
      act();
    };
    const leave = (event: BeforeUnloadEvent) => {
      editor.keepNow(true);
      // what was refused is nowhere but here, where the browser holds nothing
      if (editor.saving || (editor.refusals.any && !editor.shelf.holds)) event.preventDefault();
    };
    document.addEventListener('keydown', key);
    window.addEventListener('beforeunload', leave);
    return () => {
      document.removeEventListener('keydown', key);
      window.removeEventListener('beforeunload', leave);
    };
  }, []);
}

const root = document.getElementById('editor');
if (root) {
  const editor = new Editor(root.dataset.path ?? '');
  const source = root.dataset.code ?? '';
  // the text's part is fetched while the first picture is made
  void import(source);
  render(<App editor={editor} source={source} />, root);
  editor.start().then(
    () =>
      listen((news) => {
        if (news.kind === 'file') void editor.fileChanged(news.path, news.hash);
        else if (news.kind === 'again') void editor.lookAround();
      }),
    (error) => editor.fail(error),
  );
}
