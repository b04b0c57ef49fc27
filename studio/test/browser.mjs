// A real Chromium, let into a studio that runs: for the tests and the bench.
// In: the address that a studio printed. Out: a browser and its session; what a page does wrong.
// Never: a request to another host that nobody hears of.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const AXE = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const WHOLE = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
// the same engine without windows: tests take two thirds of the time
const SHELL = '/usr/bin/chromium-headless-shell';

/**
 * Starts it, and opens a session; a context that is made with `storageState` has the same session, and a memory of its own.
 * `whole` is a browser as people have it.
 */
export async function enter(start, args = [], { whole = false } = {}) {
  const executablePath = (whole ? WHOLE : [SHELL, ...WHOLE]).find(existsSync);
  if (!executablePath) {
    console.error('no Chromium: tools/setup.sh installs it');
    process.exit(2);
  }
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', ...args] });
  const entrance = await browser.newContext();
  const page = await entrance.newPage();
  await page.goto(start);
  // the page changes its token for a cookie
  for (let n = 0; n < 100 && !(await entrance.cookies()).length; n++) await page.waitForTimeout(100);
  const storageState = await entrance.storageState();
  await entrance.close();
  return { browser, storageState };
}

/** A page of a context. Its errors, and requests to another host, are noted in `wrong`; see `refused` for its policy. */
export async function watched(context, origin, wrong) {
  await context.addInitScript(() => {
    window.broken = [];
    document.addEventListener('securitypolicyviolation', (event) => window.broken.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => wrong.push(`error: ${error.stack}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith('blob:') && !url.startsWith('data:')) wrong.push(`a request to ${url}`);
  });
  return page;
}

/** What the policy of a watched page has refused. */
export const refused = async (page) => (await page.evaluate(() => window.broken)).map((what) => `policy: ${what}`);

/** Holds a page against the rules of accessibility. */
export async function axe(page) {
  // by the debugger's own way: the page's policy would refuse a script of a test
  await page.evaluate(AXE);
  const { violations } = await page.evaluate((rules) => window.axe.run(document, { runOnly: rules }), RULES);
  const said = violations.map((v) => `${v.id}: ${v.help}\n${v.nodes.slice(0, 3).map((n) => `  ${n.html}\n  ${n.failureSummary}`).join('\n')}`);
  assert.deepEqual(said, []);
}

/** Holds a page against axe in light and dark at each width, and against the screen. */
export async function fits(page, path) {
  for (const colorScheme of ['light', 'dark']) {
    // a colour on its way from one scheme to the other has no contrast
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const width of [390, 1280, 1920]) {
      await page.setViewportSize({ width, height: 900 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wide, 0, `${path} at ${width} px is wider than the screen`);
      if (width < 1920) await axe(page).catch((error) => assert.fail(`${path}, ${colorScheme}, ${width} px: ${error.message}`));
    }
  }
}
