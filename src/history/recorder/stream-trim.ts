import type { Redis } from 'ioredis';
import type { Followed } from './followed-queues.js';
import { comparePlaces } from './stream-event.js';
import type { StreamFollower } from './stream-follower.js';

/**
 * Events our queues keep at most, rather than BullMQ's 10,000: a quarter of a second's worth at 10,000 tasks/s. An event
 * takes about 60 bytes of Redis, so a queue whose recorder is away grows by 30 MB at most; while it records, what is behind it
 * is trimmed. Standing in the queue's `meta`, where every process that runs BullMQ reads it.
 */
export const MAX_EVENTS = 500_000;
/** Left behind the recorder, so that a page that was away for a moment can go on where it was (`EventTail.since`). */
const KEEP_EVENTS = 10_000;
/** Trimming behind a place needs one that is so many events back; one is noted for every so many. */
const NOTE_EVERY = 1000;
/** Entries trimmed in one go: about a millisecond of Redis. */
const TRIM_PIECE = 10_000;
/** Another history on the same Redis that has not been heard of for so long, ms, is not waited for. */
const FORGET_AFTER_MS = 24 * 3_600_000;

interface Heard {
  at: number;
  places: Record<string, string>;
}

/** Lets the streams of our own queues be long while nobody records, and short while somebody does. */
export class StreamTrim {
  private readonly notes = new Map<string, { place: string; total: number }[]>();
  private readonly totals = new Map<string, number>();

  constructor(
    private readonly redis: Redis,
    private readonly follower: StreamFollower,
    private readonly prefix: string,
    private readonly storeId: string,
  ) {}

  /** So many events of a queue were recorded, up to its place. */
  note(queue: string, events: number): void {
    const total = (this.totals.get(queue) ?? 0) + events;
    this.totals.set(queue, total);
    const notes = this.notes.get(queue) ?? [];
    if (total - (notes.at(-1)?.total ?? 0) < NOTE_EVERY && notes.length > 0) return;
    notes.push({ place: this.follower.place(queue), total });
    while (notes.length > 1 && notes[1]!.total <= total - KEEP_EVENTS) notes.shift();
    this.notes.set(queue, notes);
  }

  async run(queues: readonly Followed[], now: number): Promise<void> {
    const ours = queues.filter(({ isOurs }) => isOurs);
    const others = await this.hear(ours, now);
    for (const { name, base } of ours) {
      const wanted = String(MAX_EVENTS);
      if ((await this.redis.hget(`${base}meta`, 'opts.maxLenEvents')) !== wanted)
        await this.redis.hset(`${base}meta`, 'opts.maxLenEvents', wanted);
      const notes = this.notes.get(name);
      if (!notes || (this.totals.get(name) ?? 0) - notes[0]!.total < KEEP_EVENTS) continue;
      const place = others
        .map(({ places }) => places[name])
        .reduce<string>(
          (least, other) => (other && comparePlaces(other, least) < 0 ? other : least),
          notes[0]!.place,
        );
      // A piece at a time: Redis takes out so many at most in one go, and others are served in between.
      while ((await this.redis.xtrim(`${base}events`, 'MINID', '~', place, 'LIMIT', TRIM_PIECE)) > 0);
    }
  }

  /** Tells other histories on this Redis how far we are, and learns how far they are. */
  private async hear(queues: readonly Followed[], now: number): Promise<Heard[]> {
    const key = `${this.prefix}:histories`;
    const places = Object.fromEntries(queues.map(({ name }) => [name, this.follower.place(name)]));
    await this.redis.hset(key, this.storeId, JSON.stringify({ at: now, places } satisfies Heard));
    const all = await this.redis.hgetall(key);
    const others: Heard[] = [];
    for (const [id, json] of Object.entries(all)) {
      if (id === this.storeId) continue;
      const heard = JSON.parse(json) as Heard;
      if (now - heard.at < FORGET_AFTER_MS) others.push(heard);
      else await this.redis.hdel(key, id);
    }
    return others;
  }
}
