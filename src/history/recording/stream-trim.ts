import type { Redis } from 'ioredis';
import type { Followed } from './followed-queues.js';
import { comparePlaces } from '../../bullmq/codec/task-event.js';
import type { StreamFollower } from './stream-follower.js';
import { historiesKey, queueKey } from '../../bullmq/keys.js';

/**
 * Maximum events in one of our queues' streams, instead of BullMQ's 10,000. An event takes about 60 bytes of Redis,
 * so a queue without a recorder grows by at most 30 MB; while it is recorded, entries behind the recorder are
 * trimmed. Stored in the queue's `meta`, where every process that runs BullMQ reads it.
 */
export const MAX_EVENTS = 500_000;
/** Length of a stream from which on the recorder yields no more. */
const MAX_YIELD_EVENTS = MAX_EVENTS / 4;
/**
 * Events left behind the recorder, so that a page that was disconnected for a moment can resume (`EventTail.since`).
 */
const RESUMABLE_EVENTS = 10_000;
/** Number of events between two stored stream positions. Trimming needs one that is RESUMABLE_EVENTS back. */
const EVENTS_PER_NOTE = 1000;
/** Entries trimmed per call: about a millisecond of Redis. */
const MAX_TRIM = 10_000;
/** Another history on the same Redis that has not reported for this long is ignored, ms. */
const MAX_SILENCE_MS = 24 * 3_600_000;

interface Progress {
  at: number;
  places: Record<string, string>;
}

/** Lets the streams of our own queues grow while no process records, and trims them while one does. */
export class StreamTrim {
  private readonly notes = new Map<string, { place: string; total: number }[]>();
  private readonly totals = new Map<string, number>();
  private former: string | undefined;

  constructor(
    private readonly redis: Redis,
    private readonly follower: StreamFollower,
    private readonly prefix: string,
    private readonly storeId: string,
  ) {}

  /** Removes the former id of this history, under which it no longer reports. */
  replaces(former: string | undefined): void {
    this.former = former ?? this.former;
  }

  /** Records that `events` more events of a queue are recorded, up to its current place. */
  note(queue: string, events: number): void {
    const total = (this.totals.get(queue) ?? 0) + events;
    this.totals.set(queue, total);
    const notes = this.notes.get(queue) ?? [];
    if (total - (notes.at(-1)?.total ?? 0) < EVENTS_PER_NOTE && notes.length > 0) return;
    notes.push({ place: this.follower.place(queue), total });
    while (notes.length > 1 && notes[1]!.total <= total - RESUMABLE_EVENTS) notes.shift();
    this.notes.set(queue, notes);
  }

  /** Whether the recorder may fall behind: streams of our own queues are long, those of other programs are not ours. */
  async hasRoom(queues: readonly Followed[]): Promise<boolean> {
    if (queues.some(({ name, isOurs }) => !isOurs && this.follower.lag(name) > 0)) return false;
    const ours = queues.filter(({ isOurs }) => isOurs);
    const lengths = await Promise.all(ours.map(({ base }) => this.redis.xlen(queueKey(base, 'events'))));
    return lengths.every((length) => length < MAX_YIELD_EVENTS);
  }

  async run(queues: readonly Followed[], now: number): Promise<void> {
    const ours = queues.filter(({ isOurs }) => isOurs);
    const others = await this.exchangeProgress(ours, now);
    for (const { name, base } of ours) {
      const wanted = String(MAX_EVENTS);
      if ((await this.redis.hget(queueKey(base, 'meta'), 'opts.maxLenEvents')) !== wanted)
        await this.redis.hset(queueKey(base, 'meta'), 'opts.maxLenEvents', wanted);
      const notes = this.notes.get(name);
      if (!notes || (this.totals.get(name) ?? 0) - notes[0]!.total < RESUMABLE_EVENTS) continue;
      const place = others
        .map(({ places }) => places[name])
        .reduce<string>(
          (least, other) => (other && comparePlaces(other, least) < 0 ? other : least),
          notes[0]!.place,
        );
      // Trims in chunks: Redis removes a limited number per call and serves other clients in between.
      while ((await this.redis.xtrim(queueKey(base, 'events'), 'MINID', '~', place, 'LIMIT', MAX_TRIM)) > 0);
    }
  }

  /** Publishes the progress of this history and returns that of other histories on this Redis. */
  private async exchangeProgress(queues: readonly Followed[], now: number): Promise<Progress[]> {
    const key = historiesKey(this.prefix);
    if (this.former !== undefined) await this.redis.hdel(key, this.former);
    this.former = undefined;
    const places = Object.fromEntries(queues.map(({ name }) => [name, this.follower.place(name)]));
    await this.redis.hset(key, this.storeId, JSON.stringify({ at: now, places } satisfies Progress));
    const all = await this.redis.hgetall(key);
    const others: Progress[] = [];
    for (const [id, json] of Object.entries(all)) {
      if (id === this.storeId) continue;
      const progress = JSON.parse(json) as Progress;
      if (now - progress.at < MAX_SILENCE_MS) others.push(progress);
      else await this.redis.hdel(key, id);
    }
    return others;
  }
}
