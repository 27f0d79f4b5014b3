import { isFinished } from '../../model/states.js';
import { isIdOfKey } from '../../bullmq/task-ids.js';
import type { RecorderStatus } from '../history-status.js';
import type { RecordingStore } from '../ports/recording-store.js';
import type { RecordBatch } from '../ports/rows.js';
import type { Followed, FollowedQueues } from './followed-queues.js';
import { beginsNew, isAnother, toGroups, type Group } from './id-reuse.js';
import { NO_ATTEMPTS } from '../../bullmq/codec/observed-attempts.js';
import type { FullRecord } from '../../bullmq/codec/task-record.js';
import { readJobs, type JobRequest, type JobCommands } from '../../bullmq/job-reader.js';
import { isBehind, countAddedAfter, readStreams, type StreamCommands } from '../../bullmq/event-streams.js';
import { STREAM_START, timeOf } from '../../bullmq/codec/task-event.js';
import { toProgressed, type Progressed } from './stream-progress.js';
import { TaskMemory } from './task-memory.js';
import { addRows, emptyBatch, endsRemoved, type TaskAfter } from './to-rows.js';
import { queueKey } from '../../bullmq/keys.js';

/**
 * Maximum entries of each stream and total bytes in one batch: large enough to be worth a commit, small enough to
 * stay smooth. A larger batch is no faster: its objects outlive the young generation and are copied.
 */
const EVENTS_PER_BATCH = 3000;
const BYTES_PER_BATCH = 4_000_000;

export interface NewGap {
  queue: string;
  gap: number;
}

export interface StepOutcome {
  events: number;
  tasks: number;
  /** More entries can be read at once. */
  hasMore: boolean;
  gaps: NewGap[];
}

type Commands = StreamCommands & JobCommands;

/** Records the event streams batch by batch: rows and places in one transaction. */
export class StreamFollower {
  private readonly places = new Map<string, string>();
  private readonly lags = new Map<string, number>();
  /** Time of the first event that is read and cannot be written, by queue, ms. */
  private readonly unwritten = new Map<string, number>();
  private readonly memory = new TaskMemory();

  constructor(
    private readonly redis: Commands,
    private readonly store: RecordingStore,
    private readonly queues: FollowedQueues,
  ) {}

  /** Restarts from the store's places: after a failure, and when this process begins to record. */
  async reload(): Promise<void> {
    const places = await this.store.cursors();
    this.memory.clear();
    this.places.clear();
    this.lags.clear();
    for (const [queue, place] of Object.entries(places)) this.places.set(queue, place);
  }

  /** The last recorded entry of a queue. */
  place(queue: string): string {
    return this.places.get(queue) ?? STREAM_START;
  }

  /** Age of the oldest event that is not recorded, ms; 0 when all are recorded. */
  lag(queue: string): number {
    const since = this.unwritten.get(queue);
    return since === undefined ? (this.lags.get(queue) ?? 0) : Math.max(1, Date.now() - since);
  }

  /** Recording progress of each queue. */
  report(): RecorderStatus['queues'] {
    return this.queues.all().map(({ name, isOurs }) => ({
      name,
      ours: isOurs,
      place: this.place(name),
      lagMs: this.lag(name),
    }));
  }

  /** The event stream of each queue, with its last recorded entry. */
  streams(): { key: string; place: string }[] {
    return this.queues
      .all()
      .map(({ name, base }) => ({ key: queueKey(base, 'events'), place: this.place(name) }));
  }

  /** Updates the lags with the times of the oldest unread events, in the order of `streams`; undefined for none. */
  noteUnread(times: readonly (number | undefined)[]): void {
    this.queues.all().forEach(({ name }, i) => {
      const at = times[i];
      this.lags.set(name, at === undefined ? 0 : Math.max(1, Date.now() - at));
    });
  }

  async step(): Promise<StepOutcome> {
    const queues = this.queues.all();
    const limits = { count: EVENTS_PER_BATCH, bytes: BYTES_PER_BATCH };
    const { now, reads } = await readStreams(this.redis, this.streams(), limits);
    const changed: Progressed[] = [];
    reads.forEach((read, i) => {
      const queue = queues[i]!;
      const progressed = toProgressed(queue, this.place(queue.name), read, now);
      if (progressed) changed.push(progressed);
    });
    if (changed.length === 0) {
      this.unwritten.clear();
      for (const { name } of queues) this.lags.set(name, 0);
      return { events: 0, tasks: 0, hasMore: false, gaps: [] };
    }
    for (const { queue, read } of changed) this.unwritten.set(queue.name, read.events[0]?.at ?? now);
    const { tasks, gaps } = await this.record(changed, now);
    this.unwritten.clear();
    reads.forEach((read, i) => {
      this.lags.set(queues[i]!.name, isBehind(read) ? Math.max(1, now - timeOf(read.place)) : 0);
    });
    return {
      events: changed.reduce((sum, { read }) => sum + read.events.length, 0),
      tasks,
      hasMore: reads.some(isBehind),
      gaps,
    };
  }

  private async record(progressed: Progressed[], now: number): Promise<{ tasks: number; gaps: NewGap[] }> {
    const groups = progressed.flatMap(({ queue, read }) => toGroups(queue, read.events));
    const jobs = await readJobs(
      this.redis,
      groups.map((group) => this.toJobRequest(group)),
    );
    groups.forEach(({ events }, i) => {
      if (endsRemoved(events)) jobs[i] = undefined;
    });
    await this.dropLaterJobs(progressed, groups, jobs);
    const earlier = await this.earlierBatches(groups, jobs, now);
    const batch = emptyBatch();
    const after = await this.addAll(batch, groups, jobs, now);
    const expected: Record<string, string | undefined> = {};
    for (const { queue, from, read } of progressed) {
      expected[queue.name] = this.places.has(queue.name) ? from : undefined;
      batch.cursors[queue.name] = read.place;
    }
    const noticedAt = Date.now();
    const added = progressed.flatMap(({ queue, gap }) =>
      gap ? [{ queue: queue.name, noticedAt, ...gap }] : [],
    );
    const ids = await this.store.recordAfter([...earlier, batch], expected, { added });
    const gaps = added.map(({ queue }, i): NewGap => ({ queue, gap: ids[i]! }));
    for (const { queue, read } of progressed) this.places.set(queue.name, read.place);
    groups.forEach(({ ref }, i) => {
      const job = jobs[i];
      if (!job || isFinished(job.state)) return this.memory.delete(ref);
      this.memory.set(ref, { hasInput: true, lines: job.firstLine + job.lines.length, ...after[i]! });
    });
    return { tasks: groups.length, gaps };
  }

  /** Drops jobs of other programs that were added under the same id after the events were read. */
  private async dropLaterJobs(
    progressed: readonly Progressed[],
    groups: readonly Group[],
    jobs: (FullRecord | undefined)[],
  ): Promise<void> {
    const observed = progressed.filter(({ queue }) => !queue.isOurs);
    const streams = observed.map(({ queue, read }) => ({
      key: queueKey(queue.base, 'events'),
      place: read.place,
    }));
    const added = await countAddedAfter(this.redis, streams);
    const addedIn = new Map(observed.map(({ queue }, i) => [queue, added[i]!]));
    groups.forEach(({ queue, ref }, i) => {
      if (addedIn.get(queue)?.has(ref.id)) jobs[i] = undefined;
    });
  }

  private async addAll(
    batch: RecordBatch,
    groups: readonly Group[],
    jobs: readonly (FullRecord | undefined)[],
    now: number,
  ): Promise<TaskAfter[]> {
    const tails = await this.tailsOf(groups, jobs);
    return groups.map(({ ref, events, queue: { isOurs } }, i) => {
      const { tail, isNew } = tails[i]!;
      const { lastSampleAt = 0, pendingSample } = this.memory.get(ref) ?? {};
      return addRows(
        batch,
        { ref, events, job: jobs[i], isOurs, tail, isNew, lastSampleAt, pendingSample },
        now,
      );
    });
  }

  /** Batches to record first: tasks whose id a newer task has reused. Each is counted, then archived. */
  private async earlierBatches(
    groups: readonly Group[],
    jobs: readonly (FullRecord | undefined)[],
    now: number,
  ): Promise<RecordBatch[]> {
    const batches: RecordBatch[] = [];
    const replaced = await this.replaced(groups, jobs);
    if (replaced.length > 0) batches.push({ ...emptyBatch(), retired: replaced.map(({ ref }) => ref) });
    let reused = groups.filter(({ earlier }) => earlier.length > 0);
    for (let n = 0; reused.length > 0; n++) {
      const batch = emptyBatch();
      const former = reused.map((group) => ({ ...group, events: group.earlier[n]!, earlier: [] }));
      await this.addAll(batch, former, [], now);
      batch.retired = former.filter(({ events }) => !endsRemoved(events)).map(({ ref }) => ref);
      for (const { ref } of former) this.memory.delete(ref);
      batches.push(batch);
      reused = reused.filter(({ earlier }) => earlier.length > n + 1);
    }
    return batches;
  }

  /**
   * Groups whose id belongs to another task in the history. Of our own tasks, only ids derived from a key are reused.
   */
  private async replaced(
    groups: readonly Group[],
    jobs: readonly (FullRecord | undefined)[],
  ): Promise<Group[]> {
    const found: Group[] = [];
    const begun = new Map<string, number[]>();
    groups.forEach((group, i) => {
      const { isOurs, name } = group.queue;
      if ((!isOurs || isIdOfKey(group.ref.id)) && beginsNew(group))
        begun.set(name, [...(begun.get(name) ?? []), i]);
    });
    for (const [queue, places] of begun) {
      const known = await this.store.statesOf(
        queue,
        places.map((i) => groups[i]!.ref.id),
      );
      if (known.size === 0) continue;
      const withEvents = await this.store.withEvents(queue, [...known.keys()]);
      for (const i of places) {
        const group = groups[i]!;
        const task = known.get(group.ref.id);
        // A task known without events may have been found in one of the queue's sets before its events were read.
        const isNew = () =>
          withEvents.has(group.ref.id) || isAnother(task!.createdAt, group, jobs[i]?.createdAt);
        if (task && isNew()) found.push(group);
      }
    }
    return found;
  }

  private toJobRequest(group: Group): JobRequest {
    const { queue, ref, events } = group;
    const known = beginsNew(group) ? undefined : this.memory.get(ref);
    return {
      queue: queue.name,
      base: queue.base,
      id: ref.id,
      lines: known?.lines ?? 0,
      needsInput: !known?.hasInput || mayHaveNewInput(queue, events),
    };
  }

  /**
   * Known attempts of jobs that are derived from events: those of other programs, and those of ours that are gone.
   * Otherwise our workers record attempts in the job.
   */
  private async tailsOf(groups: readonly Group[], jobs: readonly (FullRecord | undefined)[]) {
    const unknown: number[] = [];
    const tails = groups.map((group, i) => {
      if (beginsNew(group)) return { tail: NO_ATTEMPTS, isNew: false };
      const known = this.memory.get(group.ref)?.tail;
      if (!known && !(group.queue.isOurs && jobs[i])) unknown.push(i);
      return { tail: known ?? NO_ATTEMPTS, isNew: false };
    });
    const found = await this.store.attemptTails(unknown.map((i) => groups[i]!.ref));
    unknown.forEach((i, at) => {
      tails[i] = { tail: found[at]!, isNew: found[at]!.starts === 0 };
    });
    return tails;
  }
}

/** A retry in our queues may change the input's envelope; other programs may change their data at any time. */
function mayHaveNewInput({ isOurs }: Followed, events: Group['events']): boolean {
  return events.some(({ name, prev }) =>
    isOurs
      ? name === 'waiting' && prev !== 'active' && prev !== 'delayed' && prev !== ''
      : name === 'completed' || name === 'failed',
  );
}
