import type { Redis } from 'ioredis';
import { setTimeout as pause } from 'node:timers/promises';
import { eventKeys, type Followed } from './followed-queues.js';

/** Maximum blocking wait for new events, ms. */
const BLOCK_MS = 1000;
/** Delay after the first new event in which more are gathered, ms: fewer, larger commits. */
const GATHER_MS = 25;

/** Waits of the recorder, each of which `wake` ends at once. */
export class RecorderWaits {
  private pendingRead: Promise<void> | undefined;

  /** @param redis a connection of its own, which the wait for new events blocks. */
  constructor(private readonly redis: Redis) {}

  wake: () => void = () => undefined;

  async sleep(ms: number): Promise<void> {
    const ended = new AbortController();
    const { signal } = ended;
    const slept = pause(ms, undefined, { signal }).catch(() => undefined);
    await Promise.race([slept, new Promise<void>((resolve) => (this.wake = resolve))]);
    ended.abort();
  }

  /** Waits until an entry is written to one of the streams, a caller asks, or a second has passed. */
  async forNews(
    queues: readonly Followed[],
    placeOf: (queue: string) => string,
    isAsked: () => boolean,
  ): Promise<void> {
    const streams = [...eventKeys(queues), ...queues.map(({ name }) => placeOf(name))];
    this.pendingRead ??= this.redis
      .xread('COUNT', 1, 'BLOCK', BLOCK_MS, 'STREAMS', ...streams)
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => (this.pendingRead = undefined));
    if (isAsked()) return;
    let wasWoken = false;
    const woken = new Promise<void>((resolve) => {
      this.wake = () => {
        wasWoken = true;
        resolve();
      };
    });
    await Promise.race([this.pendingRead, woken, pause(BLOCK_MS)]);
    if (!wasWoken && !isAsked()) await Promise.race([pause(GATHER_MS), woken]);
  }

  /** Ends a blocking read of Redis too. */
  close(): void {
    this.wake();
    this.redis.disconnect();
  }
}
