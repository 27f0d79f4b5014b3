import type { Redis } from 'ioredis';
import { ADMIT_TASK } from '../bullmq/scripts/admit-task.js';
import { RELEASE_HELD } from '../bullmq/scripts/release-held.js';
import { RELEASE_SLOT } from '../bullmq/scripts/release-slot.js';

type Value = string | number;

interface LimitCommands {
  roostAdmitTask(base: string, limits: string, own: string, ...args: Value[]): Promise<(string | number)[]>;
  roostReleaseSlot(limits: string, own: string, lock: string, ...args: Value[]): Promise<number>;
  roostReleaseHeld(own: string, ...args: Value[]): Promise<number>;
}

export type LimitRedis = Redis & LimitCommands;

/** Lua scripts for limits, as methods of a connection. The header of each script lists its arguments and its answer. */
export function withLimitCommands(redis: Redis): LimitRedis {
  redis.defineCommand('roostAdmitTask', { numberOfKeys: 3, lua: ADMIT_TASK });
  redis.defineCommand('roostReleaseSlot', { numberOfKeys: 3, lua: RELEASE_SLOT });
  redis.defineCommand('roostReleaseHeld', { numberOfKeys: 1, lua: RELEASE_HELD });
  return redis as LimitRedis;
}
