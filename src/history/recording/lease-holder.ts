import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import process, { pid } from 'node:process';
import type { RecorderStatus } from '../history-status.js';

/** Status that the holder publishes in its lease. `where` identifies the PID namespace of its process id. */
export type HolderStatus = RecorderStatus & { where: string };

export const WHERE = `${hostname()} ${processSpace()}`;
const SINCE = new Date().toISOString();

/** Identifies this process to others. */
export function ourselves(): NonNullable<RecorderStatus['holder']> {
  return { host: hostname(), pid, since: SINCE };
}

export function withoutWhere({ where: _, ...status }: HolderStatus): RecorderStatus {
  return status;
}

/** Identifies the PID namespace: containers on one Linux host number their processes separately. */
function processSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/**
 * True only for a process that is provably gone: one on this machine, or one that had our own process id before us.
 */
export function isDead({ where, holder }: HolderStatus): boolean {
  if (where !== WHERE || !holder) return false;
  if (holder.pid === pid) return true;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
