import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { TASK_STATES, type StateCounts } from '../contract/states.js';
import { LOG } from '../logging/logging.module.js';
import { Queues } from '../queue/queues.js';
import { TaskReader } from '../queue/task-reader.js';
import { EventTail } from './event-tail.js';
import { sseMessage, type SseConnection } from './sse-connection.js';
import { compareStreamIds, endsTask, isStreamId, type TaskEvent } from './task-event.js';
import { Tick } from './tick.js';

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
 * listen, as one write to every reader, and of several progress reports of one task within a tick only the last goes out.
 */
@Injectable()
export class LiveHub implements BeforeApplicationShutdown {
  private readonly readers = new Set<SseConnection>();
  /** Readers that do not have their first message yet, with what is to follow it. */
  private readonly joining = new Map<SseConnection, Buffer[]>();
  private pending: TaskEvent[] = [];
  private readonly tick = new Tick(() => this.send());

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
    this.tick.stop();
    for (const reader of this.readers) reader.bye();
  }

  /** Adds a reader: a snapshot, or what it missed since `resumeFrom` if that is still known, then all changes. */
  async add(reader: SseConnection, resumeFrom: string | undefined): Promise<void> {
    // From this moment on changes are kept for it; what it missed ends exactly here, so nothing comes twice or not at all.
    this.tick.now();
    const here = this.cursor();
    const following: Buffer[] = [];
    this.joining.set(reader, following);
    try {
      const missed = resumeFrom ? await this.missed(resumeFrom, here) : 'gap';
      const first = missed === 'gap' ? await this.snapshot(here) : this.serialise(missed, here);
      for (const message of [first, ...following]) if (message.length > 0) reader.write(message);
      if (reader.open) this.readers.add(reader);
    } finally {
      this.joining.delete(reader);
    }
  }

  remove(reader: SseConnection): void {
    this.readers.delete(reader);
    this.joining.delete(reader);
  }

  private gather(events: TaskEvent[]): void {
    if (this.readers.size === 0 && this.joining.size === 0) return;
    this.pending.push(...events);
    if (events.some(endsTask)) this.tick.early();
    else this.tick.soon();
  }

  private send(): void {
    if (this.pending.length === 0) return;
    const message = this.serialise(this.pending, this.cursor());
    this.pending = [];
    for (const reader of this.readers) reader.write(message);
    for (const following of this.joining.values()) following.push(message);
  }

  private serialise(events: TaskEvent[], id: string): Buffer {
    const last = new Map<string, number>();
    events.forEach((event, i) => {
      if (event.event === 'progress' || event.event === 'log')
        last.set(`${event.event}:${event.queue}:${event.id}`, i);
    });
    const told = events.filter(
      (event, i) => (last.get(`${event.event}:${event.queue}:${event.id}`) ?? i) === i,
    );
    // Only the last one moves the place to resume from: a reader cut off in the middle gets them all again.
    return Buffer.concat(
      told.map((event, i) => sseMessage('change', toChange(event), i === told.length - 1 ? id : undefined)),
    );
  }

  private async snapshotForAll(): Promise<void> {
    try {
      const message = await this.snapshot(this.cursor());
      for (const reader of this.readers) reader.write(message);
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

  /** How far every queue has been read: the id a reader resumes with. */
  private cursor(): string {
    return this.queues
      .names()
      .map((queue) => this.tail.place(queue) ?? '0-0')
      .join('.');
  }

  /** What came after `resumeFrom`, up to `here`. */
  private async missed(resumeFrom: string, here: string): Promise<TaskEvent[] | 'gap'> {
    const ends = here.split('.');
    const places = resumeFrom.split('.');
    const queues = this.queues.names();
    if (places.length !== queues.length || !places.every(isStreamId)) return 'gap';
    if (queues.some((queue) => this.tail.place(queue) === undefined)) return 'gap';
    const parts = await Promise.all(queues.map((queue, i) => this.tail.since(queue, places[i]!)));
    if (parts.includes('gap')) return 'gap';
    return (parts as TaskEvent[][])
      .flatMap((events, i) => events.filter(({ streamId }) => compareStreamIds(streamId, ends[i]!) <= 0))
      .sort((a, b) => a.at - b.at);
  }
}

function toChange({ id, queue, event, state, at }: TaskEvent): Change {
  return { id, queue, event, ...(state ? { state } : {}), at: new Date(at).toISOString() };
}
