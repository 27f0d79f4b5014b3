import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { SharedClock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { attemptField } from './codec/attempts.js';
import { withBatchCommands, type Act, type BatchRedis } from './batch-commands.js';
import type { TaskQueue } from './shared-queues.js';
import { toStorageError } from './connection/redis-errors.js';
import { ledgerField, StaleFenceError, type Fence } from './progress-ledger.js';
import { STALE_FENCE } from './scripts/fencing.js';
import { retryArgs, toMoveOutcome, type MoveOutcome, type FinishMark } from './task-transitions.js';
import type { FoundTask } from './task-reader.js';
import { COMMAND_CLIENT } from './tokens.js';
import { baseOf, jobKey, ledgerKey } from './keys.js';

/** Result for one task. An error concerns that task alone, such as a damaged hash. */
export type BatchResult = MoveOutcome | Error;

type Value = string | number;

/** Changes many tasks in one round trip. Each task has its own script call, so that Redis serves other clients in between. */
@Injectable()
export class BatchTransitions {
  private readonly redis: BatchRedis;

  constructor(
    @Inject(COMMAND_CLIENT) redis: Redis,
    private readonly settings: Settings,
    private readonly clock: SharedClock,
  ) {
    this.redis = withBatchCommands(redis);
  }

  async retry(tasks: FoundTask[], fence?: Fence, now: number = this.clock.now()): Promise<BatchResult[]> {
    const pipeline = this.redis.pipeline();
    for (const { queue, record } of tasks) {
      pipeline.hmget(jobKey(baseOf(queue), record.id), 'stacktrace', attemptField(record.starts ?? 0));
    }
    const stored = ((await pipeline.exec()) ?? []).map(([error, value]) => {
      if (error) throw storageError(error) ?? error;
      return value as (string | null)[];
    });
    await this.loadExpiredData(tasks, now);
    return this.act(
      'Retry',
      tasks,
      ({ record }, i) => retryArgs(record, stored[i]?.[0], stored[i]?.[1], now),
      fence,
    );
  }

  /** Moves tasks that are not running to `cancelled`. */
  cancel(tasks: FoundTask[], mark: FinishMark, fence?: Fence): Promise<BatchResult[]> {
    const { TASK_RETENTION_FAILED_HOURS: hours, TASK_RETENTION_FAILED_COUNT: count } = this.settings;
    return this.act(
      'Settle',
      tasks,
      ({ record }) => [record.id, 'cancelled', JSON.stringify(mark), mark.at, '', hours * 3_600_000, count],
      fence,
    );
  }

  requestCancel(tasks: FoundTask[], mark: FinishMark, fence?: Fence): Promise<BatchResult[]> {
    return this.act('RequestCancel', tasks, ({ record }) => [record.id, JSON.stringify(mark)], fence);
  }

  /** Removes tasks permanently. */
  remove(tasks: FoundTask[], fence?: Fence): Promise<BatchResult[]> {
    return this.act('Remove', tasks, ({ record }) => [record.id], fence);
  }

  /** Moves tasks that have not started to another queue. */
  move(tasks: FoundTask[], target: TaskQueue, fence?: Fence): Promise<BatchResult[]> {
    const prefix = this.settings.QUEUE_PREFIX;
    return this.act(
      'Move',
      tasks,
      ({ queue, record }) => [record.id, prefix, queue.name, target.name],
      fence,
      baseOf(target),
    );
  }

  private async act(
    act: Act,
    tasks: FoundTask[],
    args: (task: FoundTask, i: number) => Value[],
    fence?: Fence,
    targetBase?: string,
  ): Promise<BatchResult[]> {
    if (tasks.length === 0) return [];
    const pipeline = this.redis.pipeline();
    pipeline.time();
    tasks.forEach((task, i) => {
      const keys = [baseOf(task.queue), ...(targetBase === undefined ? [] : [targetBase])];
      if (!fence) pipeline[`roostBatch${act}`](...keys, ...args(task, i));
      else {
        const name = ledgerField({ queue: task.queue.name, id: task.record.id });
        pipeline[`roostFenced${act}`](
          ...keys,
          ledgerKey(this.settings.QUEUE_PREFIX, fence.operation),
          ...args(task, i),
          fence.token,
          name,
        );
      }
    });
    pipeline.time();
    const answers = (await pipeline.exec()) ?? [];
    const [before, after] = [answers.shift(), answers.pop()].map((time) => toMs(time?.[1]));
    if (fence?.meter) fence.meter.redisMs += Math.max(0, after! - before!) || 0;
    return answers.map(([error, answer]) => {
      if (error) {
        const outage = storageError(error);
        if (outage) throw outage;
        return error;
      }
      if (answer === STALE_FENCE) throw new StaleFenceError();
      return toMoveOutcome(answer);
    });
  }

  /** Loads the whole data of tasks whose expiry has passed: a retry rewrites the data without the expiry. */
  private async loadExpiredData(tasks: FoundTask[], now: number): Promise<void> {
    for (const { queue, record } of tasks) {
      if (!record.dataCut) continue;
      const head = record.data?.split(',"input":', 1)[0] ?? '';
      const expiresAt = Number(/"expiresAt":(\d+)/.exec(head)?.[1] ?? Infinity);
      if (expiresAt <= now)
        record.data = (await this.redis.hget(jobKey(baseOf(queue), record.id), 'data')) ?? undefined;
      else record.data = undefined;
    }
  }
}

/** Converts an answer of TIME (seconds, microseconds) to ms. */
function toMs(time: unknown): number {
  const [seconds, micros] = (time ?? []) as (string | undefined)[];
  return Number(seconds) * 1000 + Number(micros) / 1000;
}

/** Returns the error for which the whole chunk must be retried: Redis is unavailable, full, or lost its script cache. */
function storageError(error: Error): Error | undefined {
  return toStorageError(error) ?? (error.message.startsWith('NOSCRIPT') ? error : undefined);
}
