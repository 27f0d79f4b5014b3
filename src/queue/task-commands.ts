import type { Redis } from 'ioredis';
import { FORGET_TASK } from './scripts/forget-task.js';
import { KEEP_FAILURE } from './scripts/keep-failure.js';
import { KEEP_RESULT } from './scripts/keep-result.js';
import { QUEUE_STATS } from './scripts/queue-stats.js';
import { READ_HEADS } from './scripts/read-heads.js';
import { READ_TASKS } from './scripts/read-tasks.js';
import { REPORT_TASK } from './scripts/report-task.js';
import { REQUEST_CANCEL } from './scripts/request-cancel.js';
import { RETRY_TASK } from './scripts/retry-task.js';
import { SETTLE_TASK } from './scripts/settle-task.js';

type Value = string | number;

/** Our Lua scripts as methods of a connection; each script's header says what it takes and answers. */
export interface TaskCommands {
  roostReadTasks(...args: Value[]): Promise<(string[] | null)[]>;
  roostReadHeads(...args: Value[]): Promise<(string | null)[]>;
  roostSettleTask(base: string, ...args: Value[]): Promise<number>;
  roostRetryTask(base: string, ...args: Value[]): Promise<number>;
  roostRequestCancel(base: string, ...args: Value[]): Promise<number>;
  roostForgetTask(base: string, ...args: Value[]): Promise<number>;
  roostReportTask(base: string, ...args: Value[]): Promise<number>;
  roostKeepFailure(key: string, ...fields: Value[]): Promise<number>;
  roostKeepResult(base: string, ...args: Value[]): Promise<[number, string?]>;
  roostQueueStats(base: string): Promise<(number | string)[]>;
}

export type CommandRedis = Redis & TaskCommands;

export function withTaskCommands(redis: Redis): CommandRedis {
  redis.defineCommand('roostReadTasks', { numberOfKeys: 0, lua: READ_TASKS });
  redis.defineCommand('roostReadHeads', { numberOfKeys: 0, lua: READ_HEADS });
  redis.defineCommand('roostSettleTask', { numberOfKeys: 1, lua: SETTLE_TASK });
  redis.defineCommand('roostRetryTask', { numberOfKeys: 1, lua: RETRY_TASK });
  redis.defineCommand('roostRequestCancel', { numberOfKeys: 1, lua: REQUEST_CANCEL });
  redis.defineCommand('roostForgetTask', { numberOfKeys: 1, lua: FORGET_TASK });
  redis.defineCommand('roostReportTask', { numberOfKeys: 1, lua: REPORT_TASK });
  redis.defineCommand('roostKeepFailure', { numberOfKeys: 1, lua: KEEP_FAILURE });
  redis.defineCommand('roostKeepResult', { numberOfKeys: 1, lua: KEEP_RESULT });
  redis.defineCommand('roostQueueStats', { numberOfKeys: 1, lua: QUEUE_STATS });
  return redis as CommandRedis;
}
