// In: the server's stream of events. Out: each `file` event, once. All tabs of a browser share one stream: the tab that
// holds the lock reads it and passes it on, because a browser has six connections a host.
// Never: polls.

export interface FileEvent {
  path: string;
  /** None where the file is gone. */
  hash: string | null;
}

export function listen(onFile: (event: FileEvent) => void): void {
  const others = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('storypress-events');
  if (others) others.onmessage = (event) => onFile(event.data as FileEvent);
  const read = () => {
    const stream = new EventSource('/api/v1/events');
    stream.addEventListener('file', (event) => {
      const file = JSON.parse((event as MessageEvent<string>).data) as FileEvent;
      onFile(file);
      others?.postMessage(file);
    });
  };
  // a page that is not on loopback has no locks: it reads by itself
  if (!navigator.locks || !others) return read();
  void navigator.locks.request('storypress-events', () => {
    read();
    return new Promise<never>(() => undefined);
  });
}
