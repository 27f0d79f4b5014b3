import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Microseconds of processor time a process has used so far, all its threads, by the kernel's own accounting. */
export function cpuOf(pid) {
  // The name, in parentheses, may hold blanks: utime and stime are the 12th and 13th field after it.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
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

/** Starts counting; the function it gives back tells the microseconds used since, by name. `pids`: name -> list of pids. */
export function meterCpu(pids) {
  const used = () => Object.fromEntries(Object.entries(pids).map(([name, list]) => [name, cpuOfAll(list)]));
  const before = used();
  return () => Object.fromEntries(Object.entries(used()).map(([name, us]) => [name, us - before[name]]));
}
