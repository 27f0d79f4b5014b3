import type { RecorderStatus } from '../history-status.js';
import type { RedisAddress } from '../../queue/redis-address.js';
import type { RetentionPolicy } from '../store/history-store.js';

/* What the web's own thread and the recorder's say to each other. */

export interface RecorderOptions {
  file: string;
  redis: RedisAddress;
  prefix: string;
  /** Keep so long and so many: ms by state, and how many of each. */
  keepMs: RetentionPolicy['before'];
  keepMost: RetentionPolicy['max'];
  /** Paths that are hidden, which no index has. */
  redact?: readonly string[];
  /** How often tasks are looked for that vanished without an event, ms; set by tests alone. */
  sweepMs?: number;
}

export type ToRecorder = { type: 'stop' } | { type: 'caught-up'; n: number; maxMs: number };

export type FromRecorder =
  | { type: 'status'; status: RecorderStatus }
  | { type: 'caught-up'; n: number; isCaughtUp: boolean }
  | { type: 'log'; level: 'error' | 'warn' | 'info' | 'debug'; fields: object; text: string };
