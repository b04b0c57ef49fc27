// In: a question with its choices, or two texts. Out: a dialog; what differs, line by line.
// Never: chooses for a person.

import { useEffect, useRef, useState } from 'preact/hooks';
import { diff, lines } from './diff';
import type { Editor } from './editor';
import type { Question } from './questions';
import { Button, useEditor } from './view';

export function Questions({ editor }: { editor: Editor }) {
  useEditor(editor);
  return editor.question ? <Asked key={editor.question.title} editor={editor} question={editor.question} /> : null;
}

function Asked({ editor, question }: { editor: Editor; question: Question }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [sides, setSides] = useState<Record<number, number>>({});
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const conflicts = (question.pieces ?? []).map((piece, at) => ({ piece, at })).filter(({ piece }) => piece.kind === 'conflict');
  const decided = conflicts.every(({ at }) => at in sides);
  const text = () => question.pieces?.map((p, i) => (p.kind === 'same' ? p.text : sides[i] === 1 ? p.theirs : p.mine)).join('');
  const close = () => {
    editor.question = undefined;
    editor.changed();
  };
  const [one, other] = question.choices.slice(1).map((c) => c.label.replace(/, everywhere$/, ''));
  return (
    <dialog ref={dialog} class="ask" aria-labelledby="ask-title" onCancel={close}>
      <h2 id="ask-title">{question.title}</h2>
      <p>{question.detail}</p>
      {conflicts.map(({ piece, at }) =>
        piece.kind === 'conflict' ? (
          <fieldset key={at} class="conflict">
            <legend>Line {lineOf(question, at)}</legend>
            {[piece.mine, piece.theirs].map((side, n) => (
              <label key={n} class={sides[at] === n ? 'side chosen' : 'side'}>
                <input type="radio" name={`side-${at}`} checked={sides[at] === n} onChange={() => setSides({ ...sides, [at]: n })} />
                <span class="who">{n ? other : one}</span>
                <pre>{side || '(nothing)'}</pre>
              </label>
            ))}
          </fieldset>
        ) : null,
      )}
      <div class="choices">
        {question.choices.map((choice, n) => (
          <div key={n} class="choice">
            <Button label={choice.label} primary={choice.primary} disabled={n === 0 && conflicts.length > 0 && !decided} onClick={() => editor.answer(choice, text())} />
            {choice.detail && <span class="help">{choice.detail}</span>}
          </div>
        ))}
        <Button label="Cancel" onClick={close} />
      </div>
    </dialog>
  );
}

function lineOf(question: Question, at: number): number {
  const before = (question.pieces ?? []).slice(0, at).map((p) => (p.kind === 'same' ? p.text : p.mine));
  return lines(before.join('')).length + 1;
}

/** What is pending, as a diff with three lines around each change. */
export function Pending({ editor, close }: { editor: Editor; close: () => void }) {
  useEditor(editor);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const [a, b] = [lines(editor.base.text), lines(editor.text)];
  const hunks = diff(a, b);
  return (
    <dialog ref={dialog} class="ask wide" aria-labelledby="pending-title" onClose={close}>
      <h2 id="pending-title">Not saved yet</h2>
      <div class="diff" tabIndex={0} role="region" aria-label="Changes">
        {hunks.map((hunk) => (
          <div class="hunk" key={hunk.a[0]}>
            <p class="at">Line {hunk.b[0] + 1}</p>
            {a.slice(Math.max(0, hunk.a[0] - 3), hunk.a[0]).map((line) => (
              <Line sign=" " text={line} />
            ))}
            {a.slice(...hunk.a).map((line) => (
              <Line sign="−" text={line} />
            ))}
            {b.slice(...hunk.b).map((line) => (
              <Line sign="+" text={line} />
            ))}
            {a.slice(hunk.a[1], hunk.a[1] + 3).map((line) => (
              <Line sign=" " text={line} />
            ))}
          </div>
        ))}
        {!hunks.length && <p>Nothing is pending: the file is what you see.</p>}
      </div>
      <div class="choices across">
        <Button
          label="Save"
          primary
          disabled={!editor.pending}
          onClick={() => {
            dialog.current?.close();
            void editor.save();
          }}
        />
        <Button
          label="Drop the changes"
          disabled={!editor.pending}
          onClick={() => {
            editor.setText(editor.base.text, 'Drop the changes');
            dialog.current?.close();
          }}
        />
        <Button label="Close" onClick={() => dialog.current?.close()} />
      </div>
    </dialog>
  );
}

function Line({ sign, text }: { sign: string; text: string }) {
  const kind = sign === '+' ? 'new' : sign === '−' ? 'old' : '';
  return (
    <pre class={`line ${kind}`}>
      <span class="sign">{sign}</span>
      {text.replace(/\r?\n$/, '') || ' '}
    </pre>
  );
}
