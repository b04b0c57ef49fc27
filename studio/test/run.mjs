// Drives the editor in a real Chromium, against a studio that runs.
//   node studio/test/run.mjs START_URL PROJECT_FOLDER [NAME…]
// The project is the one that tests/studio/browser.rs makes. Prints one line a test; ends with 1 where one failed.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { axe, enter, fits, refused, watched } from './browser.mjs';
import { WAIT, click, code, drag, fresh, marked, opened, panel, pixel, place, point, retype, settled, tabTo, value } from './page.mjs';

const [start, project, ...only] = process.argv.slice(2);
if (!start || !project) {
  console.error('usage: node studio/test/run.mjs START_URL PROJECT_FOLDER [NAME…]');
  process.exit(2);
}
const FILE = join(project, 'templates/card.toml');
const FIRST = readFileSync(FILE, 'utf8');
const origin = new URL(start).origin;

const tests = {
  async 'opens with picture, text and form'(page) {
    assert.equal(await page.locator('.picture').count(), 1);
    assert.equal(await code(page), FIRST);
    assert.equal(await page.getByLabel('Title', { exact: true }).inputValue(), 'Hello');
    assert.ok((await page.locator('.layer-list .words').allTextContents()).includes('panel'));
  },

  async 'typing makes a new picture'(page) {
    const before = await page.locator('.picture').getAttribute('src');
    await retype(page, 'fill = "{{ accent }}"', 'fill = "#00ff00"');
    await fresh(page);
    assert.notEqual(await page.locator('.picture').getAttribute('src'), before);
    const [r, g, b] = await pixel(page, 340, 850);
    assert.ok(g > 240 && r < 20 && b < 20, `green, not ${r},${g},${b}`);
    assert.equal(await page.locator('.state').textContent(), 'Not saved');
    assert.equal(readFileSync(FILE, 'utf8'), FIRST, 'nothing is written before it is saved');
  },

  async 'thirty keys a second never starve the picture'(page) {
    await place(page, 'default = "Hello');
    const pictures = new Set();
    for (let n = 0; n < 60; n++) {
      await page.keyboard.type('ab'[n % 2], { delay: 33 });
      pictures.add(await page.locator('.picture').getAttribute('src'));
    }
    await fresh(page);
    assert.ok(pictures.size > 1, 'pictures come while keys are pressed');
    assert.ok((await code(page)).includes(`default = "Hello${'ab'.repeat(30)}"`));
  },

  async 'a new key is typed where the cursor is, whatever pictures come meanwhile'(page) {
    await click(page, 340, 850);
    await fresh(page);
    await place(page, 'height = 300');
    await page.waitForTimeout(700);
    await page.keyboard.press('Enter');
    await page.keyboard.type('opacity = 0.5', { delay: 150 });
    assert.equal(await code(page), FIRST.replace('height = 300', 'height = 300\nopacity = 0.5'));
    await fresh(page);
    assert.match(await marked(page), /id = "panel"/, 'its layer is chosen');
  },

  async 'a mistake is told at its line, and goes'(page) {
    await retype(page, 'size = 96', 'size = "huge"');
    await fresh(page);
    await page.locator('.problems .error').first().waitFor();
    assert.ok(await page.locator('.cm-lintRange-error').count(), 'underlined in the text');
    assert.match(await page.locator('.problems h2').textContent(), /1 error/);
    await page.keyboard.press('Control+z');
    await fresh(page);
    await page.waitForFunction(() => document.querySelector('.problems h2').textContent === 'No problems', null, { timeout: WAIT });
  },

  async 'the picture chooses a layer and its line, and the text its box'(page) {
    await click(page, 340, 850);
    await page.locator('.outline.chosen').waitFor();
    assert.match(await marked(page), /id = "panel"/);
    await place(page, 'id = "title"');
    await page.locator('.layer.chosen', { hasText: 'title' }).waitFor();
  },

  async 'a drag snaps, and a key suspends that'(page) {
    await click(page, 340, 850);
    // its centre comes within 3 units of the canvas's: 340 + 197
    await drag(page, [340, 850], [537, 850]);
    await settled(page, () => value(page, 'panel', 'left'), '340');
    await fresh(page);
    await drag(page, [540, 850], [543, 950], 'Alt');
    await settled(page, () => value(page, 'panel', 'left'), '343');
    await settled(page, () => value(page, 'panel', 'top'), '800');
    await fresh(page);
    assert.ok((await code(page)).includes('# the panel moves'), 'comments stay');
  },

  async 'a handle resizes, another one turns'(page) {
    await click(page, 340, 850);
    await drag(page, [540, 1000], [600, 1060], 'Alt');
    await settled(page, () => value(page, 'panel', 'width'), '460');
    await settled(page, () => value(page, 'panel', 'height'), '360');
    await fresh(page);
    const knob = await page.locator('.turn .knob').boundingBox();
    const [x, y] = await point(page, 870, 880);
    await page.mouse.move(knob.x + knob.width / 2, knob.y + knob.height / 2);
    await page.mouse.down();
    await page.keyboard.down('Shift');
    await page.mouse.move(x, y, { steps: 6 });
    await page.mouse.up();
    await page.keyboard.up('Shift');
    await settled(page, () => value(page, 'panel', 'rotate'), '90');
    await fresh(page);
  },

  async 'numbers do what handles do'(page) {
    await click(page, 340, 850);
    const x = page.getByRole('spinbutton', { name: 'X', exact: true });
    await x.fill('200');
    await x.press('Enter');
    await settled(page, () => value(page, 'panel', 'left'), '200');
    await fresh(page);
    await x.press('Shift+ArrowUp');
    await settled(page, () => value(page, 'panel', 'left'), '210');
    await fresh(page);
  },

  async 'the keyboard alone: choose, move, save'(page) {
    await tabTo(page, '.overlay');
    await page.keyboard.press('n');
    for (let n = 0; n < 5 && !(await page.locator('.layer.chosen', { hasText: 'panel' }).count()); n++) await page.keyboard.press('n');
    for (const key of ['ArrowRight', 'Shift+ArrowRight', 'ArrowDown']) await page.keyboard.press(key);
    await settled(page, () => value(page, 'panel', 'left'), '151');
    await settled(page, () => value(page, 'panel', 'top'), '701');
    await page.keyboard.press('Control+s');
    await page.waitForFunction(() => document.querySelector('.state').textContent === 'Saved', null, { timeout: WAIT });
    assert.equal(readFileSync(FILE, 'utf8'), FIRST.replace('left = 140', 'left = 151').replace('top = 700', 'top = 701'));
  },

  async 'the form changes the default, or this preview alone'(page) {
    await panel(page, 'Content');
    const title = page.getByLabel('Title', { exact: true });
    await title.fill('Good morning');
    await settled(page, async () => (await code(page)).includes('default = "Good morning"'), true);
    await fresh(page);
    const text = await code(page);
    await page.getByRole('button', { name: 'This preview only' }).click();
    await title.fill('Tried');
    await fresh(page);
    assert.equal(await code(page), text, 'what is tried is not written');
    assert.equal(await page.locator('.chip.tried').count(), 1);
  },

  async 'words that are refused stay in their field, and are never called saved'(page) {
    await panel(page, 'Content');
    const state = () => page.locator('.state').textContent();
    const [title, accent] = [page.getByLabel('Title', { exact: true }), page.locator('#var-accent')];
    const long = 'A title that has more letters than the sixty that are allowed here';
    await title.fill(long);
    await page.locator('.refused').waitFor();
    assert.match(await page.locator('.refused').textContent(), /Not in the template: .*60/);
    await axe(page);
    await accent.fill('#00ff00');
    await accent.press('Tab');
    await settled(page, async () => (await code(page)).includes('"#00ff00"'), true);
    assert.equal(await title.inputValue(), long);
    await settled(page, state, 'Not saved');
    await page.keyboard.press('Control+s');
    await page.locator('dialog.ask').waitFor();
    assert.match(await page.locator('dialog.ask').textContent(), /Title/);
    assert.equal(readFileSync(FILE, 'utf8'), FIRST);
    await page.getByRole('button', { name: 'Save without it' }).click();
    await settled(page, () => readFileSync(FILE, 'utf8'), FIRST.replace('"#ff5a36"', '"#00ff00"'));
    assert.equal(await title.inputValue(), long);
    // the field holds what the file has not
    await settled(page, state, 'Not saved');
    await page.getByRole('button', { name: 'Let it go' }).click();
    await settled(page, () => title.inputValue(), 'Hello');
    await settled(page, state, 'Saved');
    // a broken expression, and keys that come while a field is still typed in
    await title.fill('{{ 1/');
    await page.keyboard.press('Control+s');
    await page.locator('.refused').waitFor();
    await settled(page, state, 'Not saved');
    await title.fill('Short');
    await settled(page, async () => (await code(page)).includes('default = "Short"'), true);
    assert.equal(await page.locator('.refused').count(), 0);
    // a number that is none
    await panel(page, 'Layers');
    await page.locator('.layer .name', { hasText: 'title' }).click();
    const size = page.locator('#value-size');
    for (const words of ['٥', '', '9007199254740993']) {
      await size.fill(words);
      await size.press('Tab');
      await page.locator('.refused').waitFor();
      assert.equal(await size.inputValue(), words);
      await page.getByRole('button', { name: 'Let it go' }).click();
      await settled(page, () => size.inputValue(), '96');
    }
  },

  async 'words that are refused outlive a reload, and what came from outside stays'(page) {
    await panel(page, 'Content');
    const long = 'A title that has more letters than the sixty that are allowed here';
    const title = page.getByLabel('Title', { exact: true });
    await title.fill(long);
    await page.locator('.refused').waitFor();
    await page.reload();
    await opened(page);
    await page.locator('.refused').waitFor();
    assert.equal(await title.inputValue(), long);
    assert.match(await page.locator('.refused').textContent(), /Not in the template: .*60/);
    assert.match(await page.locator('.toast').textContent(), /Title is back/);
    assert.equal(await page.locator('.state').textContent(), 'Not saved');
    assert.equal(await code(page), FIRST);
    // the file changes while no page is open
    await page.goto('about:blank');
    outside(FIRST.replace('"Hello"', '"Good day"'));
    await page.goto(`${origin}/edit/templates/card.toml`);
    await opened(page);
    await settled(page, async () => /another value here: “Good day”/.test(await page.locator('.refused').textContent()), true);
    assert.equal(await title.inputValue(), long);
    assert.ok((await code(page)).includes('"Good day"'), 'what came from outside stays');
    await page.getByRole('button', { name: 'Let it go' }).click();
    await settled(page, () => title.inputValue(), 'Good day');
    await page.reload();
    await opened(page);
    assert.equal(await page.locator('.refused').count(), 0, 'what was let go is gone');
    // a number, in the list of layers, and a page that goes while words are on their way
    await panel(page, 'Layers');
    await page.locator('.layer .name', { hasText: 'title' }).click();
    await page.locator('#value-size').fill('huge');
    await page.locator('#value-size').press('Tab');
    await page.locator('.refused').waitFor();
    await page.route('**/api/v1/edit', (route) => route.abort());
    await panel(page, 'Content');
    await title.fill('On its way');
    await page.reload();
    await opened(page);
    await settled(page, () => title.inputValue(), 'On its way');
    await panel(page, 'Layers');
    await page.locator('.layer .name', { hasText: 'title' }).click();
    assert.equal(await page.locator('#value-size').inputValue(), 'huge');
  },

  async 'a text that does not parse, and that the studio has not kept, outlives a reload'(page) {
    // nothing of it comes to the server
    await page.route('**/api/v1/undo/**', (route) => (route.request().method() === 'PUT' ? route.abort() : route.continue()));
    const back = async () => {
      await page.waitForFunction(() => document.querySelector('.source')?.shadowRoot, null, { timeout: WAIT });
      await fresh(page);
    };
    await retype(page, 'size = 96', 'size = = 80');
    await page.reload();
    await back();
    assert.equal(await code(page), FIRST.replace('size = 96', 'size = = 80'));
    await page.locator('.problems .error').first().waitFor();
    // other lines change outside: both are here
    await page.goto('about:blank');
    outside(FIRST.replace('#101418', '#223344'));
    await page.goto(`${origin}/edit/templates/card.toml`);
    await back();
    assert.equal(await code(page), FIRST.replace('size = 96', 'size = = 80').replace('#101418', '#223344'));
    // the same line does: that is a question
    await page.goto('about:blank');
    outside(FIRST.replace('size = 96', 'size = 120'));
    await page.goto(`${origin}/edit/templates/card.toml`);
    const dialog = page.locator('dialog.ask');
    await dialog.waitFor();
    const said = await dialog.textContent();
    assert.ok(said.includes('size = = 80') && said.includes('size = 120'), said);
    await dialog.getByRole('button', { name: 'As it is now, everywhere' }).click();
    await settled(page, async () => (await code(page)).includes('size = 120'), true);
    assert.equal(await page.evaluate(() => localStorage.length), 0, 'nothing waits in the browser any more');
  },

  async 'a photo whose name is taken gets another one, or takes its place'(page) {
    const assets = join(project, 'assets');
    const png = (byte) => Buffer.from([137, 80, 78, 71, 13, 10, 26, 10, byte]);
    mkdirSync(assets, { recursive: true });
    writeFileSync(join(assets, 'image.png'), png(1));
    outside(FIRST.replace('accent =', 'photo = { type = "image", default = "assets/image.png" }\naccent ='));
    await panel(page, 'Content');
    await page.locator('.file').getByRole('button', { name: 'Choose' }).click();
    const upload = (byte) => page.locator('.upload input').setInputFiles({ name: 'image.png', mimeType: 'image/png', buffer: png(byte) });
    await upload(2);
    await page.getByRole('button', { name: 'Keep both: call it image-2.png' }).click();
    await settled(page, async () => (await code(page)).includes('default = "assets/image-2.png"'), true);
    assert.deepEqual(readFileSync(join(assets, 'image-2.png')), png(2));
    await upload(3);
    await page.getByRole('button', { name: 'Replace image.png' }).click();
    await settled(page, () => readFileSync(join(assets, 'image.png'))[8], 3);
  },

  async 'what stands in a field is saved, also before it is left'(page) {
    await panel(page, 'Content');
    await page.locator('#var-accent').fill('#123456');
    await page.keyboard.press('Control+s');
    await settled(page, () => readFileSync(FILE, 'utf8'), FIRST.replace('"#ff5a36"', '"#123456"'));
  },

  async 'a file that is gone is kept here, and written anew'(page) {
    const state = () => page.locator('.state').textContent();
    rmSync(FILE);
    await settled(page, state, 'The file is gone');
    await retype(page, 'size = 96', 'size = 80');
    await fresh(page);
    await page.waitForTimeout(600);
    await page.reload();
    await opened(page);
    assert.ok((await code(page)).includes('size = 80'), 'what was kept opens');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await settled(page, state, 'Saved');
    assert.equal(readFileSync(FILE, 'utf8'), FIRST.replace('size = 96', 'size = 80'));
    // it comes back by itself
    rmSync(FILE);
    await settled(page, state, 'The file is gone');
    outside(FIRST);
    await settled(page, state, 'Saved');
    assert.equal(await code(page), FIRST);
    // nobody has told the page of it
    await retype(page, 'size = 96', 'size = 88');
    await fresh(page);
    const vanish = async (route) => {
      rmSync(FILE);
      await route.continue();
    };
    await page.route('**/api/v1/templates/**', vanish, { times: 1 });
    await page.keyboard.press('Control+s');
    await page.getByRole('button', { name: 'Write it anew' }).click();
    await settled(page, state, 'Saved');
    assert.equal(readFileSync(FILE, 'utf8'), FIRST.replace('size = 96', 'size = 88'));
  },

  async 'a file that is taken back and brought again is shown as it is'(page) {
    await retype(page, 'size = 96', 'size = 80');
    await fresh(page);
    // the event of the own write comes before its answer
    const late = async (route) => {
      const response = await route.fetch();
      await page.waitForTimeout(400);
      await route.fulfill({ response });
    };
    await page.route('**/api/v1/templates/**', late, { times: 1 });
    await page.keyboard.press('Control+s');
    await settled(page, () => page.locator('.state').textContent(), 'Saved');
    const saved = readFileSync(FILE, 'utf8');
    await page.waitForTimeout(300);
    for (const text of [FIRST, saved, FIRST]) {
      outside(text);
      await settled(page, () => code(page), text);
    }
  },

  async 'a day and time is the project’s, wherever the browser is'() {
    const context = await browser.newContext({ storageState, viewport: { width: 1280, height: 900 }, timezoneId: 'America/Los_Angeles' });
    const page = await context.newPage();
    await page.goto(`${origin}/edit/templates/card.toml`);
    await opened(page);
    const asked = page.waitForRequest((request) => request.postDataJSON()?.now !== undefined);
    await page.getByRole('button', { name: 'The picture as of now' }).click();
    const day = page.getByLabel(/^The picture on this day, in \S+/);
    await day.fill('2026-12-24T18:30');
    assert.equal((await asked).postDataJSON().now, '2026-12-24T18:30');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'The picture on 24 Dec 18:30' }).waitFor();
    await context.close();
  },

  async 'a value that a base gives is asked about'(page) {
    await panel(page, 'Layers');
    await page.locator('.layer .name', { hasText: 'band' }).click();
    const y = page.getByRole('spinbutton', { name: 'Y', exact: true });
    await y.fill('1200');
    await y.press('Enter');
    await page.locator('dialog.ask').waitFor();
    assert.match(await page.locator('dialog.ask').textContent(), /base .*_base\.toml/);
    assert.match(await page.locator('dialog.ask').textContent(), /templates\/card\.toml/, 'which templates the base changes');
    await page.getByRole('button', { name: 'Override here' }).click();
    await settled(page, () => value(page, 'band', 'top'), '1200');
  },

  async 'undo goes back over a change from outside, and over a reload'(page) {
    await retype(page, 'size = 96', 'size = 80');
    await fresh(page);
    outside(FIRST.replace('background = "#101418"', 'background = "#223344"'));
    await settled(page, async () => (await code(page)).includes('#223344'), true);
    assert.ok((await code(page)).includes('size = 80'), 'both changes are here');
    await page.waitForTimeout(400);
    await page.reload();
    await opened(page);
    assert.ok((await code(page)).includes('size = 80'), 'what was not saved is back');
    await page.getByRole('button', { name: 'Undo' }).click();
    await settled(page, async () => (await code(page)).includes('size = 96'), true);
    assert.ok((await code(page)).includes('#223344'), 'the change from outside stays');
    await page.getByRole('button', { name: 'Redo' }).click();
    await settled(page, async () => (await code(page)).includes('size = 80'), true);
  },

  async 'undo and what is not saved are there in another browser'(page) {
    await retype(page, 'size = 96', 'size = 80');
    await fresh(page);
    await page.waitForTimeout(600);
    const context = await browser.newContext({ storageState, viewport: { width: 1280, height: 900 } });
    const other = await context.newPage();
    await other.goto(`${origin}/edit/templates/card.toml`);
    await opened(other);
    assert.ok((await code(other)).includes('size = 80'), 'what was not saved is here, too');
    await other.getByRole('button', { name: 'Undo' }).click();
    await settled(other, async () => (await code(other)).includes('size = 96'), true);
    await other.waitForTimeout(600);
    // the first page goes on, and nothing of either is lost
    await retype(page, '#101418', '#203040');
    await settled(page, async () => (await code(page)).includes('size = 96') && (await code(page)).includes('#203040'), true);
    await context.close();
  },

  async 'the other pages: no violation and nothing cut off, in light and dark, on a phone and on a desk'(page) {
    const batch = await page.evaluate(async () => {
      const post = async (path, body) => {
        const answer = await fetch(`/api/v1/${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
        return answer.json();
      };
      await post('drafts', { template: 'templates/card.toml' });
      return post('batches', { templates: ['templates/card.toml'], data: 'cards.csv' });
    });
    const one = `/batch/${batch.id}`;
    const months = ['month', 'week', 'list'].map((view) => `/calendar?view=${view}`);
    for (const path of ['/', '/batch', one, `${one}/${batch.stories[0].name}`, ...months, '/approve', '/stories', '/accounts']) {
      await page.goto(origin + path);
      await fits(page, path);
    }
  },

  async 'keys decide in the grid of a batch'(page) {
    const id = await page.evaluate(async () => {
      const asked = { templates: ['templates/card.toml'], data: 'cards.csv' };
      const answer = await fetch('/api/v1/batches', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(asked) });
      return (await answer.json()).id;
    });
    await page.goto(`${origin}/batch/${id}`);
    await page.keyboard.press('j');
    await page.keyboard.press('a');
    await page.locator('.tile', { hasText: 'card-short' }).getByText('approved').waitFor();
    await page.keyboard.press('r');
    await page.locator('.tile', { hasText: 'card-long' }).getByText('rejected').waitFor();
    const decided = () => page.evaluate(async (id) => (await (await fetch(`/api/v1/batches/${id}`)).json()).stories.map((s) => s.decision?.verdict ?? null), id);
    assert.deepEqual(await decided(), ['approve', 'reject', null]);
    await Promise.all([page.waitForNavigation(), page.keyboard.press('u')]);
    assert.deepEqual(await decided(), ['approve', null, null]);
    await page.keyboard.press('?');
    await page.locator('.keys dl').waitFor();
    // who does not want single keys turns them off
    await page.getByLabel('Single keys do this').uncheck();
    await page.keyboard.press('u');
    await page.waitForTimeout(300);
    assert.deepEqual(await decided(), ['approve', null, null]);
    await page.getByLabel('Single keys do this').check();
    await page.locator('.tile .cover').first().focus();
    await Promise.all([page.waitForURL(/view=onion/), page.keyboard.press('2')]);
  },

  async 'a conflict is a question with both texts'(page) {
    await retype(page, 'size = 96', 'size = 80');
    await fresh(page);
    outside(FIRST.replace('size = 96', 'size = 120'));
    const dialog = page.locator('dialog.ask');
    await dialog.waitFor({ timeout: WAIT });
    const said = await dialog.textContent();
    assert.ok(said.includes('size = 80') && said.includes('size = 120'), said);
    await axe(page);
    await dialog.locator('.side', { hasText: 'size = 120' }).click();
    await dialog.getByRole('button', { name: 'Use this text' }).click();
    assert.ok((await code(page)).includes('size = 120'));
  },

  async 'the worst row comes first, with why'(page) {
    await page.locator('.rows select').first().selectOption({ label: 'cards.csv' });
    await settled(page, () => page.locator('.row-of option').count(), 3);
    assert.equal(await page.locator('.row-of option').first().textContent(), 'long');
    await page.locator('.why').waitFor();
    await fresh(page);
    await page.getByRole('button', { name: 'Row after' }).click();
    await fresh(page);
    assert.notEqual(await page.locator('.row-of').inputValue(), '0');
  },

  async 'a row stays chosen when others come and go above it'(page) {
    const csv = join(project, 'cards.csv');
    const first = readFileSync(csv, 'utf8');
    const form = page.getByLabel('Title', { exact: true });
    try {
      await page.locator('.rows select').first().selectOption({ label: 'cards.csv' });
      await page.locator('.row-of').waitFor();
      await page.getByLabel('Worst first').uncheck();
      await settled(page, () => page.locator('.row-of option').first().textContent(), 'short');
      await page.locator('.row-of').selectOption({ label: 'next' });
      await settled(page, () => form.inputValue(), 'Two words');
      writeFileSync(csv, first.replace('short,', 'new,Fresh\nshort,'));
      await settled(page, () => page.locator('.row-of option').count(), 4);
      await fresh(page);
      assert.equal(await form.inputValue(), 'Two words');
      assert.equal(await page.locator('.row-of').evaluate((list) => list.selectedOptions[0].textContent), 'next');
      writeFileSync(csv, first.replace('Two words', 'Three words now'));
      await settled(page, () => form.inputValue(), 'Three words now');
      writeFileSync(csv, first.replace(/next,.*\n/, ''));
      await page.locator('.toast', { hasText: 'The row next is gone' }).waitFor();
    } finally {
      writeFileSync(csv, first);
    }
  },

  async 'a colour that the brand gets is offered at once'(page) {
    const file = join(project, 'storypress.toml');
    const first = readFileSync(file, 'utf8');
    try {
      await panel(page, 'Content');
      await page.locator('.field.color .swatch').first().click();
      writeFileSync(file, `${first}[brand.colors]\nlime = "#00ff00"\n`);
      await page.locator('.swatches .swatch[aria-label="$lime"]').waitFor();
    } finally {
      writeFileSync(file, first);
    }
  },

  async 'layers: hide, copy, order, delete'(page) {
    await panel(page, 'Layers');
    await page.getByRole('button', { name: 'Hide panel' }).click();
    await settled(page, () => value(page, 'panel', 'when'), 'false');
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.locator('.layer .name', { hasText: 'panel' }).click();
    await page.getByRole('button', { name: 'Duplicate' }).click();
    await settled(page, () => page.locator('.layer').count(), 4);
    // the copy is chosen, and what is pressed next is meant for it
    await page.locator('.layer.chosen').waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await settled(page, () => page.locator('.layer').count(), 3);
    assert.equal(await code(page), FIRST);
    await page.locator('.layer .name', { hasText: 'panel' }).click();
    await page.getByRole('button', { name: 'Raise' }).click();
    await settled(page, async () => (await page.locator('.layer .words').first().textContent()) === 'panel', true);
  },

  async 'text is edited on the picture'(page) {
    const [x, y] = await point(page, 200, 450);
    await page.mouse.dblclick(x, y);
    await page.locator('.on-picture').fill('On the picture');
    await page.keyboard.press('Enter');
    await settled(page, async () => (await code(page)).includes('default = "On the picture"'), true);
  },

  async 'no state of the page breaks a rule of axe'(page) {
    await axe(page);
    await click(page, 340, 850);
    await axe(page);
    await retype(page, 'size = 96', 'size = "huge"');
    await fresh(page);
    await axe(page);
    await page.getByRole('button', { name: 'Changes' }).click();
    await axe(page);
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 390, height: 844 });
    await axe(page);
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await axe(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(wide, false, 'nothing is wider than a phone');
  },
};

/** Writes the file as another program would. */
function outside(text) {
  writeFileSync(FILE, text);
}

/* ---- the run ---- */

const { browser, storageState } = await enter(start, ['--disable-gpu']);

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  if (only.length && !only.some((word) => name.includes(word))) continue;
  outside(FIRST);
  // what one test did is not undone in the next
  rmSync(join(project, '.storypress/undo'), { recursive: true, force: true });
  const context = await browser.newContext({ storageState, viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(WAIT);
  const wrong = [];
  const page = await watched(context, origin, wrong);
  // what the server refuses, as a conflict, is an answer that the page shows; the browser notes its status all the same
  page.on('console', (message) => {
    const answers = name.includes('is gone') ? /status of (404|409|412|422)/ : /status of (409|412|422)/;
    // a request that the test itself cut off
    const isAnswer = answers.test(message.text()) || (name.includes('outlive') && /ERR_FAILED/.test(message.text()));
    if (message.type() === 'error' && !isAnswer) wrong.push(`console: ${message.text()}`);
  });
  const began = Date.now();
  try {
    await page.goto(`${origin}/edit/templates/card.toml`);
    await opened(page);
    await test(page);
    wrong.push(...(await refused(page)));
    assert.deepEqual(wrong, []);
    console.log(`ok    ${name} (${Date.now() - began} ms)`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}\n${error.stack ?? error}\n${wrong.join('\n')}`);
    if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `${name.replace(/\W+/g, '-')}.png`) }).catch(() => undefined);
  }
  await context.close();
}
await browser.close();
process.exit(failed ? 1 : 0);
