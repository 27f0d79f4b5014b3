import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { sharedNow } from '../contract/clock.js';
import { Settings } from '../config/settings.js';
import { attemptField } from './attempts.js';
import { withBatchCommands, type Act, type BatchRedis } from './batch-commands.js';
import type { TaskQueue } from './queues.js';
import { toStorageError } from './redis-errors.js';
import { LEDGER_MS, LEFT_BEHIND } from './scripts/fenced.js';
import { retryArgs, toMoveOutcome, type MoveOutcome, type SettleMark } from './task-mover.js';
import type { FoundTask } from './task-reader.js';
import { COMMANDS } from './tokens.js';

/** Makes a piece of a long order act once on each task; see scripts/fenced.ts. */
export interface Fence {
  /** Name of the order. */
  order: string;
  /** Number of the piece; later ones are greater. */
  piece: number;
  /** Adds up Redis's own time for it, ms. */
  meter?: { redisMs: number };
}

/** Another process has gone on with the order: nothing of it is the caller's any more. */
export class LeftBehindError extends Error {
  override name = 'LeftBehindError';
}

/** What came of it for one task: an error is that task's own, such as a damaged hash. */
export type BatchAnswer = MoveOutcome | Error;

type Value = string | number;

/** Moves many tasks in one round trip, each by a script of its own, so that Redis serves others in between. */
@Injectable()
export class BatchMover {
  private readonly redis: BatchRedis;

  constructor(
    @Inject(COMMANDS) redis: Redis,
    private readonly settings: Settings,
  ) {
    this.redis = withBatchCommands(redis);
  }

  /**
   * Opens a piece. `settled`: tasks of earlier pieces whose outcomes are kept elsewhere by now.
   * @throws LeftBehindError
   */
  async open({ order, piece }: Fence, settled: FoundRef[]): Promise<void> {
    const ledger = this.ledger(order);
    const opened = await this.redis.roostOpenPiece(ledger, piece, LEDGER_MS, ...settled.map(nameOf));
    if (opened !== 1) throw new LeftBehindError();
  }

  /** What has been acted on and not been settled yet, by task: `done` or `asked`. */
  async done(order: string): Promise<Map<string, string>> {
    const known = new Map(Object.entries(await this.redis.hgetall(this.ledger(order))));
    known.delete('@');
    return known;
  }

  /** The order is over. */
  async close(order: string): Promise<void> {
    await this.redis.del(this.ledger(order));
  }

  async retry(tasks: FoundTask[], fence?: Fence, now: number = sharedNow()): Promise<BatchAnswer[]> {
    const pipeline = this.redis.pipeline();
    for (const { queue, record } of tasks) {
      pipeline.hmget(queue.toKey(record.id), 'stacktrace', attemptField(Number(record.ats ?? 0)));
    }
    const kept = ((await pipeline.exec()) ?? []).map(([error, value]) => {
      if (error) throw storageError(error) ?? error;
      return value as (string | null)[];
    });
    await this.wholeWhereExpired(tasks, now);
    return this.act(
      'Retry',
      tasks,
      ({ record }, i) => retryArgs(record, kept[i]?.[0], kept[i]?.[1], now),
      fence,
    );
  }

  /** Into `cancelled`, where it does not run. */
  cancel(tasks: FoundTask[], mark: SettleMark, fence?: Fence): Promise<BatchAnswer[]> {
    const { TASK_RETENTION_FAILED_HOURS: hours, TASK_RETENTION_FAILED_COUNT: count } = this.settings;
    return this.act(
      'Settle',
      tasks,
      ({ record }) => [record.id, 'cancelled', JSON.stringify(mark), mark.at, '', hours * 3_600_000, count],
      fence,
    );
  }

  requestCancel(tasks: FoundTask[], mark: SettleMark, fence?: Fence): Promise<BatchAnswer[]> {
    return this.act('RequestCancel', tasks, ({ record }) => [record.id, JSON.stringify(mark)], fence);
  }

  /** For good. */
  remove(tasks: FoundTask[], fence?: Fence): Promise<BatchAnswer[]> {
    return this.act('Remove', tasks, ({ record }) => [record.id], fence);
  }

  /** Into another queue, as long as it has not started. */
  move(tasks: FoundTask[], to: TaskQueue, fence?: Fence): Promise<BatchAnswer[]> {
    const prefix = this.settings.QUEUE_PREFIX;
    return this.act(
      'Move',
      tasks,
      ({ queue, record }) => [record.id, prefix, queue.name, to.name],
      fence,
      to.toKey(''),
    );
  }

  private async act(
    act: Act,
    tasks: FoundTask[],
    args: (task: FoundTask, i: number) => Value[],
    fence?: Fence,
    otherBase?: string,
  ): Promise<BatchAnswer[]> {
    if (tasks.length === 0) return [];
    const pipeline = this.redis.pipeline();
    pipeline.time();
    tasks.forEach((task, i) => {
      const keys = [task.queue.toKey(''), ...(otherBase === undefined ? [] : [otherBase])];
      if (!fence) pipeline[`roostBatch${act}`](...keys, ...args(task, i));
      else {
        const name = nameOf({ queue: task.queue.name, id: task.record.id });
        pipeline[`roostFenced${act}`](...keys, this.ledger(fence.order), ...args(task, i), fence.piece, name);
      }
    });
    pipeline.time();
    const answers = (await pipeline.exec()) ?? [];
    const [before, after] = [answers.shift(), answers.pop()].map((time) => toMs(time?.[1]));
    if (fence?.meter) fence.meter.redisMs += Math.max(0, after! - before!) || 0;
    return answers.map(([error, answer]) => {
      if (error) {
        const away = storageError(error);
        if (away) throw away;
        return error;
      }
      if (answer === LEFT_BEHIND) throw new LeftBehindError();
      return toMoveOutcome(answer);
    });
  }

  /** An expiry that has passed goes out of the data, for which all of it is needed. */
  private async wholeWhereExpired(tasks: FoundTask[], now: number): Promise<void> {
    for (const { queue, record } of tasks) {
      if (!record.dataCut) continue;
      const head = record.data?.split(',"input":', 1)[0] ?? '';
      const expiresAt = Number(/"expiresAt":(\d+)/.exec(head)?.[1] ?? Infinity);
      if (expiresAt <= now)
        record.data = (await this.redis.hget(queue.toKey(record.id), 'data')) ?? undefined;
      else record.data = undefined;
    }
  }

  private ledger(order: string): string {
    return `${this.settings.QUEUE_PREFIX}:ledger:${order}`;
  }
}

interface FoundRef {
  queue: string;
  id: string;
}

/** Names a task in the ledger. */
export function nameOf({ queue, id }: FoundRef): string {
  return `${queue}/${id}`;
}

/** Redis's clock: seconds and microseconds. */
function toMs(time: unknown): number {
  const [seconds, micros] = (time ?? []) as (string | undefined)[];
  return Number(seconds) * 1000 + Number(micros) / 1000;
}

/** Where Redis is away or full, or has forgotten its scripts, the piece as a whole is to be tried again. */
function storageError(error: Error): Error | undefined {
  return toStorageError(error) ?? (error.message.startsWith('NOSCRIPT') ? error : undefined);
}
