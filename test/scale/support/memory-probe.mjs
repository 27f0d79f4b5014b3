// Loaded into a process before anything else (`node --import`): what it holds after a collection, a line every few seconds.
import { appendFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

const { MEMORY_PROBE_FILE: file, MEMORY_PROBE_EVERY_MS: everyMs = 5_000 } = process.env;
// The processes it starts are not the one that is watched.
delete process.env.MEMORY_PROBE_FILE;

if (isMainThread && file) {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  setInterval(() => {
    gc();
    const { rss, heapUsed, external } = process.memoryUsage();
    const handles = process
      .getActiveResourcesInfo()
      .filter((name) => !/^(Timeout|Immediate)$/.test(name)).length;
    appendFileSync(
      file,
      `${JSON.stringify({ at: Date.now(), pid: process.pid, rss, heapUsed, external, handles })}\n`,
    );
  }, Number(everyMs)).unref();
}
