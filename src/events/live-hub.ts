import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { TASK_STATES, type StateCounts } from '../contract/states.js';
import { LOG } from '../logging/logging.module.js';
import { Queues } from '../queue/queues.js';
import { TaskReader } from '../queue/task-reader.js';
import { EventTail } from './event-tail.js';
import { sseMessage, type SseConnection } from './sse-connection.js';
import type { TaskEvent } from './task-event.js';

/** Changes are gathered this long, ms, and sent as one write to every reader. */
const TICK_MS = 50;

/** What `GET /api/v1/events` tells of each change. */
interface Change {
  id: string;
  queue: string;
  event: string;
  state?: string;
  at: string;
}

/**
 * Sends what happens to any task to everyone who listens: each change is serialised once, however many
 * listen, and of several progress reports of one task within a tick only the last goes out.
 */
@Injectable()
export class LiveHub implements BeforeApplicationShutdown {
  private readonly readers = new Set<SseConnection>();
  private pending: TaskEvent[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly tail: EventTail,
    private readonly reader: TaskReader,
    private readonly queues: Queues,
    @Inject(LOG) private readonly log: Logger,
  ) {
    tail.on('batch', (events) => this.gather(events));
    tail.on('gap', () => void this.snapshotForAll());
  }

  /** Says goodbye first, so that a stop is not held up by open streams. */
  beforeApplicationShutdown(): void {
    clearTimeout(this.timer);
    for (const reader of this.readers) reader.bye();
  }

  /** Adds a reader: a snapshot, or what it missed since `resumeFrom` if that is still known, then all changes. */
  async add(reader: SseConnection, resumeFrom: string | undefined): Promise<void> {
    const missed = resumeFrom ? await this.missed(resumeFrom) : 'gap';
    const first = missed === 'gap' ? await this.snapshot() : this.serialise(missed);
    if (!reader.open) return;
    if (first.length > 0) reader.write(first);
    this.readers.add(reader);
  }

  remove(reader: SseConnection): void {
    this.readers.delete(reader);
  }

  private gather(events: TaskEvent[]): void {
    if (this.readers.size === 0) return;
    this.pending.push(...events);
    this.timer ??= setTimeout(() => this.flush(), TICK_MS);
  }

  private flush(): void {
    this.timer = undefined;
    const message = this.serialise(this.pending);
    this.pending = [];
    if (message.length > 0) for (const reader of this.readers) reader.write(message);
  }

  private serialise(events: TaskEvent[]): Buffer {
    const last = new Map<string, number>();
    events.forEach((event, i) => {
      if (event.event === 'progress' || event.event === 'log') last.set(`${event.event}:${event.queue}:${event.id}`, i);
    });
    const told = events.filter((event, i) => (last.get(`${event.event}:${event.queue}:${event.id}`) ?? i) === i);
    // Only the last one moves the place to resume from: a reader cut off in the middle gets them all again.
    const id = this.cursor();
    return Buffer.concat(
      told.map((event, i) => sseMessage('change', toChange(event), i === told.length - 1 ? id : undefined)),
    );
  }

  private async snapshotForAll(): Promise<void> {
    try {
      const message = await this.snapshot();
      for (const reader of this.readers) reader.write(message);
    } catch (error) {
      this.log.debug({ err: error }, 'live hub: no snapshot');
    }
  }

  private async snapshot(): Promise<Buffer> {
    const id = this.cursor();
    const stats = await Promise.all(this.queues.names().map((queue) => this.reader.stats(queue)));
    const counts = Object.fromEntries(
      TASK_STATES.map((state) => [state, stats.reduce((sum, queue) => sum + queue.counts[state], 0)]),
    ) as StateCounts;
    return sseMessage('snapshot', { counts, at: new Date().toISOString() }, id);
  }

  /** How far every queue has been read: the id a reader resumes with. */
  private cursor(): string {
    return this.queues
      .names()
      .map((queue) => this.tail.place(queue) ?? '0-0')
      .join('.');
  }

  private async missed(resumeFrom: string): Promise<TaskEvent[] | 'gap'> {
    const places = resumeFrom.split('.');
    const queues = this.queues.names();
    if (places.length !== queues.length || !places.every((place) => /^\d+-\d+$/.test(place))) return 'gap';
    const parts = await Promise.all(queues.map((queue, i) => this.tail.since(queue, places[i]!)));
    if (parts.includes('gap')) return 'gap';
    return (parts as TaskEvent[][]).flat().sort((a, b) => a.at - b.at);
  }
}

function toChange({ id, queue, event, state, at }: TaskEvent): Change {
  return { id, queue, event, ...(state ? { state } : {}), at: new Date(at).toISOString() };
}
