import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import process from 'node:process';

/** Identifies the PID namespace of this process: containers on one Linux host number their processes separately. */
export const PROCESS_PLACE = `${hostname()} ${pidNamespace()}`;

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/**
 * True only for a process that is provably gone: one of this place, or one that had our own process id before us.
 * @param place its PROCESS_PLACE
 */
export function isProcessGone(place: string, pid: number): boolean {
  if (place !== PROCESS_PLACE) return false;
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
