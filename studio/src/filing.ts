// In: the editor's text, and what another program writes into its file. Out: the file, written; both changes brought together.
// Never: overwrites what changed in the file meanwhile without a question; calls saved what is not.

import * as api from './api';
import { merge, merged } from './diff';
import type { Editor } from './editor';
import { samePath } from './names';
import * as questions from './questions';
import { rowsAgain } from './rows';

const AUTOSAVE_MS = 1200;

export class Filing {
  private saveTimer = 0;
  private aroundTimer = 0;
  /** An event of the own file came while it was being saved. */
  private missed = false;

  constructor(private readonly editor: Editor) {}

  /** Saves by itself, once nothing was changed for a while. */
  later(): void {
    clearTimeout(this.saveTimer);
    if (this.editor.autosave && this.editor.pending) this.saveTimer = window.setTimeout(() => void this.save({ byItself: true }), AUTOSAVE_MS);
  }

  /** The file as it is now; nothing where it is gone. */
  async onDisk(): Promise<api.Template | undefined> {
    try {
      const template = await api.template(this.editor.path);
      this.editor.gone = false;
      return template;
    } catch (error) {
      if (!(error instanceof api.Refusal) || error.status !== 404) throw error;
      this.editor.gone = true;
      return undefined;
    }
  }

  /** Writes the text. `byItself`: without a question that nobody asked for. `without`: although a field holds more than it. */
  async save({ force = false, byItself = false, without = false } = {}): Promise<void> {
    clearTimeout(this.saveTimer);
    if (this.editor.saving) return;
    await this.editor.edits.settled();
    if (this.editor.saving || !this.editor.unsaved || (!without && this.holdsBack(byItself, force))) return;
    if (byItself && this.editor.gone) return this.editor.say('Not saved by itself: the file is gone.');
    this.editor.saving = true;
    this.editor.changed();
    const { text, gone } = this.editor;
    try {
      const { hash } = await api.write(this.editor.path, text, gone ? undefined : this.editor.base.hash, force);
      this.editor.gone = false;
      this.editor.base = { text, hash };
      this.editor.keepNow();
      this.editor.say(gone ? 'The file was gone; it is written anew.' : 'Saved.');
    } catch (error) {
      await this.notSaved(error, byItself).catch((error) => this.editor.fail(error));
    } finally {
      this.editor.saving = false;
    }
    this.editor.changed();
    if (this.missed) {
      this.missed = false;
      await this.lookAgain();
    }
  }

  /** Whether a field holds what is not in the text: that is said, or asked about, before anything is called saved. */
  private holdsBack(byItself: boolean, force: boolean): boolean {
    const { labels } = this.editor.refusals;
    if (!labels.length) return false;
    if (byItself || !this.editor.pending) this.editor.say(`Not saved: what you typed in ${labels.join(', ')} is not in the template. The field says why.`);
    else this.editor.ask(questions.notIn(labels, () => void this.save({ force, without: true })));
    return true;
  }

  private async notSaved(error: unknown, byItself: boolean): Promise<void> {
    const status = error instanceof api.Refusal ? error.status : 0;
    if (status === 412) {
      const theirs = await this.onDisk();
      if (!theirs) {
        this.editor.keepNow();
        if (!byItself) this.editor.ask(questions.gone(this.editor.path, () => void this.save({ without: true })));
        return;
      }
      const clean = this.bringTogether(this.editor.base.text, this.editor.text, theirs);
      if (clean && this.editor.pending) {
        this.editor.saving = false;
        await this.save({ byItself, without: true });
        this.editor.say('The file had changed meanwhile; both changes are saved.');
      }
    } else if (status === 422 && byItself) {
      this.editor.say('Not saved by itself: this is not TOML yet.');
    } else if (status === 422) {
      this.editor.ask(questions.noToml(api.said(error), () => void this.save({ force: true, without: true })));
    } else this.editor.fail(error);
  }

  /** A file changed: an own write is known by its hash, another one is brought together with what is pending. */
  async fileChanged(path: string, hash: string | null): Promise<void> {
    if (!samePath(path, this.editor.path)) {
      if (this.editor.options.data && samePath(path, this.editor.options.data)) return rowsAgain(this.editor);
      clearTimeout(this.aroundTimer);
      this.aroundTimer = window.setTimeout(() => this.editor.offer(), 300);
      return this.editor.refresh(true);
    }
    // the answer to the own write says which event is its echo
    if (this.editor.saving) this.missed = true;
    else if (hash !== this.editor.base.hash || this.editor.gone) await this.lookAgain();
  }

  /** Takes what the file holds now into the text. */
  private async lookAgain(): Promise<void> {
    const theirs = await this.onDisk().catch((error) => this.editor.fail(error));
    if (this.editor.gone) {
      this.editor.keepNow();
      return this.editor.say('The file is gone. What you see is kept here until you save it.');
    }
    this.editor.changed();
    if (!theirs || theirs.hash === this.editor.base.hash) return;
    if (this.bringTogether(this.editor.base.text, this.editor.text, theirs)) this.editor.say('The file was changed by another program; the change is here.');
  }

  /** Merges the file's new text into ours. False: a person is asked, and nothing changed yet. */
  bringTogether(base: string, mine: string, theirs: { text: string; hash: string }): boolean {
    if (typeof theirs.text !== 'string') {
      this.editor.say(`${this.editor.path} is no text any more: another program wrote it. Nothing is taken from it.`);
      return false;
    }
    const pieces = merge(base, mine, theirs.text);
    const text = merged(pieces);
    const take = (whole: string) => {
      this.editor.base = { text: theirs.text, hash: theirs.hash };
      this.editor.put(whole);
    };
    if (text !== undefined) {
      take(text);
      return true;
    }
    const detail = 'Another program changed the file where you have edits that are not saved. Choose for each place.';
    this.editor.ask(questions.conflict('Both changed the same lines', detail, pieces, ['Yours', 'The file’s'], take));
    return false;
  }
}
