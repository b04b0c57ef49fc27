// In: the server's stream of events. Out: each event, once. All tabs of a browser share one stream: the tab that holds the
// lock reads it and passes it on, because a browser has six connections a host.
// Never: polls.

export interface FileNews {
  kind: 'file';
  path: string;
  /** None where the file is gone. */
  hash: string | null;
}

/** A slot of the calendar or a story changed. */
export interface StateNews {
  kind: 'slot' | 'story';
  id: string;
  state: string;
}

/** The stream was away, and another tab or the next try has it now: what came meanwhile may be unknown here. */
export interface Again {
  kind: 'again';
}

export type News = FileNews | StateNews | Again;

const KINDS = ['file', 'slot', 'story'] as const;

export function listen(onNews: (news: News) => void): void {
  const others = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('storypress-news');
  if (others) others.onmessage = (event) => onNews(event.data as News);
  const tell = (news: News) => {
    onNews(news);
    others?.postMessage(news);
  };
  const read = (isFirst: boolean) => {
    let isKnown = isFirst;
    const stream = new EventSource('/api/v1/events');
    stream.onopen = () => {
      if (!isKnown) tell({ kind: 'again' });
      isKnown = false;
    };
    for (const kind of KINDS) {
      stream.addEventListener(kind, (event) => tell({ ...(JSON.parse((event as MessageEvent<string>).data) as object), kind } as News));
    }
  };
  // a page that is not on loopback has no locks: it reads by itself
  if (!navigator.locks || !others) return read(true);
  const name = 'storypress-news';
  // who has to wait for the lock listened to another tab until then
  void navigator.locks.request(name, { ifAvailable: true }, (lock) => {
    if (lock) return hold(true);
    void navigator.locks.request(name, () => hold(false));
  });
  function hold(isFirst: boolean): Promise<never> {
    read(isFirst);
    return new Promise<never>(() => undefined);
  }
}
