import type { Redis } from 'ioredis';
import { CLEAN_QUEUE } from './scripts/clean-queue.js';
import { CONTROL_QUEUE } from './scripts/control-queue.js';
import { DRAIN_QUEUE } from './scripts/drain-queue.js';
import { PROMOTE_DELAYED } from './scripts/promote-delayed.js';

type Value = string | number;

/** Lua scripts for a whole queue, as methods of a connection. The header of each script lists its arguments and its answer. */
interface ControlCommands {
  roostControlQueue(base: string, ...args: Value[]): Promise<string[]>;
  roostDrainQueue(base: string, ...args: Value[]): Promise<[done: number, left: number, there: number]>;
  roostCleanQueue(base: string, ...args: Value[]): Promise<number>;
  roostPromoteDelayed(base: string, ...args: Value[]): Promise<number>;
}

export type ControlRedis = Redis & ControlCommands;

export function withControlCommands(redis: Redis): ControlRedis {
  redis.defineCommand('roostControlQueue', { numberOfKeys: 1, lua: CONTROL_QUEUE });
  redis.defineCommand('roostDrainQueue', { numberOfKeys: 1, lua: DRAIN_QUEUE });
  redis.defineCommand('roostCleanQueue', { numberOfKeys: 1, lua: CLEAN_QUEUE });
  redis.defineCommand('roostPromoteDelayed', { numberOfKeys: 1, lua: PROMOTE_DELAYED });
  return redis as ControlRedis;
}
