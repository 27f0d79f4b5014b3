import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import process, { pid } from 'node:process';
import type { RecorderStatus } from '../history-status.js';

/** Told by the holder in its lease; `where`: the space in which its process id means something. */
export type Told = RecorderStatus & { where: string };

export const WHERE = `${hostname()} ${processSpace()}`;
const SINCE = new Date().toISOString();

/** This process, as others name it. */
export function ourselves(): NonNullable<RecorderStatus['holder']> {
  return { host: hostname(), pid, since: SINCE };
}

export function withoutWhere({ where: _, ...status }: Told): RecorderStatus {
  return status;
}

/** On Linux containers on one host count their processes apart. */
function processSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** True only of a process that can be seen to be gone: one on this machine, or one that had our own id before us. */
export function isDead({ where, holder }: Told): boolean {
  if (where !== WHERE || !holder) return false;
  if (holder.pid === pid) return true;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
