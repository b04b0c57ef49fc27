// Measures the editor in a real Chromium, against a studio that runs: median and 95th percentile.
//   storypress studio --json --no-open --project DIR/storypress.toml    prints {"url"}
//   node tools/bench-studio.mjs URL templates/NAME.toml [ROUNDS [DIR [TABLE]]]
// What is measured: first paint and first picture of the page; a key stroke until the new picture (540 × 960) is decoded;
// the time between two pictures while thirty keys a second are typed;
// the time between two frames of a drag; a picture of full size; with DIR, a save of the template by another program until
// its picture is decoded; with TABLE, a data file of the project, the first screen of its batch, opened and shown.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { enter } from '../studio/test/browser.mjs';

const [start, template, rounds = '40', folder, table] = process.argv.slice(2);
if (!start || !template) {
  console.error('usage: node tools/bench-studio.mjs URL TEMPLATE [ROUNDS [DIR [TABLE]]]');
  process.exit(2);
}
const { browser, storageState } = await enter(start, [], { whole: true });
const context = await browser.newContext({ storageState, viewport: { width: 1280, height: 900 } });
const page = await context.newPage();

function say(name, times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))].toFixed(1);
  console.log(`${name.padEnd(40)} median ${at(0.5).padStart(7)} ms   95 % ${at(0.95).padStart(7)} ms   n ${sorted.length}`);
}

const fresh = () => page.waitForFunction(() => document.querySelector('.picture') && document.querySelector('.freshness')?.textContent.trim() === 'up to date');
const opened = [];
const painted = [];
for (let n = 0; n < 5; n++) {
  await page.goto(`${new URL(start).origin}/edit/${template}`);
  await fresh();
  opened.push(await page.evaluate(() => performance.getEntriesByName('storypress:picture')[0].startTime));
  painted.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime));
}
say('first paint', painted);
say('first picture', opened);

// typing into a comment changes the text, and so the picture, without making an error
await page.evaluate(() => {
  const view = document.querySelector('.source').shadowRoot.querySelector('.cm-content').cmTile.view;
  view.focus();
  view.dispatch({ changes: { from: 0, insert: '# ' } });
  view.dispatch({ selection: { anchor: 2 } });
});
await fresh();
const keys = [];
for (let n = 0; n < Number(rounds); n++) {
  await page.waitForTimeout(700);
  await page.evaluate(() => {
    performance.clearMarks('storypress:picture');
    document.querySelector('.source').shadowRoot.querySelector('.cm-content').addEventListener('beforeinput', () => (window.pressed = performance.now()), { once: true });
  });
  await page.keyboard.type('x');
  await page.waitForFunction(() => performance.getEntriesByName('storypress:picture').length > 0);
  keys.push(await page.evaluate(() => performance.getEntriesByName('storypress:picture')[0].startTime - window.pressed));
}
say('key stroke to picture', keys);

// thirty keys a second: how long the picture stands still while they come
await page.waitForTimeout(700);
await page.evaluate(() => performance.clearMarks('storypress:picture'));
const typing = performance.now();
for (let n = 0; n < 90; n++) {
  await page.keyboard.press('ab'[n % 2]);
  const left = typing + (n + 1) * (1000 / 30) - performance.now();
  if (left > 0) await page.waitForTimeout(left);
}
const rate = 90_000 / (performance.now() - typing);
const shown = await page.evaluate(() => performance.getEntriesByName('storypress:picture').map((mark) => mark.startTime));
say(`between pictures at ${rate.toFixed(0)} keys a second`, shown.slice(1).map((at, n) => at - shown[n]));
await fresh();

const box = await page.locator('.overlay').boundingBox();
await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
await page.mouse.down();
await page.evaluate(() => {
  window.frames = [];
  let last = performance.now();
  const tick = (now) => {
    window.frames.push(now - last);
    last = now;
    window.ticking = requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
});
for (let n = 0; n < 60; n++) await page.mouse.move(box.x + box.width / 2 + n, box.y + box.height / 2 + n);
const between = await page.evaluate(() => (cancelAnimationFrame(window.ticking), window.frames));
await page.keyboard.press('Escape');
await page.mouse.up();
say('frame to frame of a drag', between.slice(2));

// full size: asked for, sent and decoded, each of another text
const full = await page.evaluate(
  async ([template, rounds]) => {
    const text = (await (await fetch(`/api/v1/templates/${template}`)).json()).text;
    const times = [];
    for (let n = 0; n < rounds; n++) {
      const began = performance.now();
      const body = JSON.stringify({ template, text: `${text}\n# ${n}\n` });
      const answer = await fetch('/api/v1/preview', { method: 'POST', body, headers: { Accept: 'image/jpeg', 'Content-Type': 'application/json' } });
      await createImageBitmap(await answer.blob());
      times.push(performance.now() - began);
    }
    return times;
  },
  [template, Number(rounds)],
);
say('full size, as JPEG', full);

if (folder) {
  const file = join(folder, template);
  const before = readFileSync(file, 'utf8');
  await page.goto(`${new URL(start).origin}/edit/${template}`);
  await fresh();
  const saves = [];
  for (let n = 0; n < Number(rounds); n++) {
    await page.waitForTimeout(700);
    await page.evaluate(() => performance.clearMarks('storypress:picture'));
    const began = await page.evaluate(() => performance.timeOrigin + performance.now());
    writeFileSync(file, `${before}\n# ${n}\n`);
    await page.waitForFunction(() => performance.getEntriesByName('storypress:picture').length > 0);
    saves.push((await page.evaluate(() => performance.timeOrigin + performance.getEntriesByName('storypress:picture')[0].startTime)) - began);
  }
  writeFileSync(file, before);
  say('save from outside to picture', saves);
}

if (table) {
  const screens = [];
  for (let n = 0; n < 5; n++) {
    await page.goto(`${new URL(start).origin}/batch`);
    const began = performance.now();
    const id = await page.evaluate(
      async ([template, data]) => {
        const answer = await fetch('/api/v1/batches', { method: 'POST', body: JSON.stringify({ templates: [template], data }), headers: { 'Content-Type': 'application/json' } });
        return (await answer.json()).id;
      },
      [template, table],
    );
    await page.goto(`${new URL(start).origin}/batch/${id}`);
    // what is on the screen is drawn: below it, pictures come when they are scrolled to
    await page.waitForFunction(() => {
      const own = [...document.images].filter((image) => image.getBoundingClientRect().top < innerHeight);
      return own.length > 0 && own.every((image) => image.complete && image.naturalWidth > 0);
    });
    screens.push(performance.now() - began);
  }
  say('first screen of the batch', screens);
}
await browser.close();
