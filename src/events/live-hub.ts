import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { TASK_STATES, type StateCounts } from '../model/states.js';
import { LOG } from '../platform/logging/logging.module.js';
import { Queues } from '../bullmq/shared-queues.js';
import { TaskReader } from '../bullmq/task-reader.js';
import { EventTail, type QueueEvent } from './event-tail.js';
import { sseMessage, type SseConnection } from './sse-connection.js';
import {
  comparePlaces,
  endsTask,
  isPlace,
  placeOf,
  stateAfter,
  STREAM_START,
} from '../bullmq/codec/task-event.js';
import { FlushTimer } from './flush-timer.js';

/** Change event of `GET /api/v1/events`. */
interface Change {
  id: string;
  queue: string;
  event: string;
  state?: string;
  at: string;
}

/**
 * Broadcasts changes of all tasks to SSE clients. Each change is serialized once and sent to every client in one write.
 * Several progress reports of one task within a tick are coalesced to the last one.
 */
@Injectable()
export class LiveHub implements BeforeApplicationShutdown {
  private readonly clients = new Set<SseConnection>();
  /** Clients without their first message yet, with the messages that follow it. */
  private readonly joining = new Map<SseConnection, Buffer[]>();
  /** Functions that release the tail, by client. */
  private readonly holds = new Map<SseConnection, () => void>();
  private pending: QueueEvent[] = [];
  private readonly tick = new FlushTimer(() => this.send());

  constructor(
    private readonly tail: EventTail,
    private readonly reader: TaskReader,
    private readonly queues: Queues,
    @Inject(LOG) private readonly log: Logger,
  ) {
    tail.on('batch', (events) => this.enqueue(events));
    tail.on('gap', () => void this.sendSnapshot());
  }

  /** Closes all streams, so that open streams do not delay a shutdown. */
  beforeApplicationShutdown(): void {
    this.tick.stop();
    for (const reader of this.clients) reader.bye();
  }

  /** Adds a client: sends the events since `resumeFrom` if they are still available, else a snapshot; then all changes. */
  async add(reader: SseConnection, resumeFrom: string | undefined): Promise<void> {
    const release = await this.tail.hold();
    if (!reader.open) return release();
    this.holds.set(reader, release);
    // Changes are buffered for the client from here on, and its missed events end exactly here: none is lost or repeated.
    this.tick.flush();
    const here = this.cursor();
    const following: Buffer[] = [];
    this.joining.set(reader, following);
    try {
      const missed = resumeFrom ? await this.loadMissed(resumeFrom, here) : 'gap';
      const first = missed === 'gap' ? await this.snapshot(here) : this.serialise(missed, here);
      for (const message of [first, ...following]) if (message.length > 0) reader.write(message);
      if (reader.open) this.clients.add(reader);
    } finally {
      this.joining.delete(reader);
    }
  }

  remove(reader: SseConnection): void {
    this.clients.delete(reader);
    this.joining.delete(reader);
    this.holds.get(reader)?.();
    this.holds.delete(reader);
  }

  private enqueue(events: QueueEvent[]): void {
    if (this.clients.size === 0 && this.joining.size === 0) return;
    this.pending.push(...events);
    if (events.some(endsTask)) this.tick.scheduleUrgent();
    else this.tick.schedule();
  }

  private send(): void {
    if (this.pending.length === 0) return;
    const message = this.serialise(this.pending, this.cursor());
    this.pending = [];
    for (const reader of this.clients) reader.write(message);
    for (const following of this.joining.values()) following.push(message);
  }

  private serialise(events: QueueEvent[], id: string): Buffer {
    const last = new Map<string, number>();
    events.forEach((event, i) => {
      if (event.name === 'progress' || event.name === 'log')
        last.set(`${event.name}:${event.queue}:${event.id}`, i);
    });
    const sent = events.filter(
      (event, i) => (last.get(`${event.name}:${event.queue}:${event.id}`) ?? i) === i,
    );
    // Only the last event has an id: a client that disconnects in between receives all of them again.
    return Buffer.concat(
      sent.map((event, i) => sseMessage('change', toChange(event), i === sent.length - 1 ? id : undefined)),
    );
  }

  private async sendSnapshot(): Promise<void> {
    try {
      const message = await this.snapshot(this.cursor());
      for (const reader of this.clients) reader.write(message);
    } catch (error) {
      this.log.debug({ err: error }, 'live hub: no snapshot');
    }
  }

  private async snapshot(id: string): Promise<Buffer> {
    const stats = await Promise.all(this.queues.names().map((queue) => this.reader.stats(queue)));
    const counts = Object.fromEntries(
      TASK_STATES.map((state) => [state, stats.reduce((sum, queue) => sum + queue.counts[state], 0)]),
    ) as StateCounts;
    return sseMessage('snapshot', { counts, at: new Date().toISOString() }, id);
  }

  /** Positions of all queues: the event id with which a client resumes. */
  private cursor(): string {
    return this.queues
      .names()
      .map((queue) => this.tail.position(queue) ?? STREAM_START)
      .join('.');
  }

  /** Loads the events after `resumeFrom` up to `here`. */
  private async loadMissed(resumeFrom: string, here: string): Promise<QueueEvent[] | 'gap'> {
    const ends = here.split('.');
    const places = resumeFrom.split('.');
    const queues = this.queues.names();
    if (places.length !== queues.length || !places.every(isPlace)) return 'gap';
    if (queues.some((queue) => this.tail.position(queue) === undefined)) return 'gap';
    const parts = await Promise.all(queues.map((queue, i) => this.tail.loadSince(queue, places[i]!)));
    if (parts.includes('gap')) return 'gap';
    return (parts as QueueEvent[][])
      .flatMap((events, i) => events.filter((event) => comparePlaces(placeOf(event), ends[i]!) <= 0))
      .sort((a, b) => a.at - b.at);
  }
}

function toChange({ id, queue, name, at }: QueueEvent): Change {
  const state = stateAfter(name);
  return { id, queue, event: name, ...(state ? { state } : {}), at: new Date(at).toISOString() };
}
