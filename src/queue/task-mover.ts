import { Inject, Injectable } from '@nestjs/common';
import { sharedNow } from '../contract/clock.js';
import { Settings } from '../config/settings.js';
import { attemptField, endedAttempt } from './attempts.js';
import { parseEnvelope } from './job-envelope.js';
import type { JobRecord } from './job-record.js';
import type { TaskQueue } from './queues.js';
import type { CommandRedis } from './task-commands.js';
import type { FoundTask } from './task-reader.js';
import { COMMANDS } from './tokens.js';

/** Tasks settled as expired in one go. */
export const EXPIRED_AT_ONCE = 100;

/** Why a move did not happen; `done` when it did. Answers of the Lua scripts in words. */
export type MoveOutcome =
  'done' | 'missing' | 'finished' | 'running' | 'refused' | 'not-running' | 'lost-lock' | 'taken';

/** Who put a task into `cancelled` or `expired`, when (ms) and why. */
export interface SettleMark {
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

/** Moves tasks between states where BullMQ has no move of its own; each one is one Lua script, so it happens whole or not. */
@Injectable()
export class TaskMover {
  constructor(
    @Inject(COMMANDS) private readonly redis: CommandRedis,
    private readonly settings: Settings,
  ) {}

  /** Into `cancelled` or `expired`. With a lock `token`: by the worker that runs it; without: only while it does not run. */
  async settle(
    base: string,
    id: string,
    state: 'cancelled' | 'expired',
    mark: SettleMark,
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

  /** Notes that a running task is to be cancelled: it is not run again, whatever becomes of its worker. */
  async requestCancel(base: string, id: string, mark: SettleMark): Promise<MoveOutcome> {
    return OUTCOMES[await this.redis.roostRequestCancel(base, id, JSON.stringify(mark))] ?? 'refused';
  }

  /** The mark left by `requestCancel`. */
  async cancelRequest(base: string, id: string): Promise<SettleMark | undefined> {
    const mark = await this.redis.hget(base + id, 'roost:cancel');
    return mark === null ? undefined : (JSON.parse(mark) as SettleMark);
  }

  /** Back to the end of its queue, with all its attempts; an expiry that has passed no longer holds. */
  async retry({ queue, record }: FoundTask, now: number = sharedNow()): Promise<MoveOutcome> {
    const base = queue.toKey('');
    const field = attemptField(Number(record.ats ?? 0));
    const [stacktrace, kept] = await this.redis.hmget(base + record.id, 'stacktrace', field);
    const answer = await this.redis.roostRetryTask(base, ...retryArgs(record, stacktrace, kept, now));
    return OUTCOMES[answer] ?? 'refused';
  }

  /** Removes a settled task for good. */
  async forget(queue: TaskQueue, id: string): Promise<MoveOutcome> {
    return OUTCOMES[await this.redis.roostForgetTask(queue.toKey(''), id)] ?? 'refused';
  }

  /** Notes when a task must have started; `expireDue` acts on it. */
  async noteExpiry(queue: TaskQueue, id: string, expiresAt: number): Promise<void> {
    await this.redis.zadd(queue.toKey('expiry'), expiresAt, id);
  }

  /** Settles what is past its expiry and has not started, at most `EXPIRED_AT_ONCE`. Any number of processes may call it at once. */
  async expireDue(base: string, now: number = sharedNow()): Promise<number> {
    const due = await this.redis.zrangebyscore(`${base}expiry`, '-inf', now, 'LIMIT', 0, EXPIRED_AT_ONCE);
    for (const id of due) {
      await this.settle(base, id, 'expired', {
        by: 'roost',
        at: now,
        reason: 'It had not started by its expiry.',
      });
      await this.redis.zrem(`${base}expiry`, id);
    }
    return due.length;
  }
}

/** What the script takes after its key. `stacktrace` and `kept`, what is there of its last attempt, as they stand in the hash. */
export function retryArgs(
  record: JobRecord,
  stacktrace: string | null | undefined,
  kept: string | null | undefined,
  now: number,
): (string | number)[] {
  const ended = endedAttempt(record, stacktrace ?? null, kept);
  return [
    record.id,
    now,
    withoutPassedExpiry(record.data, now),
    ended && record.ats ? attemptField(Number(record.ats)) : '',
    ended ? JSON.stringify(ended) : '',
  ];
}

function withoutPassedExpiry(data: string | undefined, now: number): string {
  const { expiresAt, ...rest } = parseEnvelope(data);
  return expiresAt !== undefined && expiresAt <= now ? JSON.stringify(rest) : '';
}
