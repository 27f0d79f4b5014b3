import type { Redis } from 'ioredis';
import type { RecorderStatus } from '../../src/history/history-status.js';
import { StoreEngine } from '../../src/history/sqlite/store-engine.js';

/** A history file as it is on disk, read beside the processes that write it. */
export function openHistory(file: string): StoreEngine {
  return new StoreEngine({ file });
}

/** Returns the status of the present holder of a history's lease, or undefined. */
export async function holderOf(redis: Redis, storeId: string): Promise<RecorderStatus | undefined> {
  const text = await redis.get(`roost:history:${storeId}`);
  return text === null ? undefined : (JSON.parse(text.slice(text.indexOf(' ') + 1)) as RecorderStatus);
}

/** Numbers that look random and are the same every time (mulberry32), from 0 up to 1. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
