// How ICU itself writes dates, numbers and prices, a line for each locale that is named: the fixture
// src/template/expression/tests/icu.txt is made with it. `node tools/icu.js pl ar-EG …`
const day = new Date(Date.UTC(2026, 10, 28, 19, 30)), first = new Date(Date.UTC(2026, 4, 1, 7, 5));
const tags = process.argv.slice(2);
console.log(`# ICU ${process.versions.icu}, CLDR ${process.versions.cldr}: data of Unicode, Inc. under the Unicode License V3 (../cldr.LICENSE)`);
for (const l of tags) {
  const d = (o, x = day) => new Intl.DateTimeFormat(l, {timeZone: 'UTC', ...(l.startsWith('th') ? {} : {calendar: 'gregory'}), ...o}).format(x);
  const n = (v, o = {}) => new Intl.NumberFormat(l, o).format(v);
  const m = (v, c) => n(v, {style: 'currency', currency: c});
  console.log([l, d({dateStyle: 'long'}), d({dateStyle: 'long'}, first), d({weekday: 'long'}), d({month: 'long'}), d({month: 'short'}),
    n(1234567.891, {maximumFractionDigits: 2}), n(-1234.5), n(0.125, {style: 'percent', minimumFractionDigits: 1}), n(-0.5, {style: 'percent'}),
    m(1234567.5, 'EUR'), m(-3, 'EUR'), m(1500, 'JPY'), m(1.2345, 'KWD'), m(12, 'USD')].join('\t'));
}
