/** One event of a stream of server-sent events. */
export interface ServerSentEvent {
  event: string;
  data: string;
  /** Id of this event; missing where it has none of its own. */
  id?: string;
}

/** Decodes a stream of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export class EventReader {
  /** Delay before a reconnect that the server asked for last, ms. */
  retryMs: number | undefined;
  private readonly decoder = new TextDecoder();
  private rest = '';
  private event = 'message';
  private data: string[] = [];
  private id: string | undefined;

  /** Returns the events that the chunk completes. */
  read(chunk: Uint8Array): ServerSentEvent[] {
    const lines = (this.rest + this.decoder.decode(chunk, { stream: true })).split('\n');
    this.rest = lines.pop()!;
    return lines.flatMap((line) => this.readLine(line.endsWith('\r') ? line.slice(0, -1) : line));
  }

  private readLine(line: string): ServerSentEvent[] {
    if (line === '') return this.complete();
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') this.event = value;
    else if (name === 'data') this.data.push(value);
    else if (name === 'id') this.id = value;
    else if (name === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value);
    return [];
  }

  private complete(): ServerSentEvent[] {
    const { event, data, id } = this;
    this.event = 'message';
    this.data = [];
    this.id = undefined;
    if (data.length === 0) return [];
    return [{ event, data: data.join('\n'), ...(id === undefined ? {} : { id }) }];
  }
}
