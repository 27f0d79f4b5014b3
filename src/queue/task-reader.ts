import { Inject, Injectable } from '@nestjs/common';
import { sharedNow } from '../contract/clock.js';
import type { StateCounts, TaskState } from '../contract/states.js';
import type { AttemptView, LogLevel, LogLine, TaskView } from '../contract/task-view.js';
import { lastStack, toAttempts } from './attempts.js';
import { parseEnvelope, type JobEnvelope } from './job-envelope.js';
import { toJobRecord, type JobRecord } from './job-record.js';
import { Queues, type TaskQueue } from './queues.js';
import { READ_FIELDS } from './scripts/read-tasks.js';
import type { CommandRedis } from './task-commands.js';
import { scrubOfJob, toTaskView } from './to-task-view.js';
import { COMMANDS } from './tokens.js';

const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Longest body in bytes that a list carries; of larger ones it shows a preview. */
const LIST_CUT = 1024;

/** Tasks read in one script where many are read in a row: about a millisecond of Redis. */
const FEW = 25;

export interface FoundTask {
  queue: TaskQueue;
  record: JobRecord;
}

export interface QueueStats {
  counts: StateCounts;
  oldestWaitingSince: number | null;
  paused: boolean;
}

/** Reads tasks from Redis; what is true there is what everybody sees. */
@Injectable()
export class TaskReader {
  constructor(
    @Inject(COMMANDS) private readonly redis: CommandRedis,
    private readonly queues: Queues,
  ) {}

  /** The task with this id, whichever queue it is in. */
  async find(id: string): Promise<FoundTask | undefined> {
    const queues = this.queues.all();
    const records = await this.records(
      queues.map((queue) => ({ queue: queue.name, id })),
      0,
    );
    const i = records.findIndex((record) => record !== undefined);
    return i < 0 ? undefined : { queue: queues[i]!, record: records[i]! };
  }

  /** All queues that know this id, with what they hold: two only where a key was raced across queues. */
  async envelopes(id: string): Promise<{ queue: TaskQueue; envelope: JobEnvelope; record: JobRecord }[]> {
    const queues = this.queues.all();
    const records = await this.records(
      queues.map((queue) => ({ queue: queue.name, id })),
      0,
    );
    return records.flatMap((record, i) =>
      record ? [{ queue: queues[i]!, record, envelope: parseEnvelope(record.data) }] : [],
    );
  }

  /**
   * Those of these tasks that are there, large bodies cut; undefined for the others. A few at a time: others are
   * answered in between.
   */
  async findMany(refs: { queue: string; id: string }[]): Promise<(FoundTask | undefined)[]> {
    const found: (FoundTask | undefined)[] = [];
    for (let from = 0; from < refs.length; from += FEW) {
      const some = refs.slice(from, from + FEW);
      const records = await this.records(some, LIST_CUT);
      found.push(...records.map((record, i) => record && { queue: this.queues.get(some[i]!.queue), record }));
    }
    return found;
  }

  /** The whole view, with the stack of the last attempt. */
  async view({ queue, record }: FoundTask): Promise<TaskView> {
    if (record.state === 'failed') {
      record.stack = lastStack(await this.redis.hget(this.key(queue, record.id), 'stacktrace'));
    }
    return toTaskView(record);
  }

  /** Views for a list: large bodies left out, vanished tasks skipped. */
  async views(refs: { queue: string; id: string }[]): Promise<TaskView[]> {
    if (refs.length === 0) return [];
    const records = await this.records(refs, LIST_CUT);
    const now = sharedNow();
    return records.flatMap((record) => (record ? [toTaskView(record, now)] : []));
  }

  async attempts({ queue, record }: FoundTask): Promise<AttemptView[]> {
    const words = scrubOfJob(record);
    const attempts = toAttempts(record, await this.redis.hgetall(this.key(queue, record.id)));
    return attempts.map((one) => (one.error ? { ...one, error: words.failure(one.error) } : one));
  }

  /** Log lines from number `after` on (0 for all), oldest first; `total` counts also those no longer kept. */
  async logs({ queue, record }: FoundTask, after: number, limit: number) {
    const key = this.key(queue, record.id);
    const [[, kept], [, counted]] = (await this.redis
      .pipeline()
      .llen(`${key}:logs`)
      .hget(key, 'roost:logs')
      .exec()) as [[null, number], [null, string | null]];
    const total = Math.max(Number(counted ?? 0), kept);
    const first = total - kept;
    const from = Math.max(after, first);
    const lines =
      from >= total ? [] : await this.redis.lrange(`${key}:logs`, from - first, from - first + limit - 1);
    const words = scrubOfJob(record);
    const items = lines.map((line, i) => {
      const told = toLogLine(from + i, line);
      return { ...told, text: words.text(told.text) };
    });
    return { items, total };
  }

  stats(queue: string): Promise<QueueStats> {
    return this.statsAt(this.base(queue));
  }

  /** Of any queue of BullMQ on this Redis. @param base `prefix:queue:` */
  async statsAt(base: string): Promise<QueueStats> {
    const row = await this.redis.roostQueueStats(base);
    const [waiting, delayed, active, completed, failed, cancelled, expired, since, paused] = row.map(Number);
    return {
      counts: { waiting, delayed, active, completed, failed, cancelled, expired } as StateCounts,
      oldestWaitingSince: since || null,
      paused: paused === 1,
    };
  }

  /** Which of these job ids have this type; a scan for the list's type filter. */
  async typesOf(queue: string, ids: string[]): Promise<(string | null)[]> {
    const pipeline = this.redis.pipeline();
    for (const id of ids) pipeline.hget(this.base(queue) + id, 'name');
    return ((await pipeline.exec()) ?? []).map(([, name]) => name as string | null);
  }

  /** Ids of one state of one queue, newest first for settled ones, next in turn last for waiting ones. */
  async ids(queue: string, state: TaskState, from: number, limit: number): Promise<string[]> {
    const base = this.base(queue);
    const to = from + limit - 1;
    switch (state) {
      case 'waiting': {
        const waiting = await this.redis.lrange(`${base}wait`, from, to);
        if (waiting.length >= limit) return waiting;
        const length = await this.redis.llen(`${base}wait`);
        const start = Math.max(0, from - length);
        return [
          ...waiting,
          ...(await this.redis.zrevrange(`${base}prioritized`, start, start + limit - waiting.length - 1)),
        ];
      }
      case 'active':
        return this.redis.lrange(`${base}active`, from, to);
      case 'delayed':
        return this.redis.zrange(`${base}delayed`, String(from), String(to));
      default:
        return this.redis.zrevrange(base + state, from, to);
    }
  }

  /** Ids with the time they settled, newest first, all at or before `before` ms. */
  async settledIds(
    queue: string,
    state: TaskState,
    before: number,
    limit: number,
  ): Promise<{ id: string; at: number }[]> {
    const flat = await this.redis.zrevrangebyscore(
      this.base(queue) + state,
      String(before),
      '-inf',
      'WITHSCORES',
      'LIMIT',
      0,
      limit,
    );
    // RESP3 answers pairs, RESP2 a flat list.
    const pairs = flat.flat() as unknown as string[];
    const found: { id: string; at: number }[] = [];
    for (let i = 0; i < pairs.length; i += 2) found.push({ id: String(pairs[i]), at: Number(pairs[i + 1]) });
    return found;
  }

  base(queue: string): string {
    return this.queues.get(queue).toKey('');
  }

  private key(queue: TaskQueue, id: string): string {
    return queue.toKey(id);
  }

  private async records(
    refs: { queue: string; id: string }[],
    cut: number,
  ): Promise<(JobRecord | undefined)[]> {
    const rows = await this.redis.roostReadTasks(
      cut,
      READ_FIELDS.length,
      ...READ_FIELDS,
      ...refs.flatMap(({ queue, id }) => [this.base(queue), id]),
    );
    return refs.map(({ queue, id }, i) => (rows[i] ? toJobRecord(queue, id, rows[i], cut) : undefined));
  }
}

function toLogLine(n: number, line: string): LogLine {
  try {
    const { at, level, attempt, text } = JSON.parse(line) as Partial<LogLine>;
    if (typeof text === 'string') {
      return {
        n,
        at: typeof at === 'string' ? at : '',
        level: level !== undefined && LOG_LEVELS.includes(level) ? level : 'info',
        attempt: Number.isSafeInteger(attempt) ? attempt! : 1,
        text,
      };
    }
  } catch {
    // A line that another program's handler wrote with `job.log`.
  }
  return { n, at: '', level: 'info', attempt: 1, text: line };
}
