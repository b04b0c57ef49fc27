// In: the text and the options of the editor. Out: the picture of them, its boxes and diagnostics, in the editor's state.
// The latest text wins, and a picture that is being made is always finished.
// Never: shows a picture of an older text without saying so.

import * as api from './api';
import type { Editor } from './editor';
import { placed } from './layers';
import { nameOf } from './rows';

/** How large the picture is while something changes: half the canvas. */
const LIVE_SCALE = 0.5;
const REFINE_MS = 350;

export class Drawing {
  private busy = false;
  private again = false;
  private shownOptions = '';
  private refineTimer = 0;

  constructor(private readonly editor: Editor) {}

  /** Whether the picture is of an older text, or of other options, than the ones that are set. */
  get updating(): boolean {
    return this.busy || this.editor.lookText !== this.editor.text || this.shownOptions !== this.optionsKey();
  }

  private optionsKey(): string {
    const { data, row, set, now, guides } = this.editor.options;
    return JSON.stringify([data, row?.row, row?.key, set, now, guides]);
  }

  request(text: string, scale: number): api.PreviewRequest {
    const { data, row, set, now, guides } = this.editor.options;
    const chosen = data && row ? { data, row: nameOf(this.editor.rows, row) } : {};
    return { template: this.editor.path, text, scale, ...chosen, ...(Object.keys(set).length ? { set } : {}), ...(now ? { now } : {}), ...(guides ? { guides } : {}) };
  }

  /** Asks for a new picture; the latest wins, and the one that is being made is always finished. `anyway`: a file it uses changed. */
  refresh(anyway = false): void {
    clearTimeout(this.refineTimer);
    if (anyway) this.shownOptions = '';
    if (this.busy) this.again = true;
    else void this.draw();
  }

  private async draw(): Promise<void> {
    this.busy = true;
    do {
      this.again = false;
      await this.drawOnce(LIVE_SCALE);
    } while (this.again);
    this.busy = false;
    const sharp = Math.min(1, Math.ceil((this.editor.shownWidth * devicePixelRatio) / 108) / 10);
    if (sharp > LIVE_SCALE && this.editor.picture) {
      this.refineTimer = window.setTimeout(() => {
        if (!this.busy) void this.refine(sharp);
      }, REFINE_MS);
    }
    this.editor.changed();
  }

  private async refine(scale: number): Promise<void> {
    this.busy = true;
    await this.drawOnce(scale);
    this.busy = false;
    if (this.again) void this.draw();
    this.editor.changed();
  }

  private async drawOnce(scale: number): Promise<void> {
    const [text, options] = [this.editor.text, this.optionsKey()];
    try {
      const shown = await api.preview(this.request(text, scale));
      this.editor.offline = false;
      this.editor.look = { ...this.editor.look, ...shown, boxes: shown.boxes?.map(placed) ?? this.editor.look.boxes };
      if (shown.picture) await this.show(shown.picture);
      this.editor.undrawn = !shown.picture;
      // a picture of another text than the one that was sent is not taken for it
      const isOfIt = !shown.text || !shown.hash || shown.text === shown.hash;
      if (isOfIt) [this.editor.lookText, this.shownOptions] = [text, options];
      this.editor.chooseAgain(text);
      if (shown.picture) this.editor.lookAtRefusals();
      performance.mark('storypress:picture');
    } catch (error) {
      this.editor.offline = error instanceof api.Refusal && error.status === 0;
      this.editor.fail(error);
      [this.editor.lookText, this.shownOptions] = [text, options];
    }
    this.editor.changed();
  }

  private async show(picture: Blob): Promise<void> {
    const url = URL.createObjectURL(picture);
    const image = new Image();
    image.src = url;
    // decoded before it is shown: no blank frame between two pictures
    await image.decode().catch(() => undefined);
    const old = this.editor.picture;
    this.editor.picture = url;
    this.editor.changed();
    if (old) setTimeout(() => URL.revokeObjectURL(old), 1000);
  }

  async compare(on: boolean): Promise<void> {
    if (this.editor.before) URL.revokeObjectURL(this.editor.before);
    this.editor.before = undefined;
    if (on) {
      const shown = await api.preview(this.request(this.editor.base.text, 1)).catch(() => undefined);
      if (shown?.picture) this.editor.before = URL.createObjectURL(shown.picture);
      else this.editor.say('The saved text gives no picture.');
    }
    this.editor.changed();
  }
}
