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

/** Processor time of a process, of its children and of those that have ended: a server with a process a connection. */
export function cpuOfFamily(pid) {
  for (;;) {
    const children = childrenOf(pid);
    try {
      const us = cpuOfAll(children) + used(`/proc/${pid}/stat`, ENDED_CHILDREN);
      // A child that ends in between is counted twice, or not at all.
      if (childrenOf(pid).join() === children.join()) return us;
    } catch (error) {
      const hasEnded = error.code === 'ENOENT' || error.code === 'ESRCH';
      if (!hasEnded) throw error;
    }
  }
}

// Places after the name, which may hold blanks and is in parentheses: utime and stime, then the same of ended children.
const OWN = [11, 12];
const ENDED_CHILDREN = [...OWN, 13, 14];

function used(path, places = OWN) {
  const fields = readFileSync(path, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  const ticks = places.reduce((sum, place) => sum + Number(fields[place]), 0);
  return (ticks / TICKS_PER_SECOND) * 1e6;
}

/** Processor time of several processes together: a server and its children. */
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
