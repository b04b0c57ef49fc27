// In: what cannot be done unasked. Out: the question, with what each answer does.
// Never: answers one.

import * as api from './api';
import { merge, type Piece } from './diff';
import type { Editor } from './editor';
import { samePath, whence } from './names';
import type { FieldOf } from './refusals';

export interface Question {
  title: string;
  detail: string;
  /** Two texts that cannot be brought together without a person. */
  pieces?: Piece[];
  choices: { label: string; detail?: string; primary?: boolean; act: (text?: string) => void }[];
}

/** Two texts that cannot be brought together. */
export function conflict(title: string, detail: string, pieces: Piece[], sides: [string, string], act: (text: string) => void): Question {
  return {
    title,
    detail,
    pieces,
    choices: [{ label: 'Use this text', primary: true, act: (text) => act(text ?? '') }, ...sides.map((label, n) => ({ label: `${label}, everywhere`, act: () => act(sided(pieces, n)) }))],
  };
}

export function sided(pieces: Piece[], side: number): string {
  return pieces.map((p) => (p.kind === 'same' ? p.text : side === 0 ? p.mine : p.theirs)).join('');
}

/** A step that cannot be undone, or done again, around what came later. */
export function stepAgain(label: string, isUndo: boolean, [from, now, to]: [string, string, string], act: (text: string) => void): Question {
  const other = isUndo ? 'As it was before the step' : 'As the step made it';
  return conflict(`“${label}” was changed again since`, 'A later change touches the same lines. Choose what stands there.', merge(from, now, to), ['As it is now', other], act);
}

/** What is saved is no TOML. */
export function noToml(detail: string, save: () => void): Question {
  return {
    title: 'This is not TOML yet',
    detail,
    choices: [
      { label: 'Go on editing', primary: true, act: () => undefined },
      { label: 'Save all the same', act: save },
    ],
  };
}

/** The file was deleted under the page. */
export function gone(path: string, save: () => void): Question {
  return {
    title: 'The file is gone',
    detail: `${path} was deleted or renamed by another program. What you see is kept here.`,
    choices: [
      { label: 'Write it anew', primary: true, act: save },
      { label: 'Go on editing', act: () => undefined },
    ],
  };
}

/** Fields hold words that the template has not. */
export function notIn(fields: string[], save: () => void): Question {
  return {
    title: 'Some of what you typed is not in the template',
    detail: `${fields.join(', ')}: see the field for why. Saving writes the template without it; the words stay in the field.`,
    choices: [
      { label: 'Go on editing', primary: true, act: () => undefined },
      { label: 'Save without it', act: save },
    ],
  };
}

/** A file of this name is in the project, and another one is to be put there. */
export function taken(name: string, other: string, put: (name: string) => void): Question {
  return {
    title: 'Another file has this name',
    detail: `${name} is in the project already, and is not the same file.`,
    choices: [
      { label: `Keep both: call it ${other}`, primary: true, act: () => put(other) },
      { label: `Replace ${name}`, detail: 'Every template that shows it shows the new one.', act: () => put(name) },
    ],
  };
}

/** What can be done with a value that is not written here. */
export function elsewhere(editor: Editor, origin: api.Origin, edits: api.Edit[], label: string, field?: FieldOf): Question {
  const apply = (edits: api.Edit[]) => void editor.apply(edits, label, false, field);
  // `override` is for values: a layer of a base is left out here, or changed there
  const left = edits.flatMap((e) => ('op' in e && e.op === 'delete' ? [{ layer: e.layer ?? '', key: 'when', value: false, override: true }] : []));
  const isOfLayers = edits.some((e) => 'op' in e && e.op !== 'place');
  const choices: Question['choices'] = [];
  if (!isOfLayers) choices.push({ label: 'Override here', detail: 'Writes the value into this template; nothing else changes.', primary: true, act: () => apply(edits.map((e) => ({ ...e, override: true }) as api.Edit)) });
  else if (left.length === edits.length) choices.push({ label: 'Leave it out here', detail: 'Writes when = false into this template; the base keeps the layer.', primary: true, act: () => apply(left) });
  const variable = variableOf(editor, edits);
  const only = edits.length === 1 && 'key' in edits[0] ? edits[0] : undefined;
  if (variable && only) {
    const key = `vars.${variable}.default`;
    choices.push({ label: `Change the default of ${variable}`, detail: 'The expression stays; every row that gives no value of its own shows the new one.', act: () => apply([{ layer: '', key, value: only.value }]) });
  }
  if (origin.kind === 'base' && origin.file) choices.push(baseChoice(editor, origin.file, edits));
  if (origin.kind === 'style') choices.push({ label: 'Open the brand’s styles', detail: `The style is written in ${origin.file ?? 'storypress.toml'}; changing it changes every template that uses it.`, act: () => editor.say(`Open ${origin.file ?? 'storypress.toml'} in a text editor: [brand.styles]. The picture follows when it is saved.`) });
  return {
    title: isOfLayers ? 'This layer is not written here' : 'This value is not written here',
    detail: whence(origin),
    choices,
  };
}

/** The variable that a value is, where it is nothing else: `{{ title }}`. */
function variableOf(editor: Editor, edits: api.Edit[]): string | undefined {
  const edit = edits[0];
  if (!edit || 'op' in edit) return undefined;
  const box = editor.boxes.find((b) => b.id === edit.layer || b.path === edit.layer);
  const written = editor.written(box?.values[edit.key]);
  return /^\{\{\s*([A-Za-z_]\w*)\s*\}\}$/.exec(written ?? '')?.[1];
}

function baseChoice(editor: Editor, file: string, edits: api.Edit[]): Question['choices'][number] {
  const base = Object.keys(editor.palette.bases).find((path) => samePath(path, file)) ?? file;
  // a base without `_` before its name is a story itself
  const isStory = !base.split('/').pop()!.startsWith('_');
  const users = [...(isStory ? [base] : []), ...(editor.palette.bases[base] ?? [])];
  const which = users.length ? `Changes ${users.length} ${users.length === 1 ? 'template' : 'templates'}: ${users.join(', ')}.` : 'Changes every template that builds on it.';
  return { label: `Edit the base ${file}`, detail: `${which} It is saved at once.`, act: () => void editBase(editor, base, edits) };
}

async function editBase(editor: Editor, path: string, edits: api.Edit[]): Promise<void> {
  try {
    const base = await api.template(path);
    const edited = await api.edit(path, base.text, edits);
    await api.write(path, edited.text, base.hash);
    editor.say(`${path} is saved.`);
    editor.refresh(true);
  } catch (error) {
    editor.fail(error);
  }
}
