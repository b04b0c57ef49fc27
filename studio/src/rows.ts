// In: the data file that is chosen. Out: its rows, in the editor's state, and the one that the picture is made with.
// Never: writes data.

import * as api from './api';
import type { Editor } from './editor';

/** Rows that are looked at, the worst first. */
const WORST = 50;

/** What a list calls a row. */
export const wordsOf = (row: api.Row): string => row.key ?? `row ${row.row}`;

/** A row by its key, which stays its own when others come and go above it; by its number where it has none of its own. */
export function nameOf(rows: api.Row[], row: api.Row): string | number {
  const own = row.key !== null && row.key !== undefined && rows.filter((other) => other.key === row.key).length <= 1;
  return own ? row.key! : row.row;
}

/** Reads the rows of a data file, and chooses the first: with `worst` the one that strains the template most. */
export async function loadRows(editor: Editor, data: string | undefined, worst: boolean): Promise<void> {
  editor.rows = [];
  editor.options = { ...editor.options, data, row: undefined };
  if (data) {
    try {
      const rows = await api.rows(editor.path, data, worst ? WORST : undefined);
      // another file was chosen meanwhile
      if (editor.options.data !== data) return;
      editor.rows = rows;
      editor.options = { ...editor.options, row: editor.rows[0] };
      if (!editor.rows.length) editor.say(`${data} has no rows.`);
    } catch (error) {
      editor.fail(error);
    }
  }
  editor.refresh();
  editor.changed();
}

/** Reads the rows again whose file changed; the chosen one stays chosen, by its key. */
export async function rowsAgain(editor: Editor): Promise<void> {
  const { data, row } = editor.options;
  if (!data) return;
  try {
    const rows = await api.rows(editor.path, data, editor.worstFirst ? WORST : undefined);
    const is = (other: api.Row) => (row?.key ? other.key === row.key : other.row === row?.row);
    let chosen = rows.find(is);
    if (!chosen && row && editor.worstFirst) {
      // it strains the template less than so many others now
      chosen = (await api.rows(editor.path, data)).find(is);
      if (chosen) rows.unshift(chosen);
    }
    // another one was chosen meanwhile
    if (editor.options.data !== data || editor.options.row !== row) return;
    editor.rows = rows;
    editor.options = { ...editor.options, row: chosen ?? rows[0] };
    if (row && !chosen) editor.say(`The row ${wordsOf(row)} is gone from ${data}${rows[0] ? `; ${wordsOf(rows[0])} is shown` : ''}.`);
  } catch (error) {
    editor.fail(error);
  }
  editor.refresh(true);
  editor.changed();
}
