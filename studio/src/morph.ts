// In: a part of the page, and the same part as it should be now. Out: the first changed into the second where they differ,
// in place: what is the same is not touched, so that nothing flickers, scrolls or loses the focus.
// Never: takes away what somebody types or unfolded, or what is ticked and chosen of what is still there; tells whether a change is allowed.

/** An element with this is nobody's but the script's: it stays where it is. */
const OWN = 'data-own';

export interface Watch {
  /** What is shown under this name is another thing now. */
  rebound(element: HTMLElement): void;
  /** It is gone, and stays because somebody is in the middle of it. */
  outlived(element: HTMLElement): void;
}

/** Changes `now` into `wanted`. */
export function morph(now: Element, wanted: Element, watch: Watch): void {
  const active = document.activeElement;
  element(now, wanted, watch);
  if (!(active instanceof HTMLElement) || document.activeElement === active) return;
  if (active.isConnected) active.focus({ preventScroll: true });
}

function element(now: Element, wanted: Element, watch: Watch): void {
  // a field that is in use is its user's until it is left as it was
  if (isField(now) && isInUse(now)) return;
  const bound = now.getAttribute('data-bound');
  const isRebound = bound !== null && bound !== wanted.getAttribute('data-bound');
  attributes(now, wanted);
  children(now, wanted, watch);
  if (isRebound) watch.rebound(now as HTMLElement);
}

function attributes(now: Element, wanted: Element): void {
  const isUsers = (name: string) => name === 'open' && now.matches('details, dialog');
  for (const { name } of [...now.attributes]) {
    if (!wanted.hasAttribute(name) && !isUsers(name)) now.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (now.getAttribute(name) !== value && !isUsers(name)) now.setAttribute(name, value);
  }
}

function children(now: Element, wanted: Element, watch: Watch): void {
  const free = new Map<string, ChildNode[]>();
  const stays = new Set<Node>();
  for (const child of now.childNodes) {
    if (child instanceof Element && child.hasAttribute(OWN)) stays.add(child);
    else free.set(nameOf(child), [...(free.get(nameOf(child)) ?? []), child]);
  }
  const pairs = [...wanted.childNodes].map((child) => [child, free.get(nameOf(child))?.shift()] as const);
  for (const left of [...free.values()].flat()) {
    if (!(left instanceof HTMLElement) || !fieldsOf(left).some(isWritten)) left.remove();
    else {
      stays.add(left);
      watch.outlived(left);
    }
  }
  let at = now.firstChild;
  for (const [child, known] of pairs) {
    while (at && stays.has(at)) at = at.nextSibling;
    if (known) {
      if (known === at) at = at.nextSibling;
      else move(now, known, at);
      if (known instanceof Element) element(known, child as Element, watch);
      else if (known.nodeValue !== child.nodeValue) known.nodeValue = child.nodeValue;
    } else now.insertBefore(document.importNode(child, true), at);
  }
}

/** Newer browsers move a node with its focus and what it has loaded. */
function move(parent: Element, child: ChildNode, before: ChildNode | null): void {
  const able = parent as Element & { moveBefore?(child: Node, before: Node | null): void };
  if (able.moveBefore) able.moveBefore(child, before);
  else parent.insertBefore(child, before);
}

/** What a node is about: of two lists, those of one name are the same thing. */
export function nameOf(node: Node): string {
  if (!(node instanceof Element)) return node.nodeName;
  const of = (name: string) => node.getAttribute(name);
  // a tick is about its value, other fields about their name
  const field = node.matches('input') ? `${of('name')} ${/^(checkbox|radio)$/.test(of('type') ?? '') ? of('value') : of('type')}` : of('name');
  const first = node.matches('li, tr') ? node.querySelector('a[href], form[action]') : null;
  const about = node.id || of('data-draft') || of('data-date') || of('href') || of('action') || of('data-viewer') || of('aria-labelledby') || field;
  return `${node.nodeName} ${about || (first?.getAttribute('href') ?? first?.getAttribute('action') ?? '')}`;
}

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

function isField(element: Element): element is Field {
  return element.matches('input:not([type=hidden]), textarea, select');
}

function fieldsOf(element: Element): Field[] {
  return [element, ...element.querySelectorAll('*')].filter(isField);
}

/** Whether somebody is in a field, or has left something there. */
function isInUse(field: Field): boolean {
  if (field instanceof HTMLSelectElement) {
    const own = [...field.options].findIndex((option) => option.defaultSelected);
    return field === document.activeElement || field.selectedIndex !== Math.max(0, own);
  }
  if (field instanceof HTMLInputElement && /^(checkbox|radio)$/.test(field.type)) return field.checked !== field.defaultChecked;
  return field === document.activeElement || field.value !== field.defaultValue;
}

/** Whether somebody has written something into a field: what was ticked or chosen goes with what it was about. */
function isWritten(field: Field): boolean {
  const isText = field instanceof HTMLTextAreaElement || (field instanceof HTMLInputElement && field.type === 'text');
  return isText && field.value !== '' && field.value !== field.defaultValue;
}

/** Whether somebody has begun something on the page that a reload would lose. */
export function isBegun(root: Element): boolean {
  return fieldsOf(root).some(isInUse);
}
