import { isFinished, type TaskState } from '../../model/states.js';
import type { Redis } from 'ioredis';
import type { GapChanges, KnownState, RecordingStore } from '../ports/recording-store.js';
import type { TaskRef } from '../ports/rows.js';
import type { Followed } from './followed-queues.js';
import { NO_ATTEMPTS } from '../../bullmq/codec/observed-attempts.js';
import { readJobs, type JobCommands } from '../../bullmq/job-reader.js';
import { countAddedAfter, type StreamCommands } from '../../bullmq/event-streams.js';
import { comparePlaces } from '../../bullmq/codec/task-event.js';
import type { StreamFollower } from './stream-follower.js';
import { addRows, emptyBatch } from './to-rows.js';
import { jobKey, queueKey, type QueuePart } from '../../bullmq/keys.js';
import { execAll } from '../../bullmq/connection/redis-errors.js';

/** Ids per chunk; only jobs unknown to the history are read. */
const PAGE_SIZE = 500;
/** Ids of a page that the next page reads again: lists shift while they are walked. */
const OVERLAP = 100;

/** The sets of a queue with the state of their jobs. BullMQ before 6 stores a paused queue's jobs in `paused`. */
const SETS: readonly { name: QueuePart; state: TaskState; isList: boolean }[] = [
  { name: 'active', state: 'active', isList: true },
  { name: 'wait', state: 'waiting', isList: true },
  { name: 'paused', state: 'waiting', isList: true },
  { name: 'prioritized', state: 'waiting', isList: false },
  { name: 'waiting-children', state: 'waiting-children', isList: false },
  { name: 'delayed', state: 'delayed', isList: false },
  { name: 'failed', state: 'failed', isList: false },
  { name: 'cancelled', state: 'cancelled', isList: false },
  { name: 'expired', state: 'expired', isList: false },
  { name: 'completed', state: 'completed', isList: false },
];

export type Commands = Redis & StreamCommands & JobCommands;

export interface Reconciled {
  found: number;
  vanished: string[];
}

/**
 * Aligns the history with the jobs that Redis has of a queue, in parallel to live recording: after a gap, at the
 * first sight of a queue, and (only vanished tasks) periodically. Works in chunks of a moment each.
 */
export class Reconciler {
  private set = 0;
  private offset = 0;
  private after = -Number.MAX_SAFE_INTEGER;
  /** Tasks missing in Redis, and the event that must be recorded before their absence is meaningful. */
  private suspects: { ids: string[]; place: string } | undefined;
  /** Gap that lists the vanished tasks when there was no gap before. */
  private ownGap: number | undefined;
  found = 0;
  vanished = 0;

  constructor(
    private readonly redis: Commands,
    private readonly store: RecordingStore,
    private readonly follower: StreamFollower,
    readonly queue: Followed,
    /** Gap that lists the findings. */
    readonly gap: number | undefined,
    /** Searches for vanished tasks only. */
    readonly isSweep = false,
  ) {
    if (isSweep) this.set = SETS.length;
  }

  /** Runs one chunk. */
  async step(): Promise<'more' | 'wait' | 'done'> {
    if (this.set < SETS.length) {
      await this.walkSet();
      return 'more';
    }
    if (this.suspects) {
      if (comparePlaces(this.follower.place(this.queue.name), this.suspects.place) < 0) return 'wait';
      await this.recordVanished(this.suspects.ids);
      this.suspects = undefined;
    }
    if (this.after === Infinity) return 'done';
    await this.findVanished();
    return 'more';
  }

  private async walkSet(): Promise<void> {
    const { name, state, isList } = SETS[this.set]!;
    const key = queueKey(this.queue.base, name);
    const { ids, times } = isList ? await this.listPage(key) : await this.sortedPage(key);
    const known = await this.store.statesOf(this.queue.name, ids);
    const open = isFinished(state) ? [] : ids.filter((id) => known.get(id)?.state === state);
    const created = await this.loadCreationTimes(open);
    const unknown = ids.filter((id) => {
      const task = known.get(id);
      if (task?.state !== state || state === 'active') return true;
      // A different task by now, or one that finished again while nothing was recorded.
      if (!isFinished(state)) return created.get(id) !== task.createdAt;
      return times.get(id) !== undefined && task.finishedAt !== times.get(id);
    });
    await this.recordJobs(unknown, known);
    if (ids.length < PAGE_SIZE) {
      this.set++;
      this.offset = 0;
    } else this.offset += PAGE_SIZE - OVERLAP;
  }

  /** Reads from the end to which new jobs are pushed: existing ones stay within reach. */
  private async listPage(key: string) {
    const ids = await this.readIfType(key, 'list', () =>
      this.redis.lrange(key, this.offset, this.offset + PAGE_SIZE - 1),
    );
    return { ids, times: new Map<string, number>() };
  }

  /** Newest first: retention removes jobs at the other end. */
  private async sortedPage(key: string) {
    const flat = await this.readIfType(key, 'zset', () =>
      this.redis.zrevrange(key, this.offset, this.offset + PAGE_SIZE - 1, 'WITHSCORES'),
    );
    const pairs = flat.flat() as unknown as string[];
    const ids: string[] = [];
    const times = new Map<string, number>();
    for (let i = 0; i < pairs.length; i += 2) {
      ids.push(String(pairs[i]));
      times.set(String(pairs[i]), Number(pairs[i + 1]));
    }
    return { ids, times };
  }

  private async readIfType(key: string, type: string, read: () => Promise<string[]>): Promise<string[]> {
    return (await this.redis.type(key)) === type ? read() : [];
  }

  /** Creation times of the existing jobs, ms. */
  private async loadCreationTimes(ids: readonly string[]): Promise<Map<string, number>> {
    const created = new Map<string, number>();
    if (ids.length === 0) return created;
    const pipeline = this.redis.pipeline();
    for (const id of ids) pipeline.hget(jobKey(this.queue.base, id), 'timestamp');
    const answers = await execAll<(string | null)[]>(pipeline);
    ids.forEach((id, i) => {
      const timestamp = answers[i];
      if (timestamp != null) created.set(id, Number(timestamp));
    });
    return created;
  }

  private async recordJobs(ids: readonly string[], known: ReadonlyMap<string, KnownState>): Promise<void> {
    // Old versions of BullMQ store markers in the wait list like ids.
    const real = ids.filter((id) => !id.startsWith('0:'));
    if (real.length === 0) return;
    const jobs = await readJobs(
      this.redis,
      real.map((id) => ({ queue: this.queue.name, base: this.queue.base, id, lines: 0, needsInput: true })),
    );
    const added = await this.countAdded();
    // The events of earlier jobs with the same id are read first, by the follower.
    const isReused = (id: string) => (added?.get(id) ?? 0) > (known.has(id) ? 0 : 1);
    const batch = emptyBatch();
    const retired: TaskRef[] = [];
    const now = Date.now();
    real.forEach((id, i) => {
      const job = jobs[i];
      if (!job || isReused(id)) return;
      const ref: TaskRef = { queue: this.queue.name, id };
      const task = known.get(id);
      const { createdAt } = job;
      const isAnother = task !== undefined && createdAt !== undefined && task.createdAt !== createdAt;
      if (isAnother) retired.push(ref);
      addRows(
        batch,
        {
          ref,
          events: [],
          job,
          isOurs: this.queue.isOurs,
          tail: NO_ATTEMPTS,
          isNew: !task || isAnother,
          lastSampleAt: 0,
        },
        now,
      );
    });
    const place = this.follower.place(this.queue.name);
    const before = retired.length > 0 ? [{ ...emptyBatch(), retired }] : [];
    const gaps: GapChanges =
      this.gap === undefined ? {} : { known: [{ id: this.gap, found: batch.tasks.length, vanished: [] }] };
    await this.store.recordAfter([...before, batch], await this.expected(place), gaps);
    this.found += batch.tasks.length;
  }

  /** Counts by id the jobs of another program whose `added` event is not recorded yet. */
  private async countAdded(): Promise<Map<string, number> | undefined> {
    const { name, base, isOurs } = this.queue;
    if (isOurs) return undefined;
    const stream = { key: queueKey(base, 'events'), place: this.follower.place(name) };
    return (await countAddedAfter(this.redis, [stream]))[0];
  }

  private async findVanished(): Promise<void> {
    const { ids, next } = await this.store.unsettled(this.queue.name, this.after, PAGE_SIZE);
    this.after = next ?? Infinity;
    const gone = await this.findGone(ids);
    if (gone.length === 0) return;
    const [place] = await this.redis.roostLastIds(1, queueKey(this.queue.base, 'events'));
    this.suspects = { ids: gone, place: place || '0-0' };
  }

  private async recordVanished(suspects: readonly string[]): Promise<void> {
    const states = await this.store.statesOf(this.queue.name, suspects);
    const open = suspects.filter((id) => {
      const task = states.get(id);
      return task !== undefined && !isFinished(task.state);
    });
    const gone = await this.findGone(open);
    if (gone.length === 0) return;
    const removed = gone.map((id) => ({ queue: this.queue.name, id }));
    const place = this.follower.place(this.queue.name);
    const [added] = await this.store.recordAfter(
      [{ ...emptyBatch(), removed }],
      await this.expected(place),
      this.toGapChanges(gone),
    );
    this.ownGap ??= added;
    this.vanished += gone.length;
  }

  /** Adds the vanished tasks to the gap, or to one of their own. */
  private toGapChanges(vanished: readonly string[]): GapChanges {
    const now = Date.now();
    if (this.gap !== undefined) return { known: [{ id: this.gap, found: 0, vanished }] };
    if (this.ownGap !== undefined)
      return { known: [{ id: this.ownGap, found: 0, vanished, reconciledAt: now }] };
    const detail = 'Tasks were removed from Redis without an event: drained or cleaned by another program.';
    const { name: queue } = this.queue;
    return {
      added: [{ queue, from: now, to: now, noticedAt: now, detail, vanished, reconciledAt: now }],
    };
  }

  private async expected(place: string): Promise<Record<string, string | undefined>> {
    const { [this.queue.name]: known } = await this.store.cursors();
    return { [this.queue.name]: known === undefined ? undefined : place };
  }

  private async findGone(ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const pipeline = this.redis.pipeline();
    for (const id of ids) pipeline.exists(jobKey(this.queue.base, id));
    const answers = await execAll<number[]>(pipeline);
    return ids.filter((_, i) => answers[i] === 0);
  }
}
