import { Inject, Injectable } from '@nestjs/common';
import { SharedClock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { attemptField, POSTPONED_FIELD, endedAttempt } from './codec/attempts.js';
import { toJson } from '../model/lenient-json.js';
import { parseExactEnvelope } from './codec/job-envelope.js';
import type { TaskRecord } from './codec/task-record.js';
import type { TaskQueue } from './shared-queues.js';
import type { CommandRedis } from './task-commands.js';
import type { FoundTask } from './task-reader.js';
import { COMMAND_CLIENT } from './tokens.js';
import { baseOf, jobKey, queueKey } from './keys.js';

/** Tasks expired per call. */
export const EXPIRY_BATCH_SIZE = 100;

/** Outcome of a transition, from the answers of the Lua scripts: `done`, or the reason why nothing changed. */
export type MoveOutcome =
  'done' | 'missing' | 'finished' | 'running' | 'refused' | 'not-running' | 'lost-lock' | 'taken';

/** Author, time (ms) and reason of a transition to `cancelled` or `expired`. */
export interface FinishMark {
  by: string;
  at: number;
  reason?: string;
}

const OUTCOMES: Record<number, MoveOutcome> = {
  1: 'done',
  [-1]: 'missing',
  [-2]: 'finished',
  [-3]: 'running',
  [-4]: 'refused',
  [-5]: 'not-running',
  [-6]: 'lost-lock',
  [-7]: 'taken',
};

export function toMoveOutcome(answer: unknown): MoveOutcome {
  return OUTCOMES[Number(answer)] ?? 'refused';
}

/** Transitions between states that BullMQ does not offer. Each one is one Lua script and therefore atomic. */
@Injectable()
export class TaskTransitions {
  constructor(
    @Inject(COMMAND_CLIENT) private readonly redis: CommandRedis,
    private readonly settings: Settings,
    private readonly clock: SharedClock,
  ) {}

  /**
   * Moves a task to `cancelled` or `expired`. With a lock `token` the worker that runs the task finishes it; without one
   * the task must not be running.
   */
  async finish(
    base: string,
    id: string,
    state: 'cancelled' | 'expired',
    mark: FinishMark,
    token = '',
  ): Promise<MoveOutcome> {
    const answer = await this.redis.roostSettleTask(
      base,
      id,
      state,
      JSON.stringify(mark),
      mark.at,
      token,
      this.settings.TASK_RETENTION_FAILED_HOURS * 3_600_000,
      this.settings.TASK_RETENTION_FAILED_COUNT,
    );
    return OUTCOMES[answer] ?? 'refused';
  }

  /** Marks a running task for cancellation: it does not run again, even if its worker dies. */
  async requestCancel(base: string, id: string, mark: FinishMark): Promise<MoveOutcome> {
    return OUTCOMES[await this.redis.roostRequestCancel(base, id, JSON.stringify(mark))] ?? 'refused';
  }

  /** Finds the mark that `requestCancel` left. */
  async findCancelRequest(base: string, id: string): Promise<FinishMark | undefined> {
    return (await this.loadEarlierRuns(base, id)).mark;
  }

  /** Loads what earlier runs of a task left: the request to cancel it, and how often it was postponed. */
  async loadEarlierRuns(
    base: string,
    id: string,
  ): Promise<{ mark: FinishMark | undefined; postponed: number }> {
    const [mark, postponed] = await this.redis.hmget(jobKey(base, id), 'roost:cancel', POSTPONED_FIELD);
    return {
      mark: mark ? (JSON.parse(mark) as FinishMark) : undefined,
      postponed: Number(postponed) || 0,
    };
  }

  /** Moves a task back to the end of its queue with all its attempts. Drops an expiry that has passed. */
  async retry({ queue, record }: FoundTask, now: number = this.clock.now()): Promise<MoveOutcome> {
    const base = baseOf(queue);
    const field = attemptField(record.starts ?? 0);
    const [stacktrace, stored] = await this.redis.hmget(jobKey(base, record.id), 'stacktrace', field);
    const answer = await this.redis.roostRetryTask(base, ...retryArgs(record, stacktrace, stored, now));
    return OUTCOMES[answer] ?? 'refused';
  }

  /** Records the latest start time of a task (ms), which `expireDue` enforces. */
  async recordExpiry(queue: TaskQueue, id: string, expiresAt: number): Promise<void> {
    await this.redis.zadd(queueKey(baseOf(queue), 'expiry'), expiresAt, id);
  }

  /** Expires at most `EXPIRY_BATCH_SIZE` tasks that have not started in time. Safe to call from several processes at once. */
  async expireDue(base: string, now: number = this.clock.now()): Promise<number> {
    const due = await this.redis.zrangebyscore(
      queueKey(base, 'expiry'),
      '-inf',
      now,
      'LIMIT',
      0,
      EXPIRY_BATCH_SIZE,
    );
    for (const id of due) {
      await this.finish(base, id, 'expired', {
        by: 'roost',
        at: now,
        reason: 'It had not started by its expiry.',
      });
      await this.redis.zrem(queueKey(base, 'expiry'), id);
    }
    return due.length;
  }
}

/** Arguments of RETRY_TASK after its key. `stacktrace` and `stored` (the last attempt) are the raw values of the hash. */
export function retryArgs(
  record: TaskRecord,
  stacktrace: string | null | undefined,
  stored: string | null | undefined,
  now: number,
): (string | number)[] {
  const ended = endedAttempt(record, stacktrace ?? null, stored);
  return [
    record.id,
    now,
    withoutPassedExpiry(record.data, now),
    ended && record.starts ? attemptField(record.starts) : '',
    ended ? JSON.stringify(ended) : '',
  ];
}

function withoutPassedExpiry(data: string | undefined, now: number): string {
  const { expiresAt, ...rest } = parseExactEnvelope(data);
  return expiresAt !== undefined && expiresAt <= now ? toJson(rest) : '';
}
