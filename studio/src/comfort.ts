// Comfort for pages that work without it: they show what happens as it happens, the viewer's own time, what can be dragged to
// another day, keys.
// In: a page of the studio. Out: the same page, alive. Never: the only way to do something.

import { askQuota, decorate } from './decorate';
import { isDragging, listenForDrags } from './dragging';
import { follow } from './follow';
import { listenForKeys } from './keys';

decorate(document);
sayTicks();
listenForDrags();
listenForKeys();
follow({ decorate, isHeld: isDragging, changed: sayTicks });
void askQuota();

/** What can be ticked at once. */
function allTicks(): HTMLInputElement[] {
  return [...document.querySelectorAll<HTMLInputElement>('input[form="many"]')];
}

/** What a press on the button would do. */
function sayTicks(): void {
  const button = document.querySelector('[data-viewer="tick-all"]');
  if (button) button.textContent = allTicks().every((tick) => tick.checked) ? 'Tick none' : 'Tick all';
}

document.addEventListener('click', (event) => {
  if (!(event.target as Element).closest('[data-viewer="tick-all"]')) return;
  const isOn = !allTicks().every((tick) => tick.checked);
  for (const tick of allTicks()) tick.checked = isOn;
  sayTicks();
});
document.addEventListener('change', sayTicks);
// what is copied is selected by a click
document.addEventListener('focusin', (event) => {
  if (event.target instanceof HTMLInputElement && event.target.matches('[data-select]')) event.target.select();
});
