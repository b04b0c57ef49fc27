// The editor's page, as a test uses it: what it shows, what is pressed on it.
// In: a page of a browser. Out: what stands there. Never: a request past the page.

import assert from 'node:assert/strict';

export const WAIT = 30_000;

export async function opened(page) {
  await page.waitForFunction(() => document.querySelector('.source')?.shadowRoot && document.querySelector('.picture'), null, { timeout: WAIT });
  await fresh(page);
}

/** Waits until the picture is of the text that is shown. */
export async function fresh(page) {
  await page.waitForTimeout(60);
  await page.waitForFunction(() => /up to date|there are errors/.test(document.querySelector('.freshness')?.textContent), null, { timeout: WAIT });
}

export async function settled(page, read, wanted) {
  const end = Date.now() + WAIT;
  for (;;) {
    const now = await read();
    if (now === wanted) return;
    assert.ok(Date.now() < end, `still ${JSON.stringify(now)}, not ${JSON.stringify(wanted)}\n${await code(page)}`);
    await page.waitForTimeout(100);
  }
}

export const view = `document.querySelector('.source').shadowRoot.querySelector('.cm-content').cmTile.view`;

export const code = (page) => page.evaluate(`${view}.state.doc.toString()`);

/** Puts the cursor behind a piece of the text, as a click there would. */
export async function place(page, behind) {
  const at = await page.evaluate(`${view}.state.doc.toString().indexOf(${JSON.stringify(behind)})`);
  assert.ok(at >= 0, `no ${behind}`);
  await page.evaluate(`(() => { const v = ${view}; v.focus(); v.dispatch({ selection: { anchor: ${at + behind.length} }, scrollIntoView: true }); })()`);
}

/** Types over a piece of the text. */
export async function retype(page, from, to) {
  const at = await page.evaluate(`${view}.state.doc.toString().indexOf(${JSON.stringify(from)})`);
  assert.ok(at >= 0, `no ${from}`);
  await page.evaluate(`(() => { const v = ${view}; v.focus(); v.dispatch({ selection: { anchor: ${at}, head: ${at + from.length} }, scrollIntoView: true }); })()`);
  await page.keyboard.insertText(to);
}

/** The lines that are marked as the chosen layer's. */
export const marked = (page) => page.evaluate(() => [...document.querySelector('.source').shadowRoot.querySelectorAll('.cm-chosen')].map((line) => line.textContent).join('\n'));

/** A value of a layer, as the text has it. */
export async function value(page, id, key) {
  const table = (await code(page)).split(/^\[\[layer\]\]/m).find((part) => part.includes(`id = "${id}"`)) ?? '';
  return new RegExp(`^${key} = (.*?)(?:\\s+#.*)?$`, 'm').exec(table)?.[1];
}

export async function panel(page, name) {
  await page.locator('.tabs').getByRole('button', { name }).click();
}

/** Where a point of the canvas is on the screen. */
export async function point(page, x, y) {
  const box = await page.locator('.overlay').boundingBox();
  return [box.x + (x / 1080) * box.width, box.y + (y / 1920) * box.height];
}

export async function click(page, x, y) {
  await page.mouse.click(...(await point(page, x, y)));
}

export async function drag(page, from, to, key) {
  await page.mouse.move(...(await point(page, ...from)));
  await page.mouse.down();
  if (key) await page.keyboard.down(key);
  await page.mouse.move(...(await point(page, (from[0] + to[0]) / 2, (from[1] + to[1]) / 2)), { steps: 4 });
  await page.mouse.move(...(await point(page, ...to)), { steps: 4 });
  await page.mouse.up();
  if (key) await page.keyboard.up(key);
}

export async function tabTo(page, selector) {
  for (let n = 0; n < 80; n++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((s) => document.activeElement?.matches(s), selector)) return;
  }
  assert.fail(`Tab does not come to ${selector}`);
}

/** The colour that the shown picture has at a point of the canvas. */
export async function pixel(page, x, y) {
  return page.evaluate(
    async ([x, y]) => {
      const shown = document.querySelector('.picture');
      await shown.decode();
      const canvas = document.createElement('canvas');
      canvas.width = shown.naturalWidth;
      canvas.height = shown.naturalHeight;
      const context = canvas.getContext('2d');
      context.drawImage(shown, 0, 0);
      return [...context.getImageData((x / 1080) * canvas.width, (y / 1920) * canvas.height, 1, 1).data].slice(0, 3);
    },
    [x, y],
  );
}
