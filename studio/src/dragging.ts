// In: a slot, a story or a draft that is dragged to a day. Out: the call that takes it there; a slot and a story keep their
// time of day, a draft takes the one of its form.
// Never: the only way: the page of each has a form that does the same.

import { act } from './acts';
import { again } from './follow';

let dragged: HTMLElement | undefined;

/** Whether something is held. */
export const isDragging = () => dragged !== undefined;

/** The call that takes what is dragged to a day. */
function placing(one: HTMLElement, date: string): [path: string, body: object] {
  const { slot, storyMove, draft, time, zone } = one.dataset;
  if (slot) return [`slots/${encodeURIComponent(slot)}/move`, { to: `${date}T${time}[${zone}]` }];
  if (storyMove) return [`stories/${encodeURIComponent(storyMove)}/move`, { to: `${date}T${time}` }];
  const field = (name: string) => one.querySelector<HTMLInputElement>(`[name="${name}"]`)?.value;
  return [`drafts/${encodeURIComponent(draft ?? '')}/place`, { at: `${date}T${field('time') ?? '12:00'}`, account: field('account') }];
}

/** Listens for it on the whole page: days and tiles come and go. */
export function listenForDrags(): void {
  const within = (event: DragEvent, selector: string) => (event.target as Element | null)?.closest?.<HTMLElement>(selector) ?? undefined;
  const marked = () => document.querySelectorAll('.is-drop');
  const unmark = (but?: Element) => {
    for (const day of marked()) if (day !== but) day.classList.remove('is-drop');
  };
  document.addEventListener('dragstart', (event) => {
    const one = within(event, '[data-slot], [data-story-move], [data-draft]');
    if (!one || !event.dataTransfer) return;
    dragged = one;
    const { slot, storyMove, draft } = one.dataset;
    event.dataTransfer.effectAllowed = 'move';
    event.dataTransfer.setData('text/plain', slot ?? storyMove ?? draft ?? '');
  });
  // in the way down: who waits for the end of it finds it over
  document.addEventListener('dragend', () => {
    dragged = undefined;
    unmark();
  }, true);
  document.addEventListener('dragover', (event) => {
    const day = within(event, '[data-date]');
    const isPlace = dragged && day && !day.contains(dragged);
    unmark(isPlace ? day : undefined);
    if (!isPlace) return;
    event.preventDefault();
    day.classList.add('is-drop');
  });
  document.addEventListener('drop', async (event) => {
    const day = within(event, '[data-date]');
    unmark();
    if (!dragged || !day?.dataset.date) return;
    event.preventDefault();
    const [path, body] = placing(dragged, day.dataset.date);
    if (await act(path, body)) again();
  });
}
