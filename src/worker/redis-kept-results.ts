import { setTimeout as delay } from 'node:timers/promises';
import { PermanentError } from '../contract/outcomes.js';
import { toStorageError } from '../queue/redis-errors.js';
import type { CommandRedis } from '../queue/task-commands.js';
import { MAX_KEPT_BYTES, type KeptResults } from './once.js';

/** Redis that is away is asked again this often, ms. */
const AGAIN_MS = 250;

/** Results of `ctx.once` in the task's own record. Waits for a Redis that is away, until the task is to stop. */
export class RedisKeptResults implements KeptResults {
  constructor(
    private readonly redis: CommandRedis,
    private readonly base: string,
    private readonly id: string,
    private readonly run: { readonly signal: AbortSignal },
  ) {}

  async find(key: string): Promise<string | undefined> {
    return (await this.patiently(() => this.redis.hget(this.base + this.id, fieldOf(key)))) ?? undefined;
  }

  async keep(key: string, json: string): Promise<string> {
    const [answer, kept] = await this.patiently(() =>
      this.redis.roostKeepResult(this.base, this.id, fieldOf(key), json, MAX_KEPT_BYTES),
    );
    if (answer === -1) {
      throw new PermanentError(
        `once('${key}'): all results of a task together may be ${MAX_KEPT_BYTES} bytes. Keep it elsewhere and return a reference to it.`,
      );
    }
    // The task has been removed under its handler: nobody will ask again.
    return kept ?? json;
  }

  /** At least one try, also for a task that is to stop: what was done should be known to have been. */
  private async patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!toStorageError(error)) throw error;
        const { signal } = this.run;
        signal.throwIfAborted();
        await delay(AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}

function fieldOf(key: string): string {
  return `roost:once:${key}`;
}
