// In: a page as the server made it. Out: what only a browser knows put into it: the viewer's own time, what can be dragged,
// keys, the quota as the platform counts it.
// Never: listens to anything; differs between a page that was loaded and one that is put in its place.

import { areOff } from './keys';

/** Puts all of it into a page. */
export function decorate(page: Document): void {
  times(page);
  tiles(page);
  ticks(page);
  for (const one of page.querySelectorAll<HTMLElement>('[data-slot], [data-story-move], [data-draft]')) one.draggable = true;
  for (const help of page.querySelectorAll('.keys')) keys(page, help);
  if (quotas) bars(page, quotas);
}

/** The viewer's time, where it is another than the slot's. */
function times(page: Document): void {
  for (const time of page.querySelectorAll<HTMLTimeElement>('time[data-local]')) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.valueOf())) continue;
    const here = at.toLocaleString(undefined, { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    time.after(` · ${here} where you are (${zone})`);
  }
}

/** On a tile, too, where the clock there shows another time. */
function tiles(page: Document): void {
  const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  for (const time of page.querySelectorAll<HTMLTimeElement>('time[data-tile]')) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.valueOf())) continue;
    const own = clock.format(at);
    if (own === time.textContent?.trim()) continue;
    const words = page.createElement('span');
    words.className = 'soft viewer-time';
    words.textContent = `${own} your time`;
    time.after(' ', words);
  }
}

/** Many are approved at once: all of them can be ticked at once. */
function ticks(page: Document): void {
  const many = page.getElementById('many');
  if (!many) return;
  const all = page.createElement('button');
  all.type = 'button';
  all.className = 'quiet';
  all.dataset.viewer = 'tick-all';
  all.textContent = 'Tick all';
  many.append(all);
}

/** Who does not want single keys turns them off. */
function keys(page: Document, help: Element): void {
  const label = page.createElement('label');
  label.className = 'tick';
  const tick = page.createElement('input');
  tick.type = 'checkbox';
  tick.defaultChecked = !areOff();
  tick.dataset.viewer = 'keys';
  label.append(tick, 'Single keys do this');
  help.append(label);
}

interface Quota {
  name: string;
  used: number;
  total: number;
}

let quotas: Quota[] | undefined;

/** Today's quota as the platform counts it, once the page stands: an account that does not answer changes nothing. */
export async function askQuota(): Promise<void> {
  if (!document.querySelector('[data-quota]')) return;
  const answer = await fetch('/api/v1/accounts').catch(() => undefined);
  if (!answer?.ok) return;
  const { items } = (await answer.json()) as { items: { name: string; quota?: { used: number; total: number } }[] };
  quotas = items.flatMap(({ name, quota }) => (quota?.total ? [{ name, ...quota }] : []));
  bars(document, quotas);
}

function bars(page: Document, quotas: Quota[]): void {
  for (const { name, used, total } of quotas) {
    for (const bar of page.querySelectorAll<HTMLElement>(`[data-quota="${CSS.escape(name)}"]`)) {
      const meter = bar.querySelector('meter');
      const words = bar.querySelector('.num');
      if (!meter || !words) continue;
      const planned = meter.value;
      meter.max = total;
      meter.high = total;
      meter.value = used;
      const said = `${used} of ${total} stories of ${name} used in the last 24 hours, ${planned} on this day`;
      meter.setAttribute('aria-label', said);
      bar.title = said;
      words.textContent = `${used}/${total} used, ${planned} today`;
    }
  }
}
