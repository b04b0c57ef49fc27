// In: single keys. Out: what a button or a link says it listens to (`data-key`); in the grid of a batch, a walk from story to
// story, and decisions about the one that has the focus.
// Never: listens while somebody types, or where keys were turned off.

import { act } from './acts';

const OFF = 'storypress-keys-off';

/** Whether somebody does not want them. */
export function areOff(): boolean {
  try {
    return localStorage.getItem(OFF) === '1';
  } catch {
    return false;
  }
}

function turn(areOn: boolean): void {
  try {
    localStorage.setItem(OFF, areOn ? '0' : '1');
  } catch {
    // kept for this page only
  }
}

const VIEWS: Record<string, string> = { 1: 'side', 2: 'onion', 3: 'swipe', 4: 'flicker' };

class Grid {
  private readonly covers: HTMLAnchorElement[];

  constructor(private readonly element: HTMLElement | null) {
    this.covers = [...(element?.querySelectorAll<HTMLAnchorElement>('.tile .cover') ?? [])];
  }

  private focusOn(place: number): void {
    const cover = this.covers[Math.max(0, Math.min(this.covers.length - 1, place))];
    cover?.focus();
    cover?.scrollIntoView({ block: 'nearest' });
  }

  private async decide(place: number, verdict: 'approve' | 'reject'): Promise<void> {
    const tile = this.covers[place].closest<HTMLElement>('.tile');
    const path = `batches/${encodeURIComponent(this.element?.dataset.batch ?? '')}/decisions`;
    if (!tile || !(await act(path, { decisions: [{ story: tile.dataset.story, verdict }] }))) return;
    const chip = document.createElement('span');
    chip.className = `chip state-${verdict === 'approve' ? 'live' : 'failed'}`;
    chip.textContent = verdict === 'approve' ? 'approved' : 'rejected';
    tile.querySelector('.tile-verdict')?.replaceChildren(chip);
    this.focusOn(place + 1);
  }

  /** Whether the key meant something here. */
  key(key: string): boolean {
    if (!this.covers.length) return false;
    const at = this.covers.indexOf(document.activeElement as HTMLAnchorElement);
    if (key === 'j' || key === 'k') this.focusOn(at < 0 ? 0 : at + (key === 'j' ? 1 : -1));
    else if (at >= 0 && key === 'a') void this.decide(at, 'approve');
    else if (at >= 0 && key === 'r') void this.decide(at, 'reject');
    else if (at >= 0 && VIEWS[key]) location.href = `${this.covers[at].getAttribute('href')}?view=${VIEWS[key]}`;
    else return false;
    return true;
  }
}

/** Listens for keys, and for the tick that turns them off. */
export function listenForKeys(): void {
  const grid = new Grid(document.querySelector('[data-batch]'));
  document.addEventListener('change', (event) => {
    const tick = event.target;
    if (tick instanceof HTMLInputElement && tick.dataset.viewer === 'keys') turn(tick.checked);
  });
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.target as Element).closest('input, textarea, select')) return;
    if (areOff() && event.key !== '?') return;
    const one = document.querySelector<HTMLElement>(`[data-key="${CSS.escape(event.key)}"]`);
    if (grid.key(event.key)) event.preventDefault();
    else if (one) {
      event.preventDefault();
      one.click();
      if (one.tagName === 'SUMMARY') one.scrollIntoView({ block: 'nearest' });
    }
  });
}
