import { setTimeout as delay } from 'node:timers/promises';
import { PermanentError } from '../task-api/outcomes.js';
import { toStorageError } from '../bullmq/connection/redis-errors.js';
import type { CommandRedis } from '../bullmq/task-commands.js';
import { MAX_STEP_RESULT_BYTES, type StepResults } from './step-results.js';
import { jobKey } from '../bullmq/keys.js';

/** Interval between retries while Redis is unavailable, ms. */
const RETRY_MS = 250;

/**
 * Results of `ctx.once` in the task's own hash. Retries while Redis is unavailable, until the task is to
 * stop.
 */
export class RedisStepResults implements StepResults {
  constructor(
    private readonly redis: CommandRedis,
    private readonly base: string,
    private readonly id: string,
    private readonly run: { readonly signal: AbortSignal },
  ) {}

  async find(key: string): Promise<string | undefined> {
    return (
      (await this.retryWhileUnavailable(() => this.redis.hget(jobKey(this.base, this.id), fieldOf(key)))) ??
      undefined
    );
  }

  async save(key: string, json: string): Promise<string> {
    const [answer, stored] = await this.retryWhileUnavailable(() =>
      this.redis.roostStoreStepResult(this.base, this.id, fieldOf(key), json, MAX_STEP_RESULT_BYTES),
    );
    if (answer === -1) {
      throw new PermanentError(
        `once('${key}'): all results of a task together may be ${MAX_STEP_RESULT_BYTES} bytes. Store it elsewhere and return a reference to it.`,
      );
    }
    // The task was removed while its handler ran, so the result is not read again.
    return stored ?? json;
  }

  /** Tries at least once, even for a task that is to stop, so that a completed step is stored. */
  private async retryWhileUnavailable<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!toStorageError(error)) throw error;
        const { signal } = this.run;
        signal.throwIfAborted();
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}

function fieldOf(key: string): string {
  return `roost:once:${key}`;
}
