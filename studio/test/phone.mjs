// Posts a story from a phone-sized Chromium, against a studio that runs and has a story in state `handed`.
//   node studio/test/phone.mjs START_URL [NAME…]
// START_URL opens the whole studio, once. Prints one line a test; ends with 1 where one failed.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { axe, enter, fits, refused, watched } from './browser.mjs';

const [start, ...only] = process.argv.slice(2);
if (!start) {
  console.error('usage: node studio/test/phone.mjs START_URL [NAME…]');
  process.exit(2);
}
const origin = new URL(start).origin;
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

const tests = {
  async 'a slot, a story, the tray: no violation and nothing cut off, in light and dark, on a phone and on a desk'({ desk }) {
    const page = await desk();
    await page.goto(`${origin}/calendar`);
    // one draft waits, one is planned
    for (const [template, day] of [['templates/menu.toml'], ['templates/other.toml', '2099-01-01']]) {
      await page.locator('.tray select[name=template]').selectOption(template);
      await page.getByRole('button', { name: 'Put it here' }).click();
      const draft = page.locator('.draft', { hasText: template });
      await draft.waitFor();
      if (!day) continue;
      await draft.getByLabel('Day').fill(day);
      await draft.getByRole('button', { name: 'Plan it' }).click();
      await page.locator('.tray summary', { hasText: '1 planned from here' }).click();
    }
    const link = (selector) => page.locator(selector).first().getAttribute('href');
    const planned = await link('.tray a[href^="/stories/"]');
    // a list goes on from today, whatever weekday it is
    await page.goto(`${origin}/calendar?view=list`);
    const slot = await link('.agenda a[href^="/calendar/slot/"]');
    await page.goto(`${origin}/stories`);
    const handed = (await link('a[href^="/handoff/"]')).replace('handoff', 'stories');
    for (const path of ['/calendar?view=list', slot, planned, handed, '/stories', '/accounts']) {
      await page.goto(origin + path);
      for (const summary of await page.locator('.tray summary').all()) await summary.click();
      await fits(page, path);
    }
  },

  async 'a tile tells the viewer’s time as well, where that is another'({ away }) {
    const page = await away();
    await page.goto(`${origin}/calendar?view=list`);
    const tile = page.locator('.slot[data-slot]').first();
    const [time, own] = [tile.locator('time'), tile.locator('.viewer-time')];
    const at = new Date(await time.getAttribute('datetime'));
    const there = at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'Pacific/Kiritimati' });
    assert.equal(await own.textContent(), `${there} your time`);
  },

  // the last one says that it is live: what is posted is posted
  async 'a code lets a phone into one story'({ desk, phone }) {
    const page = await desk();
    await page.goto(`${origin}/calendar`);
    await page.getByRole('link', { name: 'Post it' }).first().click();
    const home = new URL(page.url()).pathname;
    await axe(page);
    // a studio that listens on loopback alone says how a phone reaches it, and has no code
    if (!(await page.locator('.digits').count())) {
      assert.match(await page.locator('.phone-code').textContent(), /--allow-host/);
      return;
    }
    const digits = (await page.locator('.digits').textContent()).replace(/\D/g, '');
    const guest = await phone();
    await guest.goto(`${origin}${home}`);
    await guest.getByLabel('Or type the code').fill(digits);
    await guest.getByRole('button', { name: 'Open' }).tap();
    await guest.getByRole('button', { name: 'Share to Instagram' }).waitFor();
    assert.equal(new URL(guest.url()).pathname, home);
    assert.equal(await guest.locator('.phone-code').count(), 0);
    await axe(guest);
    for (const path of ['/calendar', '/api/v1/stories', '/api/v1/openapi.json']) {
      assert.equal((await guest.request.get(`${origin}${path}`)).status(), 403, path);
    }
  },

  async 'from the notice to shared in four taps'({ paired }) {
    const page = await paired();
    let taps = 0;
    const tap = async (what) => {
      taps += 1;
      await what.tap();
    };
    await page.goto(`${origin}/calendar`);
    await tap(page.getByRole('link', { name: 'Post it' }).first());
    const share = page.getByRole('button', { name: 'Share to Instagram' });
    await share.waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(wide, false, 'nothing is wider than a phone');
    await axe(page);
    await tap(share);
    await page.waitForFunction(() => window.shared.length > 0);
    const [shared] = await page.evaluate(() => window.shared);
    const media = await page.request.get(await page.evaluate(() => document.getElementById('media').src));
    const sha256 = createHash('sha256').update(await media.body()).digest('hex');
    assert.equal(shared.sha256, sha256, 'the very file');
    assert.match(shared.type, /^(image\/jpeg|video\/mp4)$/);
    assert.match(shared.name, /\.(jpg|mp4)$/);
    await tap(page.getByRole('button', { name: 'It is live' }));
    await page.getByRole('status').waitFor();
    assert.match(await page.getByRole('status').textContent(), /it is live/);
    assert.equal(await page.getByRole('button', { name: 'It is live' }).count(), 0);
    assert.ok(taps <= 4, `${taps} taps`);
  },
};

/* ---- the run ---- */

const { browser, storageState } = await enter(start, ['--disable-gpu']);

/** A page in a context of its own, as a phone shares from it. */
async function open(options, wrong, contexts) {
  const context = await browser.newContext(options);
  contexts.push(context);
  await context.addInitScript(() => {
    window.shared = [];
    navigator.canShare = ({ files }) => files?.length === 1;
    navigator.share = async ({ files: [file] }) => {
      const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
      const sha256 = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
      window.shared.push({ name: file.name, type: file.type, sha256 });
    };
  });
  return watched(context, origin, wrong);
}

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  if (only.length && !only.some((word) => name.includes(word))) continue;
  const [wrong, contexts] = [[], []];
  const began = Date.now();
  try {
    await test({
      desk: () => open({ storageState, viewport: { width: 1280, height: 900 } }, wrong, contexts),
      away: () => open({ storageState, timezoneId: 'Pacific/Kiritimati' }, wrong, contexts),
      phone: () => open(PHONE, wrong, contexts),
      paired: () => open({ storageState, ...PHONE }, wrong, contexts),
    });
    for (const page of contexts.flatMap((context) => context.pages())) {
      wrong.push(...(await refused(page)));
    }
    assert.deepEqual(wrong, []);
    console.log(`ok    ${name} (${Date.now() - began} ms)`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}\n${error.stack ?? error}\n${wrong.join('\n')}`);
    const pages = contexts.flatMap((context) => context.pages());
    if (process.env.SHOTS) await pages.at(-1)?.screenshot({ path: join(process.env.SHOTS, `${name.replace(/\W+/g, '-')}.png`) }).catch(() => undefined);
  }
  for (const context of contexts) await context.close();
}
await browser.close();
process.exit(failed ? 1 : 0);
