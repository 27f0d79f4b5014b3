// Loaded into a process before anything else (`node --import`): how long its event loop was not free, a line a second.
import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const file = process.env.LOOP_PROBE_FILE;
const RESOLUTION_MS = 5;

if (isMainThread && file) {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  setInterval(() => {
    const ms = (ns) => Math.max(0, Math.round(ns / 1e5) / 10 - RESOLUTION_MS);
    const line = {
      at: Date.now(),
      max: ms(delays.max),
      p99: ms(delays.percentile(99)),
      rss: process.memoryUsage.rss(),
    };
    delays.reset();
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  }, 1000).unref();
}
