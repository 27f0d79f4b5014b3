import type { ChainableCommander, Redis } from 'ioredis';
import { fenced, OPEN_PIECE } from './scripts/fenced.js';
import { MOVE_TASK } from './scripts/move-task.js';
import { REMOVE_TASK } from './scripts/remove-task.js';
import { REQUEST_CANCEL } from './scripts/request-cancel.js';
import { RETRY_TASK } from './scripts/retry-task.js';
import { SETTLE_TASK } from './scripts/settle-task.js';

type Value = string | number;

/** Scripts that act on one task, by name, with the number of their keys; each also fenced, with the ledger as one key more. */
const ACTS = {
  Retry: [RETRY_TASK, 1, 'done'],
  Settle: [SETTLE_TASK, 1, 'done'],
  RequestCancel: [REQUEST_CANCEL, 1, 'asked'],
  Remove: [REMOVE_TASK, 1, 'done'],
  Move: [MOVE_TASK, 2, 'done'],
} as const;

export type Act = keyof typeof ACTS;

type ActCommand = `roostBatch${Act}` | `roostFenced${Act}`;

export type BatchPipeline = ChainableCommander & Record<ActCommand, (...args: Value[]) => ChainableCommander>;

export type BatchRedis = Omit<Redis, 'pipeline'> & {
  pipeline(): BatchPipeline;
  roostOpenPiece(ledger: string, ...args: Value[]): Promise<number>;
};

export function withBatchCommands(redis: Redis): BatchRedis {
  for (const [name, [lua, numberOfKeys, word]] of Object.entries(ACTS)) {
    redis.defineCommand(`roostBatch${name}`, { numberOfKeys, lua });
    redis.defineCommand(`roostFenced${name}`, { numberOfKeys: numberOfKeys + 1, lua: fenced(lua, word) });
  }
  redis.defineCommand('roostOpenPiece', { numberOfKeys: 1, lua: OPEN_PIECE });
  return redis as unknown as BatchRedis;
}
