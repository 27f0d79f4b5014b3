import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type BeforeApplicationShutdown,
} from '@nestjs/common';
import type { Redis } from 'ioredis';
import { EventEmitter } from 'node:events';
import type { Logger } from 'pino';
import { LOG } from '../logging/logging.module.js';
import { Queues } from '../queue/queues.js';
import type { CommandRedis } from '../queue/task-commands.js';
import { COMMANDS, EVENT_TAIL } from '../queue/tokens.js';
import { compareStreamIds, toTaskEvent, type TaskEvent } from './task-event.js';

/** Longest one read waits for news, ms; also how soon a stop takes effect without a disconnect. */
const BLOCK_MS = 2000;
const BATCH = 1000;
/** A stream that has been silent this long says nothing about our health; we count answered reads instead. */
const STALE_MS = 10_000;

type StreamEntries = [id: string, fields: string[]][];

interface TailEvents {
  /** All that came in one read, oldest first per queue. */
  batch: [events: TaskEvent[]];
  /** Some events were trimmed before we read them: what was derived from them has to be read anew. */
  gap: [queue: string];
}

/**
 * Follows BullMQ's event stream of every queue on one connection, from now on, and goes on where it was
 * after an outage. The streams are written in the same Lua scripts as the states, so nothing that happened is missing,
 * as long as we are not further behind than BullMQ keeps (about 10,000 events a queue).
 */
@Injectable()
export class EventTail
  extends EventEmitter<TailEvents>
  implements OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly places = new Map<string, string>();
  private stopped = false;
  private lastAnswerAt = 0;

  constructor(
    @Inject(EVENT_TAIL) private readonly redis: Redis,
    @Inject(COMMANDS) private readonly commands: CommandRedis,
    private readonly queues: Queues,
    @Inject(LOG) private readonly log: Logger,
  ) {
    super();
    this.setMaxListeners(0);
  }

  onApplicationBootstrap(): void {
    void this.follow();
  }

  beforeApplicationShutdown(): void {
    this.stopped = true;
    this.redis.disconnect();
  }

  /** True while reads are being answered: events flow, or would. */
  get flowing(): boolean {
    return Date.now() - this.lastAnswerAt < STALE_MS;
  }

  /** How far we have read, by queue; a queue not yet looked at is missing. */
  place(queue: string): string | undefined {
    return this.places.get(queue);
  }

  /** What was written to a queue's stream after `place`, or `gap` when part of that is gone already. */
  async since(queue: string, place: string): Promise<TaskEvent[] | 'gap'> {
    const key = this.key(queue);
    const [oldest] = entries(await this.commands.xrange(key, '-', '+', 'COUNT', 1));
    // The place itself may be the newest trimmed entry: only if something older than it is still there can we be sure.
    if (oldest && compareStreamIds(oldest[0], place) > 0 && place !== '0-0') return 'gap';
    const events: TaskEvent[] = [];
    for (let from = `(${place}`; ;) {
      const batch = entries(await this.commands.xrange(key, from, '+', 'COUNT', BATCH));
      events.push(...this.toEvents(queue, batch));
      if (batch.length < BATCH) return events;
      from = `(${batch.at(-1)![0]}`;
    }
  }

  private async follow(): Promise<void> {
    while (!this.stopped) {
      try {
        if (this.places.size === 0) await this.findPlaces();
        await this.readOnce();
        this.lastAnswerAt = Date.now();
      } catch (error) {
        if (this.stopped) return;
        this.log.debug({ err: error }, 'event tail: read failed');
        // The connection itself waits for Redis; this only keeps an error that repeats from spinning.
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  private async findPlaces(): Promise<void> {
    for (const queue of this.queues.names()) {
      const [newest] = entries(await this.redis.xrevrange(this.key(queue), '+', '-', 'COUNT', 1));
      this.places.set(queue, newest?.[0] ?? '0-0');
    }
  }

  private async readOnce(): Promise<void> {
    const queues = this.queues.names();
    const reply: unknown = await this.redis.xread(
      'COUNT',
      BATCH,
      'BLOCK',
      BLOCK_MS,
      'STREAMS',
      ...queues.map((queue) => this.key(queue)),
      ...queues.map((queue) => this.places.get(queue)!),
    );
    const events: TaskEvent[] = [];
    const reached: [queue: string, place: string][] = [];
    for (const [key, batch] of streams(reply)) {
      const queue = queues.find((name) => this.key(name) === key);
      if (!queue || batch.length === 0) continue;
      if (batch.length === BATCH) await this.checkGap(queue);
      reached.push([queue, batch.at(-1)![0]]);
      events.push(...this.toEvents(queue, batch));
    }
    // In one go: whoever asks for the place has heard of everything up to there.
    for (const [queue, place] of reached) this.places.set(queue, place);
    if (events.length > 0) this.emit('batch', events);
  }

  /** Only a full batch can mean that we lag so far behind that trimming overtook us. */
  private async checkGap(queue: string): Promise<void> {
    const [oldest] = entries(await this.commands.xrange(this.key(queue), '-', '+', 'COUNT', 1));
    if (oldest && compareStreamIds(oldest[0], this.places.get(queue)!) > 0) this.emit('gap', queue);
  }

  private toEvents(queue: string, batch: StreamEntries): TaskEvent[] {
    return batch.flatMap(([id, fields]) => toTaskEvent(queue, id, fields) ?? []);
  }

  private key(queue: string): string {
    return this.queues.get(queue).toKey('events');
  }
}

function entries(reply: unknown): StreamEntries {
  return (reply ?? []) as StreamEntries;
}

/** RESP3 answers a map from key to entries, RESP2 pairs; both come out as pairs. */
function streams(reply: unknown): [string, StreamEntries][] {
  if (!reply) return [];
  if (reply instanceof Map) return [...reply] as [string, StreamEntries][];
  if (Array.isArray(reply)) return reply as [string, StreamEntries][];
  return Object.entries(reply as Record<string, StreamEntries>);
}
