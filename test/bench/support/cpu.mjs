import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Microseconds of processor time a process has used so far, all its threads, by the kernel's own accounting. */
export function cpuOf(pid) {
  return used(`/proc/${pid}/stat`);
}

/** The same of its main thread alone: in Node what runs JavaScript, but for worker threads. */
export function mainThreadCpuOf(pid) {
  return used(`/proc/${pid}/task/${pid}/stat`);
}

function used(path) {
  // The name, in parentheses, may hold blanks: utime and stime are the 12th and 13th field after it.
  const fields = readFileSync(path, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1e6;
}

/** Of several processes together: a server and its children. */
export function cpuOfAll(pids) {
  return pids.reduce((sum, pid) => sum + cpuOf(pid), 0);
}

/** Bytes of memory a process has in RAM. */
export function rssOf(pid) {
  const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(kib) * 1024;
}

export function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}
