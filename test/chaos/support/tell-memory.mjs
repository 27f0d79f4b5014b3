// Loaded into a process before anything else (`node --import`): at SIGUSR2 it collects its garbage and tells what is left.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  process.on('SIGUSR2', () => {
    collect();
    // Frees objects that were only held by those of the first collection.
    setTimeout(() => {
      collect();
      const { heapUsed, external, rss } = process.memoryUsage();
      process.send({ type: 'memory', held: heapUsed + external, rss });
    }, 300);
  });
}
