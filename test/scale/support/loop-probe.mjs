// Loaded into a process before anything else (`node --import`): how long its event loop was not free, a line a second.
import { appendFileSync, openSync, readlinkSync, readSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env.LOOP_PROBE_FILE;
const EVERY_MS = 5;

if (isMainThread && file) {
  const queue = openSync(`/proc/${readlinkSync('/proc/thread-self')}/schedstat`, 'r');
  const buffer = Buffer.alloc(64);
  /** How long this thread has stood in line for a processor that others had, ms. */
  const waited = () =>
    Number(buffer.toString('latin1', 0, readSync(queue, buffer, 0, 64, 0)).split(' ')[1]) / 1e6;
  let late = [];
  let own = 0;
  let lastAt = performance.now();
  let waitedBefore = waited();
  const look = () => {
    const now = performance.now();
    const waitedNow = waited();
    const lateMs = Math.max(0, now - lastAt - EVERY_MS);
    late.push(lateMs);
    own = Math.max(own, lateMs - (waitedNow - waitedBefore));
    lastAt = now;
    waitedBefore = waitedNow;
    setTimeout(look, EVERY_MS).unref();
  };
  setTimeout(look, EVERY_MS).unref();
  setInterval(() => {
    const round = (ms) => Math.round(ms * 10) / 10;
    late.sort((a, b) => a - b);
    const line = {
      at: Date.now(),
      max: round(late.at(-1) ?? 0),
      own: round(own),
      p99: round(late[Math.floor(late.length * 0.99)] ?? 0),
      rss: process.memoryUsage.rss(),
    };
    late = [];
    own = 0;
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  }, 1000).unref();
}
