import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type BeforeApplicationShutdown,
} from '@nestjs/common';
import type { Redis } from 'ioredis';
import { EventEmitter } from 'node:events';
import type { Logger } from 'pino';
import { LOG } from '../platform/logging/logging.module.js';
import { Queues } from '../bullmq/shared-queues.js';
import type { CommandRedis } from '../bullmq/task-commands.js';
import { COMMAND_CLIENT, EVENT_TAIL } from '../bullmq/tokens.js';
import {
  comparePlaces,
  decodeEvent,
  isTaskEvent,
  STREAM_START,
  type TaskEvent,
} from '../bullmq/codec/task-event.js';
import { baseOf, queueKey } from '../bullmq/keys.js';

/** Longest blocking time of one read, ms; also the longest delay of a stop without a disconnect. */
const BLOCK_MS = 2000;
const MAX_READ_EVENTS = 1000;
/** Age of the last answered read above which the tail counts as stalled, ms. A silent stream is no sign of a failure. */
const STALE_READ_MS = 10_000;
/** Time without a subscriber after which the tail stops reading, ms. */
const LINGER_MS = 10_000;

/** Event of a managed queue. */
export type QueueEvent = TaskEvent & { queue: string };

type StreamEntries = [id: string, fields: string[]][];

interface TailEvents {
  /** Events of one read, oldest first per queue. */
  batch: [events: QueueEvent[]];
  /** Events were trimmed before they were read: subscribers must reload what they derived from events. */
  gap: [queue: string];
}

/**
 * Reads BullMQ's event stream of every queue on one connection, from the current end on, and resumes after an outage.
 * Rests while nobody holds it, because decoding the events of a busy queue would take a tenth of the web app's time.
 * The Lua scripts write events together with states, so that no event is missing unless the tail falls further behind
 * than BullMQ's retention (about 10,000 events per queue).
 */
@Injectable()
export class EventTail
  extends EventEmitter<TailEvents>
  implements OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly positions = new Map<string, string>();
  private stopped = false;
  private lastAnswerAt = 0;
  private holders = 0;
  private releasedAt = 0;
  private resting = true;
  private waking: Promise<void> | undefined;
  private endRest = () => {};

  constructor(
    @Inject(EVENT_TAIL) private readonly redis: Redis,
    @Inject(COMMAND_CLIENT) private readonly commands: CommandRedis,
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
    this.endRest();
    this.redis.disconnect();
  }

  /** True while reads are answered. */
  get flowing(): boolean {
    return Date.now() - this.lastAnswerAt < STALE_READ_MS;
  }

  /**
   * Keeps the tail reading until the returned function is called. Resolves once every later event will be published.
   * @throws the error of Redis if the tail rests and cannot learn where the streams end.
   */
  async hold(): Promise<() => void> {
    this.holders++;
    let isHeld = true;
    const release = () => {
      if (!isHeld) return;
      isHeld = false;
      this.holders--;
      this.releasedAt = performance.now();
    };
    try {
      if (this.resting) await (this.waking ??= this.wake().finally(() => (this.waking = undefined)));
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }

  /** Id of the last event that was read from a queue; undefined before its first read. Valid while the tail is held. */
  position(queue: string): string | undefined {
    return this.positions.get(queue);
  }

  /** Loads the events after `position` in a queue's stream; `gap` if some of them have been trimmed. */
  async loadSince(queue: string, place: string): Promise<QueueEvent[] | 'gap'> {
    const key = this.key(queue);
    const [oldest] = entries(await this.commands.xrange(key, '-', '+', 'COUNT', 1));
    // The entry at `position` may be the newest trimmed one: only an entry at or before it proves that none is missing.
    if (oldest && comparePlaces(oldest[0], place) > 0 && place !== STREAM_START) return 'gap';
    const events: QueueEvent[] = [];
    for (let from = `(${place}`; ;) {
      const batch = entries(await this.commands.xrange(key, from, '+', 'COUNT', MAX_READ_EVENTS));
      events.push(...this.toEvents(queue, batch));
      if (batch.length < MAX_READ_EVENTS) return events;
      from = `(${batch.at(-1)![0]}`;
    }
  }

  private async follow(): Promise<void> {
    while (!this.stopped) {
      try {
        this.resting ||= this.holders === 0 && performance.now() - this.releasedAt > LINGER_MS;
        await (this.resting ? this.rest() : this.readOnce());
      } catch (error) {
        if (this.stopped) return;
        this.log.debug({ err: error }, 'event tail: read failed');
        // The connection waits for Redis; this delay only prevents a busy loop on a repeated error.
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  /** Continues at the current ends of the streams. Asks by the connection that fails fast while Redis is unavailable. */
  private async wake(): Promise<void> {
    const queues = this.queues.names();
    const ends = await Promise.all(queues.map((queue) => this.loadEnd(this.commands, queue)));
    queues.forEach((queue, i) => this.positions.set(queue, ends[i]!));
    this.resting = false;
    this.endRest();
  }

  /** Only checks that the streams can be read. */
  private async rest(): Promise<void> {
    await this.loadEnd(this.redis, this.queues.names()[0]!);
    this.lastAnswerAt = Date.now();
    if (!this.resting || this.stopped) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, BLOCK_MS);
      this.endRest = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private async loadEnd(redis: Redis, queue: string): Promise<string> {
    const [newest] = entries(await redis.xrevrange(this.key(queue), '+', '-', 'COUNT', 1));
    return newest?.[0] ?? STREAM_START;
  }

  private async readOnce(): Promise<void> {
    const queues = this.queues.names();
    const reply: unknown = await this.redis.xread(
      'COUNT',
      MAX_READ_EVENTS,
      'BLOCK',
      BLOCK_MS,
      'STREAMS',
      ...queues.map((queue) => this.key(queue)),
      ...queues.map((queue) => this.positions.get(queue)!),
    );
    this.lastAnswerAt = Date.now();
    const events: QueueEvent[] = [];
    const reached: [queue: string, place: string][] = [];
    for (const [key, batch] of streams(reply)) {
      const queue = queues.find((name) => this.key(name) === key);
      if (!queue || batch.length === 0) continue;
      if (batch.length === MAX_READ_EVENTS) await this.checkGap(queue);
      reached.push([queue, batch.at(-1)![0]]);
      events.push(...this.toEvents(queue, batch));
    }
    // Positions and events are published in one turn, so that subscribers have received everything up to a position.
    for (const [queue, place] of reached) this.positions.set(queue, place);
    if (events.length > 0) this.emit('batch', events);
  }

  /** Emits `gap` if events were trimmed before they were read; only a full batch can mean that. */
  private async checkGap(queue: string): Promise<void> {
    const [oldest] = entries(await this.commands.xrange(this.key(queue), '-', '+', 'COUNT', 1));
    if (oldest && comparePlaces(oldest[0], this.positions.get(queue)!) > 0) this.emit('gap', queue);
  }

  private toEvents(queue: string, batch: StreamEntries): QueueEvent[] {
    return batch.map(([place, fields]) => ({ ...decodeEvent(place, fields), queue })).filter(isTaskEvent);
  }

  private key(queue: string): string {
    return queueKey(baseOf(this.queues.get(queue)), 'events');
  }
}

function entries(reply: unknown): StreamEntries {
  return (reply ?? []) as StreamEntries;
}

/** Converts an answer of XREAD to pairs: RESP3 returns a map from key to entries, RESP2 returns pairs. */
function streams(reply: unknown): [string, StreamEntries][] {
  if (!reply) return [];
  if (reply instanceof Map) return [...reply] as [string, StreamEntries][];
  if (Array.isArray(reply)) return reply as [string, StreamEntries][];
  return Object.entries(reply as Record<string, StreamEntries>);
}
