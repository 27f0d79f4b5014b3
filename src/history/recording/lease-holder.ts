import { hostname } from 'node:os';
import { pid } from 'node:process';
import { isProcessGone } from '../../coordination/process-place.js';
import type { RecorderStatus } from '../history-status.js';

/** Status that the holder publishes in its lease. `where`: its PROCESS_PLACE. */
export type HolderStatus = RecorderStatus & { where: string };

const SINCE = new Date().toISOString();

/** Identifies this process to others. */
export function ourselves(): NonNullable<RecorderStatus['holder']> {
  return { host: hostname(), pid, since: SINCE };
}

export function withoutWhere({ where: _, ...status }: HolderStatus): RecorderStatus {
  return status;
}

/** True only for a process that is provably gone. */
export function isDead({ where, holder }: HolderStatus): boolean {
  return holder !== undefined && isProcessGone(where, holder.pid);
}
