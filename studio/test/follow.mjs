// Holds that pages which stand show what happens, in a real Chromium, against a studio and its sandbox.
//   node studio/test/follow.mjs START_URL PROJECT_FOLDER TOKEN PROGRAM SANDBOX_URL [NAME…]
// The project is the one that tests/studio/browser.rs makes. Prints one line a test; ends with 1 where one failed.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { axe, enter, fits, refused, watched } from './browser.mjs';

const [start, project, token, program, sandbox, ...only] = process.argv.slice(2);
if (!sandbox) {
  console.error('usage: node studio/test/follow.mjs START_URL PROJECT_FOLDER TOKEN PROGRAM SANDBOX_URL [NAME…]');
  process.exit(2);
}
const origin = new URL(start).origin;
const TEMPLATE = join(project, 'templates/menu.toml');
const WAIT = 30_000;

/** A call as another program makes it. */
async function call(path, body) {
  const answer = await fetch(`${origin}/api/v1/${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${path}: ${text}`);
  return JSON.parse(text);
}

/** Whatever waits is looked at again after a minute of the sandbox's clock. */
async function work() {
  const answer = await fetch(`${sandbox}/sandbox/clock`, { method: 'POST', body: '{"advance_s":90}', headers: { 'Content-Type': 'application/json' } });
  assert.ok(answer.ok, await answer.text());
  execFileSync(program, ['worker', '--once', '--quiet', `--sandbox=${sandbox}`], { cwd: project });
}

const dayOf = (id) => id.slice(id.indexOf('@') + 1, id.indexOf('T'));

/** The slots of a schedule that can be decided about, the nearest first. */
async function slots(schedule) {
  const { items } = await call('slots');
  return items.filter((item) => item.schedule === schedule && /planned|frozen|waiting/.test(item.state)).map((item) => item.id);
}

const of = (id) => `slots/${encodeURIComponent(id)}`;
const tile = (page, id) => page.locator(`.board [data-slot="${id}"], .agenda a[href="/calendar/slot/${encodeURIComponent(id)}"]`);

/** Opens a page, and marks it: a page that is loaded anew has no mark. */
async function stand(page, path) {
  await page.goto(origin + path);
  await page.evaluate(() => (window.standing = true));
  // the stream is there: what happens from now on is heard
  await page.waitForTimeout(900);
}

async function stands(page) {
  assert.ok(await page.evaluate(() => window.standing), 'it was not loaded anew');
}

/** Changes a colour of the template, as another program would. */
function paint(colour) {
  const text = readFileSync(TEMPLATE, 'utf8');
  writeFileSync(TEMPLATE, text.replace(/background = '#\w+'/, `background = '${colour}'`));
}

/** The colour of an image's corner. */
const corner = (image) =>
  image.evaluate(async (shown) => {
    await shown.decode();
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d');
    context.drawImage(shown, 0, 0);
    return [...context.getImageData(4, 4, 1, 1).data].slice(0, 3);
  });

const tests = {
  async 'a tile tells what became of its slot, and what somebody types stays'({ open }) {
    const page = await open();
    await stand(page, '/calendar?view=list');
    const id = (await slots('plain'))[1];
    const why = page.locator('.rules input[name=reason]').first();
    await why.pressSequentially('the oven is br');
    const node = await tile(page, id).elementHandle();
    await call(`${of(id)}/skip`, { reason: 'closed' });
    await tile(page, id).locator('.chip', { hasText: 'skipped' }).waitFor();
    await why.pressSequentially('oken');
    assert.equal(await why.inputValue(), 'the oven is broken');
    assert.ok(await node.evaluate((kept) => kept.isConnected), 'the tile is the same one');
    await stands(page);
  },

  async 'a picture that will be another one is shown'({ open }) {
    const page = await open();
    await stand(page, '/calendar?view=list');
    const image = tile(page, (await slots('plain'))[2]).locator('img');
    await image.scrollIntoViewIfNeeded();
    const before = await image.getAttribute('src');
    paint('#00c800');
    await page.waitForFunction(([shown, was]) => shown.getAttribute('src') !== was, [await image.elementHandle(), before], { timeout: WAIT });
    const [r, g, b] = await corner(image);
    assert.ok(g > 150 && r < 60 && b < 60, `green, not ${r},${g},${b}`);
    await stands(page);
  },

  async 'a pause and its end are told'({ open }) {
    const page = await open();
    await stand(page, '/calendar?view=list');
    await call('schedules/menu/pause', { reason: 'holidays' });
    const paused = page.locator('.rules .chip', { hasText: 'paused' });
    await paused.waitFor();
    await call('schedules/menu/resume', {});
    await paused.waitFor({ state: 'detached' });
    await stands(page);
  },

  async 'what is dragged stays in the hand, and the drop is shown without a reload'({ open }) {
    const page = await open();
    // of one week, all of it to come
    const monday = (id) => (new Date(dayOf(id)).getUTCDay() + 6) % 7 === 0;
    const all = await slots('plain');
    const first = all.findIndex((id, n) => n > 0 && monday(id));
    const [id, other, third] = all.slice(first);
    const date = dayOf(third);
    await stand(page, `/calendar?view=week&date=${date}`);
    const from = tile(page, id);
    await from.scrollIntoViewIfNeeded();
    const day = page.locator(`[data-date="${date}"]`);
    await from.hover();
    await page.mouse.down();
    const [place, own] = [await day.boundingBox(), await from.boundingBox()];
    await page.mouse.move(place.x + 20, own.y + 100, { steps: 5 });
    await page.mouse.move(place.x + 24, own.y + 104, { steps: 5 });
    const held = await from.elementHandle();
    await call(`${of(other)}/skip`, {});
    await page.waitForTimeout(1200);
    assert.ok(await held.evaluate((one) => one.isConnected && one.draggable));
    assert.equal(await tile(page, other).count(), 1, 'nothing moves while something is held');
    await page.mouse.up();
    await page.locator(`[data-date="${date}"] [data-slot="${id}"]`).waitFor();
    await page.locator(`[href="/calendar/slot/${encodeURIComponent(other)}"] .chip`, { hasText: 'skipped' }).waitFor();
    await stands(page);
  },

  async 'what was ticked for one picture is not ticked for the next'({ open }) {
    const page = await open();
    await stand(page, '/approve');
    const ask = page.locator('.ask').first();
    const tick = ask.getByRole('checkbox');
    await tick.check();
    const bound = await ask.getAttribute('data-bound');
    const approve = ask.getByRole('button', { name: 'Approve', exact: true });
    await approve.evaluate((button) => new MutationObserver(() => (window.heldBack ||= button.disabled)).observe(button, { attributes: true }));
    paint('#c80000');
    await work();
    await page.waitForFunction(([one, was]) => one.dataset.bound !== was, [await ask.elementHandle(), bound], { timeout: WAIT });
    assert.equal(await tick.isChecked(), false);
    await ask.getByRole('status').waitFor();
    assert.ok(await page.evaluate(() => window.heldBack), 'a press on its way is held back');
    await approve.click({ timeout: WAIT });
    await page.getByText('Approved. It goes out at its time.').waitFor();
  },

  async 'a note is kept where somebody else has decided meanwhile'({ open }) {
    const page = await open();
    await page.goto(`${origin}/approve`);
    await page.locator('.ask h2 a').first().click();
    await page.locator('.verdict').waitFor();
    await stand(page, new URL(page.url()).pathname);
    await page.getByText('Reject', { exact: true }).first().click();
    const note = page.getByLabel('What is wrong with it');
    await note.fill('The price is the one of last w');
    const id = decodeURIComponent(new URL(page.url()).pathname.split('/').pop());
    const { slot } = await call(of(id));
    await call(`${of(id)}/approve`, { sha256: slot.sha256, by: 'ana' });
    await page.locator('.verdict .chip', { hasText: 'to approve' }).waitFor({ state: 'detached' });
    assert.equal(await note.inputValue(), 'The price is the one of last w');
    assert.equal(await note.evaluate((field) => field === document.activeElement), true, 'and the cursor is in it');
    await axe(page);
    await stands(page);
  },

  async 'a lead approves and rejects on a phone'({ phone }) {
    const page = await phone();
    const next = (href) => decodeURIComponent(href.split('/').pop());
    await page.goto(`${origin}/approve`);
    const asks = page.locator('.ask h2 a');
    const [first, second] = [next(await asks.nth(0).getAttribute('href')), next(await asks.nth(1).getAttribute('href'))];
    await fits(page, '/approve');
    await page.setViewportSize({ width: 390, height: 844 });
    await asks.first().tap();
    const picture = page.locator('.phone .story');
    await picture.evaluate((shown) => shown.decode());
    assert.equal(await page.locator('.phone .chrome').count(), 2, 'as the app shows it');
    await fits(page, '/approve/ID');
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole('button', { name: 'Approve', exact: true }).tap();
    await page.getByText('Approved. It goes out at its time.').waitFor();
    assert.equal(next(page.url().split('?')[0]), second, 'the next one is there');
    await page.getByText('Reject', { exact: true }).first().tap();
    await page.getByLabel('What is wrong with it').fill('The price is of last week.');
    await page.getByRole('button', { name: 'Reject', exact: true }).tap();
    await page.getByText('Rejected. It does not go out').waitFor();
    assert.equal((await call(of(first))).approval?.sha256?.length, 64);
    assert.equal((await call(of(second))).rejection?.reason, 'The price is of last week.');
  },

  async 'all tabs share one stream, and another one takes it over'({ open, context, streams }) {
    const pages = [await open(), await open(), await open()];
    for (const page of pages) await stand(page, '/calendar?view=list');
    assert.equal(streams.length, 1, `${streams.length} streams`);
    await pages[0].close();
    await pages[1].waitForTimeout(900);
    assert.equal(streams.length, 2);
    const id = (await slots('plain'))[3];
    await call(`${of(id)}/skip`, {});
    for (const page of pages.slice(1)) {
      // a page that nobody looks at waits until somebody does
      await page.bringToFront();
      await tile(page, id).locator('.chip', { hasText: 'skipped' }).waitFor();
      await stands(page);
    }
    assert.equal(context.pages().length, 2);
  },

  async 'without JavaScript the same is there after a reload'({ bare }) {
    const page = await bare();
    await page.goto(`${origin}/calendar?view=list`);
    const id = (await slots('plain'))[4];
    await call(`${of(id)}/skip`, {});
    await page.reload();
    await tile(page, id).locator('.chip', { hasText: 'skipped' }).waitFor();
  },
};

/* ---- the run ---- */

const { browser, storageState } = await enter(start, ['--disable-gpu']);

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  if (only.length && !only.some((word) => name.includes(word))) continue;
  const [wrong, streams] = [[], []];
  const context = await browser.newContext({ storageState, viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(WAIT);
  context.on('request', (request) => {
    if (new URL(request.url()).pathname === '/api/v1/events') streams.push(request);
  });
  const bare = await browser.newContext({ storageState, javaScriptEnabled: false });
  const small = await browser.newContext({ storageState, viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const began = Date.now();
  try {
    await test({ open: () => watched(context, origin, wrong), bare: () => bare.newPage(), phone: () => watched(small, origin, wrong), context, streams });
    for (const page of [...context.pages(), ...small.pages()]) wrong.push(...(await refused(page)));
    assert.deepEqual(wrong, []);
    console.log(`ok    ${name} (${Date.now() - began} ms)`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}\n${error.stack ?? error}\n${wrong.join('\n')}`);
    if (process.env.SHOTS) await context.pages().at(-1)?.screenshot({ path: join(process.env.SHOTS, `${name.replace(/\W+/g, '-')}.png`) }).catch(() => undefined);
  }
  await context.close();
  await bare.close();
  await small.close();
}
await browser.close();
process.exit(failed ? 1 : 0);
