import type { Request, Response } from 'express';

/** A reader this far behind is let go: it comes back with Last-Event-ID and loses nothing. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
/** Proxies close a silent connection after 30-60 s. */
const KEEP_ALIVE_MS = 15_000;
/** Who signed out, or lost their token, hears no more after so many signs of life. */
const ASK_EVERY = 2;
const KEEP_ALIVE = Buffer.from(': still here\n\n');

/** One event as it goes over the wire. Data is JSON on one line, so nothing in it can end or forge an event. */
export function sseMessage(event: string, data: unknown, id?: string): Buffer {
  return Buffer.from(
    `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`,
  );
}

/** One open stream of server-sent events. */
export class SseConnection {
  private readonly timer: NodeJS.Timeout;
  private closed = false;

  constructor(
    private readonly res: Response,
    onClose: () => void,
  ) {
    res.status(200).set({
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      // Nginx would hold events back otherwise.
      'X-Accel-Buffering': 'no',
    });
    res.flushHeaders();
    res.write('retry: 2000\n\n');
    let beats = 0;
    this.timer = setInterval(() => {
      this.write(KEEP_ALIVE);
      if (++beats % ASK_EVERY === 0) void this.checkReader();
    }, KEEP_ALIVE_MS);
    res.on('close', () => {
      this.closed = true;
      clearInterval(this.timer);
      onClose();
    });
    res.on('error', () => res.destroy());
  }

  /** Whoever let the reader in has left a way to ask whether they still would. */
  private async checkReader(): Promise<void> {
    const { isStillIn } = this.res.req as { isStillIn?: () => Promise<boolean> };
    if (isStillIn && !(await isStillIn())) this.bye();
  }

  get open(): boolean {
    return !this.closed;
  }

  write(message: Buffer): void {
    if (this.closed) return;
    this.res.write(message);
    if (this.res.writableLength > MAX_BUFFERED_BYTES) this.res.destroy();
  }

  /** Tells the reader that nothing more will come: what is sent last carries `id`, by which it is known if it comes again. */
  end(id: string): void {
    if (this.closed) return;
    this.write(sseMessage('end', {}, id));
    this.res.end();
  }

  /** Tells the reader that we go away by ourselves: it connects again by itself. */
  bye(): void {
    if (this.closed) return;
    this.write(sseMessage('bye', {}));
    this.res.end();
  }
}

/** The id of the last event the reader saw: the header, or `?lastEventId=` for clients that cannot set one. */
export function lastEventId(req: Request): string | undefined {
  const header = req.headers['last-event-id'];
  const query = req.query.lastEventId;
  const id = typeof header === 'string' ? header : typeof query === 'string' ? query : undefined;
  return id && /^[\w.~-]{1,200}$/.test(id) ? id : undefined;
}
