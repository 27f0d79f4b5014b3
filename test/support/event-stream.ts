export interface StreamEvent {
  event: string;
  /** Id of the last event up to here that had one: a browser would reconnect with it. */
  id: string | undefined;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  data: any;
}

/** An open stream of server-sent events, read by the rules of https://html.spec.whatwg.org/multipage/server-sent-events.html */
export class EventStream {
  readonly events: StreamEvent[] = [];
  private readonly watchers = new Set<() => void>();
  private readonly controller = new AbortController();
  private over = false;
  private lastId: string | undefined;

  private constructor(readonly url: string) {}

  /** Open once the head of the answer is there. */
  static async open(url: string, lastEventId?: string): Promise<EventStream> {
    const stream = new EventStream(url);
    const response = await fetch(url, {
      headers: { accept: 'text/event-stream', ...(lastEventId ? { 'last-event-id': lastEventId } : {}) },
      signal: stream.controller.signal,
    });
    if (response.status !== 200)
      throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
    void stream.read(response.body!);
    return stream;
  }

  /** The first event, past or to come, that `isWanted`; fails when the stream ends without or `limitMs` is over. */
  waitFor(isWanted: (event: StreamEvent) => unknown, limitMs = 240_000): Promise<StreamEvent> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        this.watchers.delete(look);
        clearTimeout(timer);
        settle();
      };
      const fail = (why: string) => new Error(`${why}; so far: ${this.names().join(' ')}`);
      const look = () => {
        const found = this.events.find(isWanted);
        if (found) end(() => resolve(found));
        else if (this.over) end(() => reject(fail('The stream has ended')));
      };
      const timer = setTimeout(() => end(() => reject(fail(`Not within ${limitMs} ms`))), limitMs);
      this.watchers.add(look);
      look();
    });
  }

  names(): string[] {
    return this.events.map(({ event }) => event);
  }

  close(): void {
    this.controller.abort();
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    try {
      for await (const chunk of body) {
        text += decoder.decode(chunk, { stream: true });
        const messages = text.split(/\n\n|\r\r|\r\n\r\n/);
        text = messages.pop()!;
        for (const message of messages) this.take(message);
      }
    } catch {
      // Closed by us or by the other side: the same to a reader.
    }
    this.over = true;
    for (const look of [...this.watchers]) look();
  }

  private take(message: string): void {
    let event = 'message';
    const data: string[] = [];
    for (const line of message.split(/\r\n|\n|\r/)) {
      const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line)!;
      if (name === 'event') event = value!;
      else if (name === 'id') this.lastId = value!;
      else if (name === 'data') data.push(value!);
    }
    if (data.length === 0) return;
    this.events.push({ event, id: this.lastId, data: JSON.parse(data.join('\n')) });
    for (const look of [...this.watchers]) look();
  }
}
