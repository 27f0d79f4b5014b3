import type { RecorderStatus } from '../history-status.js';
import type { RedisAddress } from '../../bullmq/connection/redis-address.js';
import type { RetentionPolicy } from '../ports/history-store.js';

/* Messages between the web app's main thread and the recorder's thread. */

export interface RecorderOptions {
  file: string;
  redis: RedisAddress;
  prefix: string;
  /** Names of the queues that Roost manages. */
  queues: readonly string[];
  /** Retention: maximum age in ms and maximum number, by state. */
  maxAgeMs: RetentionPolicy['before'];
  maxCount: RetentionPolicy['max'];
  /** Redacted paths, which no index contains. */
  redact?: readonly string[];
  /** Interval of the search for tasks that vanished without an event, ms; only tests set it. */
  sweepMs?: number;
}

export type ToRecorder = { type: 'stop' } | { type: 'caught-up'; n: number; maxMs: number };

export type FromRecorder =
  | { type: 'status'; status: RecorderStatus }
  | { type: 'caught-up'; n: number; isCaughtUp: boolean }
  | { type: 'log'; level: 'error' | 'warn' | 'info' | 'debug'; fields: object; text: string };
