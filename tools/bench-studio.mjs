// Measures the editor in a real Chromium, against a studio that runs: median and 95th percentile.
//   storypress studio --json --no-open --project DIR/storypress.toml    prints {"url"}
//   node tools/bench-studio.mjs URL templates/NAME.toml [ROUNDS]
// What is measured: first paint and first picture of the page; a key stroke until the new picture (540 × 960) is decoded;
// the time between two frames of a drag.

import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';

const require = createRequire(new URL('../studio/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const [start, template, rounds = '40'] = process.argv.slice(2);
if (!start || !template) {
  console.error('usage: node tools/bench-studio.mjs URL TEMPLATE [ROUNDS]');
  process.exit(2);
}
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
const page = await context.newPage();
await page.goto(start);
// the page changes its token for a cookie
while (!(await context.cookies()).length) await page.waitForTimeout(50);

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
await browser.close();
