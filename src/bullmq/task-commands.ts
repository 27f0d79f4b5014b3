import type { Redis } from 'ioredis';
import { STORE_FAILURE } from './scripts/store-failure.js';
import { STORE_STEP_RESULT } from './scripts/store-step-result.js';
import { QUEUE_STATS } from './scripts/queue-stats.js';
import { READ_STANDING } from './scripts/read-standing.js';
import { READ_HEADS } from './scripts/read-heads.js';
import { READ_TASKS } from './scripts/read-tasks.js';
import { REPORT_TASK } from './scripts/report-task.js';
import { REQUEST_CANCEL } from './scripts/request-cancel.js';
import { RETRY_TASK } from './scripts/retry-task.js';
import { FINISH_TASK } from './scripts/finish-task.js';

type Value = string | number;

/** Lua scripts for tasks, as methods of a connection. The header of each script lists its arguments and its answer. */
export interface TaskCommands {
  roostReadTasks(...args: Value[]): Promise<(string[] | null)[]>;
  roostReadStanding(base: string, id: string): Promise<unknown[] | null>;
  roostReadHeads(...args: Value[]): Promise<(string | null)[]>;
  roostSettleTask(base: string, ...args: Value[]): Promise<number>;
  roostRetryTask(base: string, ...args: Value[]): Promise<number>;
  roostRequestCancel(base: string, ...args: Value[]): Promise<number>;
  roostReportTask(base: string, ...args: Value[]): Promise<number>;
  roostStoreFailure(key: string, ...fields: Value[]): Promise<number>;
  roostStoreStepResult(base: string, ...args: Value[]): Promise<[number, string?]>;
  roostQueueStats(base: string): Promise<(number | string)[]>;
}

export type CommandRedis = Redis & TaskCommands;

export function withTaskCommands(redis: Redis): CommandRedis {
  redis.defineCommand('roostReadTasks', { numberOfKeys: 0, lua: READ_TASKS });
  redis.defineCommand('roostReadStanding', { numberOfKeys: 1, lua: READ_STANDING });
  redis.defineCommand('roostReadHeads', { numberOfKeys: 0, lua: READ_HEADS });
  redis.defineCommand('roostSettleTask', { numberOfKeys: 1, lua: FINISH_TASK });
  redis.defineCommand('roostRetryTask', { numberOfKeys: 1, lua: RETRY_TASK });
  redis.defineCommand('roostRequestCancel', { numberOfKeys: 1, lua: REQUEST_CANCEL });
  redis.defineCommand('roostReportTask', { numberOfKeys: 1, lua: REPORT_TASK });
  redis.defineCommand('roostStoreFailure', { numberOfKeys: 1, lua: STORE_FAILURE });
  redis.defineCommand('roostStoreStepResult', { numberOfKeys: 1, lua: STORE_STEP_RESULT });
  redis.defineCommand('roostQueueStats', { numberOfKeys: 1, lua: QUEUE_STATS });
  return redis as CommandRedis;
}
