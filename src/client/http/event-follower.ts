import { CallLifetime, pauseUnlessAborted } from '../call-lifetime.js';
import type { CallOptions } from '../transport.js';
import { fromAnswer } from './answer-errors.js';
import { EventReader, type ServerSentEvent } from './event-reader.js';
import type { HttpConnection } from './http-connection.js';

/** Silence after which a stream counts as dead, ms: three heartbeats of the server. */
const MAX_SILENCE_MS = 45_000;
const DEFAULT_RETRY_MS = 2000;

/** Meaning of the messages of one stream. */
export interface EventDecoder<Event> {
  /** True once nothing follows the current batch of messages. */
  readonly isOver: boolean;
  /** Returns undefined for a message without a meaning for the reader, `ended` for the last one. */
  decode(message: ServerSentEvent): Event | 'ended' | undefined;
}

/** Follows a stream of events. Reconnects after an interruption and resumes there: no event is missing. */
export class EventFollower<Event> {
  private lastEventId: string | undefined;
  private retryMs = DEFAULT_RETRY_MS;
  /** Time of the last sign of life, by `performance.now()`. */
  private aliveAt = performance.now();

  constructor(
    private readonly connection: HttpConnection,
    private readonly path: string,
    private readonly call: CallOptions,
    private readonly decoder: EventDecoder<Event>,
  ) {}

  /** @throws RoostClientError for a refusal, UNREACHABLE after an outage of `retryForMs`, the reason of the signal. */
  async *follow(): AsyncGenerator<Event, void, void> {
    const signals = this.connection.signalsOf(this.call);
    for (;;) {
      for (const signal of signals) signal.throwIfAborted();
      const silence = new Silence(MAX_SILENCE_MS);
      const lifetime = new CallLifetime([...signals, silence.signal]);
      try {
        const body = await this.open(lifetime.signal);
        if (body === 'ended') return;
        if (body && (yield* this.read(body, silence)) === 'ended') return;
      } finally {
        silence.end();
        lifetime.dispose();
      }
      await pauseUnlessAborted(this.retryMs, signals);
    }
  }

  /** Returns undefined after a temporary failure, which the next connection may overcome. */
  private async open(signal: AbortSignal): Promise<ReadableStream<Uint8Array> | 'ended' | undefined> {
    const url = this.connection.address(this.path);
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (this.lastEventId !== undefined) headers['last-event-id'] = this.lastEventId;
    let failure;
    try {
      const response = await this.connection.open(url, headers, signal);
      if (response.status === 204) return 'ended';
      if (response.ok && response.body) return response.body;
      failure = fromAnswer(url, response, await response.text());
    } catch (error) {
      this.throwIfAborted();
      failure = this.connection.toFailure(url, error);
    }
    const isOver = performance.now() - this.aliveAt > this.connection.retryForMs;
    if (!failure.isTemporary || isOver) throw failure.error;
    this.retryMs = Math.max(failure.retryAfterMs, DEFAULT_RETRY_MS);
    return undefined;
  }

  private async *read(
    body: ReadableStream<Uint8Array>,
    silence: Silence,
  ): AsyncGenerator<Event, 'ended' | undefined, void> {
    const reader = new EventReader();
    const chunks = body.getReader();
    try {
      for (;;) {
        const { done, value } = await chunks.read().catch(() => ({ done: true, value: undefined }) as const);
        if (done) break;
        silence.restart();
        this.aliveAt = performance.now();
        for (const message of reader.read(value)) {
          if (message.id !== undefined) this.lastEventId = message.id;
          const event = this.decoder.decode(message);
          if (event === 'ended') return 'ended';
          if (event) yield event;
          // The last message of a batch has an id: nothing that belongs to the end is left out.
          if (this.decoder.isOver && message.id !== undefined) return 'ended';
        }
      }
    } finally {
      void chunks.cancel().catch(() => undefined);
      this.aliveAt = performance.now();
    }
    this.throwIfAborted();
    this.retryMs = reader.retryMs ?? DEFAULT_RETRY_MS;
    return undefined;
  }

  private throwIfAborted(): void {
    for (const signal of this.connection.signalsOf(this.call)) signal.throwIfAborted();
  }
}

/** Aborts its signal after a time without a sign of life. */
class Silence {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout;

  constructor(private readonly maxMs: number) {
    this.timer = setTimeout(() => this.controller.abort(), maxMs);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  restart(): void {
    this.timer.refresh();
  }

  end(): void {
    clearTimeout(this.timer);
    this.controller.abort();
  }
}
