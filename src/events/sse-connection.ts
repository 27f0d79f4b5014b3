import type { Request, Response } from 'express';
import { toJson } from '../model/lenient-json.js';

/** Unsent bytes above which a client is disconnected: it reconnects with Last-Event-ID and loses nothing. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
/** Heartbeat interval, ms: proxies close a silent connection after 30-60 s. */
const HEARTBEAT_MS = 15_000;
/** Reconnect delay of a client after its stream ends, ms. */
const RETRY_MS = 2000;
/** Heartbeats between two access checks. A sign-out or a revoked token is detected at once; an expiry only by this check. */
const HEARTBEATS_PER_CHECK = 2;
const HEARTBEAT = Buffer.from(': still here\n\n');

/** Serializes one event. The data is JSON on one line, so that it cannot end or forge an event. */
export function sseMessage(event: string, data: unknown, id?: string): Buffer {
  return Buffer.from(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${toJson(data)}\n\n`);
}

/** Properties that the authentication middleware adds to a request for long-lived responses. */
type StreamRequest = Pick<Request, 'isSessionValid' | 'onAccessChange'>;

/** Open stream of server-sent events. */
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
      // Disables the response buffering of nginx.
      'X-Accel-Buffering': 'no',
    });
    // The end of the connection ends the stream, which saves the frames of chunked encoding. A HEAD has no stream.
    if (res.req.method !== 'HEAD') res.set('Connection', 'close').removeHeader('Transfer-Encoding');
    res.flushHeaders();
    res.write(`retry: ${RETRY_MS}\n\n`);
    let beats = 0;
    this.timer = setInterval(() => {
      this.write(HEARTBEAT);
      if (++beats % HEARTBEATS_PER_CHECK === 0) void this.checkAccess();
    }, HEARTBEAT_MS);
    const bye = () => this.bye();
    const { onAccessChange } = res.req as StreamRequest;
    const endListening = onAccessChange?.(() => void this.checkAccess());
    const { stopping } = res.req;
    stopping?.addEventListener('abort', bye, { once: true });
    res.on('close', () => {
      this.closed = true;
      clearInterval(this.timer);
      stopping?.removeEventListener('abort', bye);
      endListening?.();
      onClose();
    });
    res.on('error', () => res.destroy());
    if (stopping?.aborted) bye();
  }

  /** Closes the stream if the client no longer has access. Runs with the heartbeat and when access may have changed. */
  private async checkAccess(): Promise<void> {
    const { isSessionValid } = this.res.req as StreamRequest;
    if (isSessionValid && !(await isSessionValid())) this.bye();
  }

  get open(): boolean {
    return !this.closed;
  }

  write(message: Buffer): void {
    if (this.closed) return;
    this.res.write(message);
    if (this.res.writableLength > MAX_BUFFERED_BYTES) this.res.destroy();
  }

  /** Ends the stream: no more events will follow. The last event has `id`, which identifies a reconnect. */
  end(id: string): void {
    if (this.closed) return;
    this.write(sseMessage('end', {}, id));
    this.close();
  }

  /** Closes the stream for a shutdown or an access change. The client reconnects after a random delay. */
  bye(): void {
    if (this.closed) return;
    this.write(Buffer.from(`retry: ${RETRY_MS / 2 + Math.floor(Math.random() * RETRY_MS)}\n\n`));
    this.write(sseMessage('bye', {}));
    this.close();
  }

  /** Closes the response; later writes are ignored. */
  private close(): void {
    this.closed = true;
    this.res.end();
  }
}

/** Id of the last event that the client received: from the header, or `?lastEventId=` for clients that cannot set it. */
export function lastEventId(req: Request): string | undefined {
  const header = req.headers['last-event-id'];
  const query = req.query.lastEventId;
  const id = typeof header === 'string' ? header : typeof query === 'string' ? query : undefined;
  return id && /^[\w.~-]{1,200}$/.test(id) ? id : undefined;
}
