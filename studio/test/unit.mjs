// The parts of the editor that touch no page: texts, boxes, snapping, answers in parts.
// `node --test studio/test/unit.mjs`

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { build } from 'esbuild';

const here = new URL('../src/', import.meta.url).pathname;

async function load(name) {
  const { outputFiles } = await build({ entryPoints: [`${here}${name}.ts`], bundle: true, format: 'esm', write: false, logLevel: 'silent' });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

const [utf8, diffs, geometry, snapping, multipart, ends, journals, layers, names, refusals, rows, shelves] = await Promise.all(
  ['utf8', 'diff', 'geometry', 'snap', 'multipart', 'lineends', 'journal', 'layers', 'names', 'refusals', 'rows', 'shelf'].map(load),
);

/** A small random generator, so that a failure comes again. */
function random(seed) {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
}

test('files of one name are told by their paths', () => {
  const all = ['data/menu.csv', 'old/menu.csv', 'data/tour.csv'];
  assert.deepEqual(all.map((path) => names.calledAmong(all, path)), ['data/menu.csv', 'old/menu.csv', 'tour.csv']);
});

test('bytes and UTF-16 units are told apart in any script', () => {
  for (const text of ['', 'abc', 'é€', '👩‍👩‍👧 ✓', 'مرحبا', 'a👍b', '\ufeffx']) {
    const at = utf8.offsets(text);
    for (let unit = 0; unit <= text.length; unit++) {
      const code = text.charCodeAt(unit);
      if (code >= 0xdc00 && code < 0xe000) continue;
      const bytes = Buffer.byteLength(text.slice(0, unit));
      assert.equal(at.byte(unit), bytes, `${text} ${unit}`);
      assert.equal(at.unit(bytes), unit, `${text} ${bytes}`);
    }
    assert.equal(at.unit(9999), text.length);
  }
  assert.equal(utf8.offsets('a👍b').unit(3), 1, 'a byte within a character is its start');
});

test('a diff turns one list into the other', () => {
  const next = random(7);
  for (let round = 0; round < 400; round++) {
    const list = () => Array.from({ length: next(12) }, () => 'abcd'[next(4)] + '\n');
    const [a, b] = [list(), list()];
    let made = [];
    let at = 0;
    for (const hunk of diffs.diff(a, b)) {
      made.push(...a.slice(at, hunk.a[0]), ...b.slice(...hunk.b));
      at = hunk.a[1];
    }
    made.push(...a.slice(at));
    assert.deepEqual(made, b, `${a} ${b}`);
  }
});

test('changes of different lines are brought together, of the same lines they are not', () => {
  const base = 'one\ntwo\nthree\nfour\nfive\n';
  const both = diffs.merge(base, base.replace('one', 'ONE'), base.replace('five', 'FIVE'));
  assert.equal(diffs.merged(both), 'ONE\ntwo\nthree\nfour\nFIVE\n');
  const clash = diffs.merge(base, base.replace('three', 'mine'), base.replace('three', 'theirs'));
  assert.equal(diffs.merged(clash), undefined);
  assert.deepEqual(clash[1], { kind: 'conflict', base: 'three\n', mine: 'mine\n', theirs: 'theirs\n' });
  const alike = diffs.merge(base, base.replace('two', '2'), base.replace('two', '2'));
  assert.equal(diffs.merged(alike), base.replace('two', '2'));
  const added = diffs.merge(base, `zero\n${base}`, `${base}six`);
  assert.equal(diffs.merged(added), `zero\n${base}six`);
});

test('a merge holds what only one side changed, whatever it is', () => {
  const next = random(11);
  for (let round = 0; round < 400; round++) {
    const list = () => Array.from({ length: next(9) }, () => 'abc'[next(3)] + '\n').join('');
    const [a, b] = [list(), list()];
    assert.equal(diffs.merged(diffs.merge(a, b, a)), b);
    assert.equal(diffs.merged(diffs.merge(a, a, b)), b);
    assert.equal(diffs.merged(diffs.merge(a, b, b)), b);
    const pieces = diffs.merge(a, b, list());
    assert.equal(pieces.map((p) => (p.kind === 'same' ? '' : p.base)).join('').length <= a.length, true);
  }
});

test('a replacement is the smallest one and cuts no character', () => {
  for (const [a, b] of [['abc', 'axc'], ['', 'x'], ['x', ''], ['aa', 'aaa'], ['a👍c', 'a👎c'], ['same', 'same']]) {
    const { from, to, insert } = diffs.replacement(a, b);
    assert.equal(a.slice(0, from) + insert + a.slice(to), b);
    assert.equal(/^[\udc00-\udfff]|[\ud800-\udbff]$/.test(insert), false, `${a} ${b}`);
  }
});

test('a resized box keeps the opposite point, turned or not', () => {
  for (const rotate of [0, 30, 90, -135]) {
    const box = { left: 100, top: 200, width: 300, height: 100, rotate };
    for (const handle of geometry.HANDLES) {
      const fixed = (r) => {
        const c = geometry.centre(r);
        const p = geometry.turned({ x: (-handle.x * r.width) / 2, y: (-handle.y * r.height) / 2 }, r.rotate);
        return [c.x + p.x, c.y + p.y].map((n) => Math.round(n * 1e6) / 1e6);
      };
      const to = geometry.resized(box, handle, { x: 17, y: -9 });
      assert.deepEqual(fixed(to), fixed(box), `${rotate} ${handle.x} ${handle.y}`);
      assert.ok(to.width >= 8 && to.height >= 8);
    }
  }
});

test('a turned box holds its own points alone', () => {
  const box = { left: 0, top: 0, width: 200, height: 20, rotate: 90 };
  assert.ok(geometry.holds(box, { x: 100, y: 100 }));
  assert.ok(!geometry.holds(box, { x: 5, y: 10 }));
  const around = geometry.bounds(box);
  assert.deepEqual(Object.values(around).map((n) => Math.round(n * 1e6) / 1e6), [90, -90, 20, 200, 0]);
});

test('boxes snap to edges, centres, the safe zone and equal gaps, and not from afar', () => {
  const box = (left, top, width = 100, height = 100) => ({ left, top, width, height, rotate: 0 });
  const at = (moving, others = []) => snapping.snap(moving, others, 10);
  assert.equal(at(box(6, 700)).dx, -6, 'the canvas edge');
  assert.equal(at(box(486, 700)).dx, 4, 'the canvas centre');
  assert.equal(at(box(300, 233)).dy, 7, 'the safe zone above');
  assert.equal(at(box(300, 1588)).dy, -8, 'the safe zone below');
  assert.equal(at(box(304, 700), [box(300, 1000)]).dx, -4, 'the edge of another box');
  assert.equal(at(box(700, 700)).dx, 0);
  const row = [box(60, 700), box(260, 700)];
  assert.equal(at(box(455, 730), row).dx, 5, 'the gap that is there already');
  assert.equal(at(box(207, 730, 80), [box(100, 700), box(300, 700)]).dx, 3, 'the middle between two');
  const resizing = snapping.snap(box(300, 700, 234), [box(530, 900)], 10, { x: ['end'], y: [] });
  assert.equal(resizing.dx, -4, 'a dragged edge');
});

test('an answer in parts is read byte for byte', () => {
  const picture = Buffer.from([0, 13, 10, 45, 45, 120, 255, 13, 10]);
  const body = Buffer.concat([Buffer.from('--x y\r\nContent-Type: application/json\r\n\r\n{"a":1}\r\n--x y\r\ncontent-type: image/png\r\n\r\n'), picture, Buffer.from('\r\n--x y--\r\n')]);
  const found = multipart.parts('multipart/mixed; boundary="x y"', new Uint8Array(body));
  assert.equal(found.length, 2);
  assert.equal(found[0].headers.get('content-type'), 'application/json');
  assert.deepEqual(Buffer.from(found[1].body), picture);
  assert.throws(() => multipart.parts('multipart/mixed; boundary="x y"', new Uint8Array(body.subarray(0, 60))), /cut off/);
});

test('line ends that nobody touched stay', () => {
  const text = 'a\r\nb\nc\r\n';
  assert.equal(ends.plain(text), 'a\nb\nc\n');
  assert.equal(ends.typed(text, 'a\nb\nX\nc\n'), 'a\r\nb\nX\r\nc\r\n');
  assert.equal(ends.typed(text, 'a\nbb\nc\n'), 'a\r\nbb\nc\r\n');
  for (let at = 0; at <= ends.plain(text).length; at++) assert.equal(ends.toPlain(text, ends.fromPlain(text, at)), at);
});

test('undo keeps what came from outside after the step', () => {
  const journal = new journals.Journal();
  const [first, second] = ['a\nb\nc\nd\ne\n', 'A\nb\nc\nd\ne\n'];
  journal.note(first, second, 'Typing', true, 0);
  const outside = second.replace('e', 'E');
  assert.equal(journal.undo(outside).text, 'a\nb\nc\nd\nE\n');
  assert.equal(journal.redo('a\nb\nc\nd\nE\n').text, outside);
  assert.equal(journal.undo('x\nb\nc\nd\ne\n').text, undefined, 'a later change of the same line is asked about');
  assert.equal(journal.done, 1);
});

test('a journal that is sent and read again has the same texts', () => {
  const journal = new journals.Journal();
  journal.note('größe = 1\n', 'größe = 12\n', 'Typing', false, 1);
  journal.note('größe = 12\n', 'größe = "🍋"\n', 'Fill', false, 2);
  // a change from outside in between
  journal.note('# new\ngröße = "🍋"\n', '# new\ngröße = "🍎"\n', 'Fill', false, 3);
  journal.undo('# new\ngröße = "🍎"\n');
  const base = { text: 'größe = 1\n', hash: 'h' };
  const sent = JSON.parse(JSON.stringify(journals.packed(journal, base, '# new\ngröße = "🍋"\n')));
  assert.deepEqual(sent.steps.map((s) => s.label), ['Typing', 'Fill', undefined, 'Fill']);
  // bytes, and no half of a character
  assert.deepEqual([sent.steps[0].start, sent.steps[3].removed, sent.steps[3].inserted], [11, '🍋', '🍎']);
  const read = journals.unpacked(sent);
  assert.deepEqual(read, { base, text: '# new\ngröße = "🍋"\n', steps: journal.steps, done: 2 });
  sent.steps[1].removed = 'x';
  assert.equal(journals.unpacked(sent).steps.length, 1, 'nothing is undone into another text');
});

test('a journal that is sent is not longer than the server takes', () => {
  const journal = new journals.Journal();
  const long = 'x'.repeat(100_000);
  for (let n = 0; n < 20; n++) journal.note(`${long}${n}`, `${n}${long}y`, 'Typing', false, n);
  const sent = journals.packed(journal, { text: '', hash: '' }, `19${long}y`);
  assert.ok(JSON.stringify(sent).length < 1_000_000);
  assert.ok(sent.done > 0 && sent.done < 20, 'the newest stay');
});

test('typing without a pause is one step', () => {
  const journal = new journals.Journal();
  journal.note('', 'a', 'Typing', true, 0);
  journal.note('a', 'ab', 'Typing', true, 300);
  journal.note('ab', 'abc', 'Typing', true, 5000);
  assert.deepEqual(journal.steps.map((s) => s.after), ['ab', 'abc']);
});

test('a list of layers has the topmost first, and groups before what lies in them', () => {
  const box = (path, id) => ({ path, id, type: 'text', values: {} });
  const boxes = [box('layer[0]', 'photo'), box('layer[1]', 'group'), box('layer[1].children[0]', 'a'), box('layer[1].children[1]', 'b'), box('layer[10]', 'last')];
  assert.deepEqual(layers.listed(boxes).map(({ box, depth }) => `${depth}${box.id}`), ['0last', '0group', '1b', '1a', '0photo']);
  assert.deepEqual(layers.chainOf(boxes, boxes[3]).map((b) => b.id), ['group']);
});

test('copies stand straight above their layers', () => {
  assert.deepEqual(layers.copiesOf(['layer[1]']), ['layer[2]']);
  // the copy of a lower one moves those above it, in its own group alone
  assert.deepEqual(layers.copiesOf(['layer[1]', 'layer[3]', 'layer[0].children[2]']), ['layer[2]', 'layer[5]', 'layer[0].children[3]']);
});

test('a file that may not replace another one gets a name of its own', () => {
  assert.equal(names.freeName('image.jpg', ['assets/image.jpg']), 'image-2.jpg');
  assert.equal(names.freeName('Image.JPG', ['assets/image.jpg', 'assets/deep/image-2.jpg']), 'Image-3.JPG');
  assert.equal(names.freeName('.hidden', []), '.hidden-2');
});

test('words that are refused are kept until they are let go, or their field is', () => {
  let changes = 0;
  const refused = new refusals.Refusals(() => changes++);
  refused.add({ name: 'vars.title', label: 'Title', words: 'long' }, 'too long');
  refused.add({ name: 'panel.size', label: 'Size', words: '' }, 'a number is needed');
  refused.add({ name: 'vars.title', label: 'Title', words: 'longer' }, 'too long');
  assert.deepEqual(refused.labels, ['Title', 'Size']);
  assert.equal(refused.of('vars.title').words, 'longer');
  refused.keepOf(['vars.title', 'panel']);
  assert.equal(refused.any && refused.labels.length, 2);
  refused.keepOf(['vars.title', 'pan']);
  assert.deepEqual(refused.labels, ['Title']);
  refused.drop('vars.title');
  assert.equal(refused.any, false);
  assert.equal(changes, 5);
});

test('words that are on their way count as refused only once the page was left', () => {
  const page = new refusals.Refusals(() => undefined);
  page.send({ name: 'vars.title', label: 'Title', words: 'a' }, 'old');
  assert.equal(page.any, false);
  assert.deepEqual(page.all, [{ name: 'vars.title', label: 'Title', words: 'a', why: refusals.UNANSWERED, stood: 'old' }]);
  page.send({ name: 'vars.title', label: 'Title', words: 'ab' }, 'old');
  page.drop('vars.title', 'a');
  assert.equal(page.all[0].words, 'ab', 'what was sent since is not answered yet');
  page.drop('vars.title', 'ab');
  assert.deepEqual(page.all, []);
});

test('refused words come back, and say what came in their place since', () => {
  const page = new refusals.Refusals(() => undefined);
  const field = (name, stood) => ({ name, label: name, words: 'long', why: 'it is too long', stood });
  page.putBack([field('vars.title', 'Hello'), field('vars.note', 'Bye'), field('vars.gone', '')]);
  const now = { 'vars.title': 'Good day', 'vars.note': 'Bye' };
  page.compare((name) => now[name]);
  assert.match(page.of('vars.title').why, /too long. Meanwhile .*“Good day”/);
  assert.equal(page.of('vars.note').why, 'it is too long');
  assert.equal(page.of('vars.title').words, 'long', 'nothing is overwritten');
  assert.deepEqual(page.keepOf(['vars.title', 'vars.note']).map((one) => one.label), ['vars.gone']);
  // one that is typed anew meanwhile is not overwritten
  page.putBack([{ ...field('vars.title'), words: 'older' }]);
  assert.equal(page.of('vars.title').words, 'long');
});

/** The browser's storage, in memory. */
function storage(most = Infinity) {
  const all = new Map();
  return {
    getItem: (key) => all.get(key) ?? null,
    setItem(key, value) {
      if (value.length > most) throw new Error('full');
      all.set(key, value);
    },
    removeItem: (key) => void all.delete(key),
    key: (n) => [...all.keys()][n] ?? null,
    get length() {
      return all.size;
    },
  };
}

test('what a page holds is found by its template, whatever the file was then', () => {
  const store = storage();
  const fields = [{ name: 'vars.title', label: 'Title', words: 'long', why: 'too long' }];
  const base = { text: 'a', hash: '1' };
  const shelf = new shelves.Shelf('templates/a.toml', store);
  shelf.put({ base, text: 'ab', from: 'a', fields }, 10);
  new shelves.Shelf('templates/a.toml.toml', store).put({ base, fields: [] , text: 'x', from: 'a' }, 10);
  const found = new shelves.Shelf('templates/a.toml', store).found(20);
  assert.deepEqual(found, [{ base, text: 'ab', from: 'a', fields, at: 10 }]);
  // the file is another one now: one place, not two
  shelf.put({ base: { text: 'b', hash: '2' }, fields }, 30);
  assert.deepEqual(new shelves.Shelf('templates/a.toml', store).found(40).map((held) => held.base.hash), ['2']);
  // another page of the same template lets go of its own alone
  const other = new shelves.Shelf('templates/a.toml', store);
  other.put({ base, fields }, 40);
  other.put({ base, fields: [] }, 45);
  assert.equal(shelf.found(46).length, 1);
  shelf.put({ base, fields: [] }, 50);
  assert.deepEqual(shelf.found(60), []);
  assert.equal(store.length, 1, 'another template keeps its own');
});

test('a browser that keeps nothing is no fault, and old or broken entries go', () => {
  const fields = [{ name: 'vars.title', label: 'Title', words: 'long', why: 'too long' }];
  const base = { text: 'a', hash: '1' };
  for (const store of [undefined, storage(5)]) {
    const shelf = new shelves.Shelf('a.toml', store);
    shelf.put({ base, fields });
    assert.equal(shelf.holds, false);
    assert.deepEqual(shelf.found(), []);
    shelf.clear();
  }
  const store = storage();
  store.setItem('storypress\na.toml\n1\nx', 'no JSON');
  store.setItem('storypress\na.toml\n2\nx', '{"at": 1}');
  store.setItem('another', 'page');
  new shelves.Shelf('b.toml', store).put({ base, fields }, 0);
  const day = 24 * 3600 * 1000;
  assert.deepEqual(new shelves.Shelf('a.toml', store).found(31 * day), []);
  assert.deepEqual([store.length, store.key(0)], [1, 'another'], 'nobody asks for what is that old');
});

test('a row is asked for by its key, where that is its own', () => {
  const all = [{ row: 1, key: 'a' }, { row: 2, key: 'b' }, { row: 3, key: 'b' }, { row: 4, key: null }];
  assert.deepEqual(all.map((row) => rows.nameOf(all, row)), ['a', 2, 3, 4]);
  assert.deepEqual(all.map(rows.wordsOf), ['a', 'b', 'b', 'row 4']);
});
