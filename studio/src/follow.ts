// In: what happens to the project's files, slots and stories. Out: the page as it is now, changed in place.
// Never: a reload under somebody's hands; work for a page that nobody looks at; a decision about a picture that was not seen.

import { listen } from './events';
import { isBegun, morph } from './morph';

/** News that come together are one look, ms. */
const GATHER = 120;

/** Words such as “in 12 min” are made anew so often, ms. */
const AGE = 60_000;

/** So long a picture stands before it can be approved, ms. */
const LOOK = 1_200;

/** What a form has said stays so long, ms. */
const SAID = 10_000;

export interface Page {
  /** Puts in what the server does not know, before a page is shown. */
  decorate(page: Document): void;
  /** Whether somebody holds something that must not move. */
  isHeld(): boolean;
  /** After the page was changed. */
  changed(): void;
}

let timer: number | undefined;
let isAsking = false;
let isDue = false;
let isPressed = false;
let asked = Date.now();
let page: Page | undefined;
/** Buttons that approve a picture which nobody can have seen yet. */
const heldBack = new Set<HTMLButtonElement>();

/** Follows what the page says it shows: `data-follow="file slot story"`. */
export function follow(own: Page): void {
  forgetSaid();
  const kinds = document.body.dataset.follow?.split(' ');
  if (!kinds) return;
  page = own;
  listen((news) => {
    if (news.kind === 'again' || kinds.includes(news.kind)) soon();
  });
  const whenFree = () => {
    if (isDue || (!document.hidden && Date.now() - asked > AGE)) soon();
  };
  document.addEventListener('visibilitychange', whenFree);
  document.addEventListener('dragend', whenFree);
  setInterval(whenFree, AGE / 4);
  // what is pressed is not moved before it is let go
  const press = (is: boolean) => () => {
    isPressed = is;
    if (!is) whenFree();
  };
  addEventListener('pointerdown', press(true), true);
  for (const name of ['pointerup', 'pointercancel', 'dragend', 'blur']) addEventListener(name, press(false), true);
}

/** What a form has said is said once: not after a reload, and not for ever. */
function forgetSaid(): void {
  const address = new URL(location.href);
  const said = document.querySelector<HTMLElement>('.said');
  if (!address.searchParams.has('said')) return;
  address.searchParams.delete('said');
  history.replaceState(null, '', address);
  if (!said) return;
  said.dataset.own = '';
  setTimeout(() => delete said.dataset.own, SAID);
}

/** Shows what there is now; a page that does not follow is loaded anew. */
export function again(): void {
  if (page) soon();
  else location.reload();
}

function soon(): void {
  isDue = true;
  clearTimeout(timer);
  timer = window.setTimeout(() => void look(), GATHER);
}

const isFree = () => page && !document.hidden && !isPressed && !page.isHeld();

async function look(): Promise<void> {
  if (isAsking || !isFree()) return;
  isAsking = true;
  isDue = false;
  try {
    const answer = await fetch(location.pathname + location.search, { headers: { Accept: 'text/html' }, cache: 'no-store' });
    asked = Date.now();
    // a shell is for who is let in no more
    if (answer.ok && !answer.headers.has('storypress-shell')) show(await answer.text());
  } catch {
    // the studio is away; its stream tells when it is back
  } finally {
    isAsking = false;
    if (isDue) soon();
  }
}

function show(text: string): void {
  if (!page || !isFree()) {
    isDue = true;
    return;
  }
  const next = new DOMParser().parseFromString(text, 'text/html');
  const style = (of: Document) => of.querySelector('link[rel=stylesheet]')?.getAttribute('href');
  // another version of the program: its pages need its own style and script
  if (style(next) !== style(document) && !isBegun(document.body)) return location.reload();
  page.decorate(next);
  document.title = next.title;
  morph(document.body, next.body, { rebound, outlived });
  for (const button of heldBack) button.disabled = true;
  page.changed();
}

/** Another picture stands there: what was ticked was another one, and a press that was on its way is held back. */
function rebound(element: HTMLElement): void {
  for (const tick of element.querySelectorAll<HTMLInputElement>('input[type=checkbox]')) tick.checked = tick.defaultChecked;
  note(element, 'The picture has just changed. Look at it again.');
  const buttons = [...element.querySelectorAll<HTMLButtonElement>('button[value=approve]')];
  const shown = [...element.querySelectorAll('img')].map((image) => image.decode().catch(() => undefined));
  for (const button of buttons) heldBack.add(button);
  const seen = new Promise((resolve) => setTimeout(resolve, LOOK));
  void Promise.all([seen, ...shown]).then(() => {
    for (const button of buttons) {
      heldBack.delete(button);
      button.disabled = false;
    }
  });
}

/** Somebody writes where nothing has to be written any more. */
function outlived(element: HTMLElement): void {
  note(element, 'This was decided or changed meanwhile. What you have written stays until you leave the page.');
}

function note(element: HTMLElement, words: string): void {
  const place = element.querySelector<HTMLElement>('[data-note]') ?? element;
  const known = [...place.children].find((child) => child.hasAttribute('data-own'));
  if (known) {
    known.textContent = words;
    return;
  }
  const told = document.createElement('p');
  told.className = 'said';
  told.dataset.own = '';
  told.setAttribute('role', 'status');
  told.textContent = words;
  place.prepend(told);
}
