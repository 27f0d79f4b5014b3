import type { RecordingEngine } from '../store/recording-engine.js';
import type { TaskRef } from '../store/rows.js';
import { isSettled } from '../../contract/states.js';
import type { Followed, FollowedQueues } from './followed-queues.js';
import { readJobs, type JobAsked, type JobCommands } from './read-jobs.js';
import { readStreams, type StreamCommands, type StreamRead } from './read-streams.js';
import { comparePlaces, STREAM_START, timeOf, type StreamEvent } from './stream-event.js';
import { addRows, emptyBatch, NO_ATTEMPTS, type TaskNews } from './to-rows.js';
import { TaskMemory } from './task-memory.js';

/** Of each stream in one batch, and bytes of all: large enough that a commit is worth it, small enough to stay smooth. */
const EVENTS_AT_ONCE = 4000;
const BYTES_AT_ONCE = 4_000_000;

export interface GapNews {
  queue: string;
  gap: number;
}

export interface StepOutcome {
  events: number;
  tasks: number;
  /** There is more to read at once. */
  hasMore: boolean;
  gaps: GapNews[];
}

type Commands = StreamCommands & JobCommands;

interface Group {
  queue: Followed;
  ref: TaskRef;
  events: StreamEvent[];
}

interface Progressed {
  queue: Followed;
  read: StreamRead;
  from: string;
  gap: { from: number; to: number; detail: string } | undefined;
}

/** Records what the event streams say, batch by batch: rows and places in one transaction. */
export class StreamFollower {
  private readonly places = new Map<string, string>();
  private readonly lags = new Map<string, number>();
  private readonly memory = new TaskMemory();

  constructor(
    private readonly redis: Commands,
    private readonly engine: RecordingEngine,
    private readonly queues: FollowedQueues,
  ) {}

  /** From where the store is; after a failure, and when we become the one that records. */
  reload(): void {
    this.memory.clear();
    this.places.clear();
    this.lags.clear();
    for (const [queue, place] of Object.entries(this.engine.cursors())) this.places.set(queue, place);
  }

  /** The last entry of a queue that is recorded. */
  place(queue: string): string {
    return this.places.get(queue) ?? STREAM_START;
  }

  /** How long ago, ms, the oldest event happened that is not recorded; 0 where all are. */
  lag(queue: string): number {
    return this.lags.get(queue) ?? 0;
  }

  async step(): Promise<StepOutcome> {
    const queues = this.queues.all();
    const { now, reads } = await readStreams(
      this.redis,
      queues.map(({ name, base }) => ({ key: `${base}events`, place: this.place(name) })),
      { count: EVENTS_AT_ONCE, bytes: BYTES_AT_ONCE },
    );
    const news: Progressed[] = [];
    reads.forEach((read, i) => {
      const queue = queues[i]!;
      const progressed = toProgressed(queue, this.place(queue.name), read, now);
      if (progressed) news.push(progressed);
    });
    if (news.length === 0) {
      for (const { name } of queues) this.lags.set(name, 0);
      return { events: 0, tasks: 0, hasMore: false, gaps: [] };
    }
    const gaps = await this.record(news, now);
    reads.forEach(({ last, place }, i) => {
      const isBehind = last !== '' && comparePlaces(place, last) < 0;
      this.lags.set(queues[i]!.name, isBehind ? Math.max(1, now - timeOf(place)) : 0);
    });
    return {
      events: news.reduce((sum, { read }) => sum + read.events.length, 0),
      tasks: this.lastTasks,
      hasMore: reads.some(({ last, place }) => last !== '' && comparePlaces(place, last) < 0),
      gaps,
    };
  }

  private lastTasks = 0;

  private async record(news: Progressed[], now: number): Promise<GapNews[]> {
    const removedFirst: TaskRef[] = [];
    const groups = news.flatMap(({ queue, read }) => toGroups(queue, read.events, removedFirst));
    this.lastTasks = groups.length;
    const jobs = await readJobs(
      this.redis,
      groups.map((group) => this.toAsked(group)),
    );
    const tails = this.tailsOf(groups);
    const batch = emptyBatch();
    const drops: (TaskRef & { after: number })[] = [];
    const expected: Record<string, string | undefined> = {};
    for (const { queue, from, read } of news) {
      expected[queue.name] = this.places.has(queue.name) ? from : undefined;
      batch.cursors[queue.name] = read.place;
    }
    const after = groups.map((group, i) => {
      const { ref, events, queue } = group;
      const remembered = this.memory.get(ref);
      const told: TaskNews = {
        ref,
        events,
        job: jobs[i],
        isOurs: queue.isOurs,
        tail: tails[i]!.tail,
        isNew: tails[i]!.isNew,
        lastSampleAt: remembered?.lastSampleAt ?? 0,
      };
      const after = addRows(batch, told, now);
      if (after.dropAttemptsAfter !== undefined) drops.push({ ...ref, after: after.dropAttemptsAfter });
      return after;
    });
    if (removedFirst.length > 0)
      this.engine.recordAfter({ ...emptyBatch(), removed: removedFirst }, expected);
    const gaps: GapNews[] = [];
    this.engine.recordAfter(batch, expected, () => {
      this.engine.dropAttempts(drops);
      for (const { queue, gap } of news) {
        if (!gap) continue;
        const id = this.engine.addGap({ queue: queue.name, noticedAt: Date.now(), ...gap });
        gaps.push({ queue: queue.name, gap: id });
      }
    });
    for (const { queue, read } of news) this.places.set(queue.name, read.place);
    groups.forEach(({ ref }, i) => {
      const job = jobs[i];
      if (!job || isSettled(job.state)) return this.memory.delete(ref);
      const { tail, lastSampleAt } = after[i]!;
      this.memory.set(ref, { hasInput: true, lines: job.firstLine + job.lines.length, tail, lastSampleAt });
    });
    return gaps;
  }

  private toAsked({ queue, ref, events }: Group): JobAsked {
    const known = this.memory.get(ref);
    // A retry of ours may change the input's envelope; other programs may change their data at any time.
    const mayHaveChanged = events.some(({ name, prev }) =>
      queue.isOurs
        ? name === 'waiting' && prev !== 'active' && prev !== 'delayed' && prev !== ''
        : isEnd(name),
    );
    return {
      base: queue.base,
      id: ref.id,
      lines: known?.lines ?? 0,
      needsInput: !known?.hasInput || mayHaveChanged,
    };
  }

  /** How far the attempts of other programs' jobs are known; ours write them down themselves. */
  private tailsOf(groups: readonly Group[]) {
    const tails = groups.map(({ ref }) => ({
      tail: this.memory.get(ref)?.tail ?? NO_ATTEMPTS,
      isNew: false,
    }));
    const unknown: number[] = [];
    groups.forEach(({ queue, ref, events }, i) => {
      if (queue.isOurs || this.memory.get(ref) || events[0]!.name === 'added') return;
      unknown.push(i);
    });
    if (unknown.length === 0) return tails;
    const found = this.engine.attemptTails(unknown.map((i) => groups[i]!.ref));
    unknown.forEach((i, at) => {
      tails[i] = { tail: found[at]!, isNew: found[at]!.starts === 0 };
    });
    return tails;
  }
}

function isEnd(name: string): boolean {
  return name === 'completed' || name === 'failed';
}

function toProgressed(queue: Followed, from: string, read: StreamRead, now: number): Progressed | undefined {
  const isStart = from === STREAM_START;
  const time = timeOf(from);
  if (read.last === '') {
    if (isStart) return undefined;
    const gone = 'Its stream of events is gone: the queue was removed, or Redis lost its data.';
    return {
      queue,
      from,
      read: { ...read, place: STREAM_START },
      gap: { from: time, to: now, detail: gone },
    };
  }
  if (!isStart && comparePlaces(read.last, from) < 0) {
    const older = 'Redis came back with older data: what happened after it was saved is not in it any more.';
    return {
      queue,
      from,
      read: { ...read, place: read.last },
      gap: { from: timeOf(read.last), to: now, detail: older },
    };
  }
  if (read.place === from) return undefined;
  const isTrimmed = !isStart && read.first !== '' && comparePlaces(read.first, from) > 0;
  return {
    queue,
    from,
    read: withoutHalf(read),
    gap: isTrimmed
      ? {
          from: time,
          to: timeOf(read.first),
          detail: 'Nobody recorded for longer than the stream of events reaches back.',
        }
      : undefined,
  };
}

/** The stall check tells of one thing in two entries; the first alone would be taken for a failure. */
function withoutHalf(read: StreamRead): StreamRead {
  const last = read.events.at(-1);
  const before = read.events.at(-2);
  const isHalf =
    last?.name === 'waiting' && last.prev === 'active' && comparePlaces(read.place, read.last) < 0;
  if (!isHalf || !before) return read;
  return { ...read, events: read.events.slice(0, -1), place: `${before.at}-${before.seq}` };
}

/** By task, in the order of their first event. What came before a removal belongs to a task that is no more. */
function toGroups(queue: Followed, events: readonly StreamEvent[], removedFirst: TaskRef[]): Group[] {
  const groups = new Map<string, Group>();
  for (const event of events) {
    const group = groups.get(event.id);
    if (!group) {
      groups.set(event.id, { queue, ref: { queue: queue.name, id: event.id }, events: [event] });
      continue;
    }
    const isAgain = event.name === 'added' && group.events.at(-1)!.name === 'removed';
    if (isAgain) {
      removedFirst.push(group.ref);
      group.events = [];
    }
    group.events.push(event);
  }
  return [...groups.values()];
}
