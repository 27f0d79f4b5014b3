import type { ChainableCommander, Redis } from 'ioredis';
import { fenced, OPEN_PIECE } from './scripts/fencing.js';
import { MOVE_TASK } from './scripts/move-task.js';
import { REMOVE_TASK } from './scripts/remove-task.js';
import { REQUEST_CANCEL } from './scripts/request-cancel.js';
import { RETRY_TASK } from './scripts/retry-task.js';
import { FINISH_TASK } from './scripts/finish-task.js';

type Value = string | number;

/**
 * Scripts that change one task: the Lua, its number of keys, and the mark that the ledger records. The fenced variant
 * of a script has one more key: the ledger.
 */
const BATCH_SCRIPTS = {
  Retry: [RETRY_TASK, 1, 'done'],
  Settle: [FINISH_TASK, 1, 'done'],
  RequestCancel: [REQUEST_CANCEL, 1, 'asked'],
  Remove: [REMOVE_TASK, 1, 'done'],
  Move: [MOVE_TASK, 2, 'done'],
} as const;

export type Act = keyof typeof BATCH_SCRIPTS;

type ActCommand = `roostBatch${Act}` | `roostFenced${Act}`;

export type BatchPipeline = ChainableCommander & Record<ActCommand, (...args: Value[]) => ChainableCommander>;

export type BatchRedis = Omit<Redis, 'pipeline'> & {
  pipeline(): BatchPipeline;
  roostOpenPiece(ledger: string, ...args: Value[]): Promise<number>;
};

export function withBatchCommands(redis: Redis): BatchRedis {
  for (const [name, [lua, numberOfKeys, mark]] of Object.entries(BATCH_SCRIPTS)) {
    redis.defineCommand(`roostBatch${name}`, { numberOfKeys, lua });
    redis.defineCommand(`roostFenced${name}`, { numberOfKeys: numberOfKeys + 1, lua: fenced(lua, mark) });
  }
  redis.defineCommand('roostOpenPiece', { numberOfKeys: 1, lua: OPEN_PIECE });
  return redis as unknown as BatchRedis;
}
