import { Inject, Injectable } from '@nestjs/common';
import { Redaction } from '../platform/redaction/redaction.js';
import { SharedClock } from '../platform/clock.js';
import { type TaskState } from '../model/states.js';
import type { AttemptView, LogLine, TaskView } from '../model/task-view.js';
import { attemptField, lastFailure, toAttempts } from './codec/attempts.js';
import { parseEnvelope, type JobEnvelope } from './codec/job-envelope.js';
import { decodeLogLine } from './codec/log-line.js';
import { decodeTaskRow } from './codec/task-row.js';
import type { TaskRecord } from './codec/task-record.js';
import { Queues, type TaskQueue } from './shared-queues.js';
import { readQueueStats, type QueueStats } from './queue-stats.js';
import type { CommandRedis } from './task-commands.js';
import { formatIso, scrubOfJob, toTaskView } from './codec/to-task-view.js';
import { COMMAND_CLIENT } from './tokens.js';
import { baseOf, jobKey, queueKey } from './keys.js';

/** Longest body in a list, bytes; a larger one is shown as a preview. */
const MAX_LIST_BODY_BYTES = 1024;

/** Tasks per script call when many are read: about 1 ms of Redis's time. */
const READ_CHUNK_SIZE = 25;

export interface FoundTask {
  queue: TaskQueue;
  record: TaskRecord;
}

/** Reads tasks from Redis, the source of truth for every view. */
@Injectable()
export class TaskReader {
  constructor(
    @Inject(COMMAND_CLIENT) private readonly redis: CommandRedis,
    private readonly queues: Queues,
    private readonly clock: SharedClock,
    private readonly redaction: Redaction,
  ) {}

  /** Finds the task with this id in `queue`, or in all queues if none is given. */
  async find(id: string, queue?: string): Promise<FoundTask | undefined> {
    const queues = this.queues.all().filter(({ name }) => queue === undefined || name === queue);
    const records = await this.loadRecords(
      queues.map(({ name }) => ({ queue: name, id })),
      0,
    );
    const i = records.findIndex((record) => record !== undefined);
    return i < 0 ? undefined : { queue: queues[i]!, record: records[i]! };
  }

  /** Finds the job of this id in each queue. Two queues have it only after a race of one key across queues. */
  async findEnvelopes(
    id: string,
  ): Promise<{ queue: TaskQueue; envelope: JobEnvelope; record: TaskRecord }[]> {
    const queues = this.queues.all();
    const records = await this.loadRecords(
      queues.map((queue) => ({ queue: queue.name, id })),
      0,
    );
    return records.flatMap((record, i) =>
      record ? [{ queue: queues[i]!, record, envelope: parseEnvelope(record.data) }] : [],
    );
  }

  /**
   * Finds several tasks, with large bodies cut; undefined for a missing one. Reads in chunks so that Redis serves
   * other clients in between.
   */
  async findMany(refs: { queue: string; id: string }[]): Promise<(FoundTask | undefined)[]> {
    const found: (FoundTask | undefined)[] = [];
    for (let from = 0; from < refs.length; from += READ_CHUNK_SIZE) {
      const some = refs.slice(from, from + READ_CHUNK_SIZE);
      const records = await this.loadRecords(some, MAX_LIST_BODY_BYTES);
      found.push(...records.map((record, i) => record && { queue: this.queues.get(some[i]!.queue), record }));
    }
    return found;
  }

  /** Full view of a task, with the whole stored error of its last attempt. */
  async view({ queue, record }: FoundTask): Promise<TaskView> {
    if (record.state === 'failed') {
      const field = attemptField(record.starts ?? 0);
      const [stacktrace, stored] = await this.redis.hmget(this.key(queue, record.id), 'stacktrace', field);
      record.failure = lastFailure(record, stored, stacktrace);
    }
    return toTaskView(record, this.clock.now(), this.redaction);
  }

  /** Views for a list: large bodies left out, vanished tasks skipped. */
  async views(refs: { queue: string; id: string }[]): Promise<TaskView[]> {
    if (refs.length === 0) return [];
    const records = await this.loadRecords(refs, MAX_LIST_BODY_BYTES);
    const now = this.clock.now();
    return records.flatMap((record) => (record ? [toTaskView(record, now, this.redaction)] : []));
  }

  async attempts({ queue, record }: FoundTask): Promise<AttemptView[]> {
    const scrub = scrubOfJob(record, this.redaction);
    const attempts = toAttempts(record, await this.redis.hgetall(this.key(queue, record.id)));
    return attempts.map((one) => (one.error ? { ...one, error: scrub.failure(one.error) } : one));
  }

  /**
   * Log lines from number `after` on (0 for all), oldest first; a negative `after` counts from the end. `total` includes
   * lines that were trimmed.
   */
  async logs({ queue, record }: FoundTask, after: number, limit: number) {
    const base = baseOf(queue);
    const logs = jobKey(base, record.id, 'logs');
    const [[, stored], [, counted]] = (await this.redis
      .pipeline()
      .llen(logs)
      .hget(jobKey(base, record.id), 'roost:logs')
      .exec()) as [[null, number], [null, string | null]];
    const total = Math.max(Number(counted ?? 0), stored);
    const first = total - stored;
    const from = Math.max(after < 0 ? total + after : after, first);
    const lines = from >= total ? [] : await this.redis.lrange(logs, from - first, from - first + limit - 1);
    const scrub = scrubOfJob(record, this.redaction);
    const items = lines.map((line, i) => {
      const logLine = toLogLine(from + i, line);
      return { ...logLine, text: scrub.text(logLine.text) };
    });
    return { items, total };
  }

  stats(queue: string): Promise<QueueStats> {
    return this.statsAt(this.base(queue));
  }

  /** Counts of any BullMQ queue on this Redis. @param base `prefix:queue:` */
  statsAt(base: string): Promise<QueueStats> {
    return readQueueStats(this.redis, base);
  }

  /** Types of these jobs, in order; null for a missing one. Serves the type filter of the list. */
  async typesOf(queue: string, ids: string[]): Promise<(string | null)[]> {
    const pipeline = this.redis.pipeline();
    for (const id of ids) pipeline.hget(jobKey(this.base(queue), id), 'name');
    return ((await pipeline.exec()) ?? []).map(([, name]) => name as string | null);
  }

  /** Lists ids of one state of one queue: finished tasks newest first, waiting tasks with the next one to run last. */
  async listIds(queue: string, state: TaskState, from: number, limit: number): Promise<string[]> {
    const base = this.base(queue);
    const to = from + limit - 1;
    switch (state) {
      case 'waiting': {
        const waiting = await this.redis.lrange(queueKey(base, 'wait'), from, to);
        if (waiting.length >= limit) return waiting;
        const length = await this.redis.llen(queueKey(base, 'wait'));
        const start = Math.max(0, from - length);
        return [
          ...waiting,
          ...(await this.redis.zrevrange(
            queueKey(base, 'prioritized'),
            start,
            start + limit - waiting.length - 1,
          )),
        ];
      }
      case 'active':
        return this.redis.lrange(queueKey(base, 'active'), from, to);
      case 'delayed':
        return this.redis.zrange(queueKey(base, 'delayed'), String(from), String(to));
      default:
        return this.redis.zrevrange(queueKey(base, state), from, to);
    }
  }

  base(queue: string): string {
    return baseOf(this.queues.get(queue));
  }

  private key(queue: TaskQueue, id: string): string {
    return jobKey(baseOf(queue), id);
  }

  private async loadRecords(
    refs: { queue: string; id: string }[],
    cut: number,
  ): Promise<(TaskRecord | undefined)[]> {
    // The history may name queues that no task type uses any more; Roost does not manage them.
    const managed = refs.filter(({ queue }) => this.queues.has(queue));
    const rows = await this.redis.roostReadTasks(
      cut,
      ...managed.flatMap(({ queue, id }) => [this.base(queue), id]),
    );
    const records = new Map(managed.map((ref, i) => [ref, rows[i]]));
    return refs.map((ref) => {
      const row = records.get(ref);
      return row ? decodeTaskRow(ref, row, cut) : undefined;
    });
  }
}

function toLogLine(n: number, line: string): LogLine {
  const { at, level, attempt = 1, text } = decodeLogLine(line);
  return { n, at: at === undefined ? '' : formatIso(at), level, attempt, text };
}
