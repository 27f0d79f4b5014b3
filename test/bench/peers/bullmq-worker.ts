/* BullMQ's worker alone. argv: URL of Redis, how many at once. */
import { Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { setTimeout as pause } from 'node:timers/promises';

const [url, concurrency] = process.argv.slice(2) as [string, string];
const connection = new Redis(url, { maxRetriesPerRequest: null });

const worker = new Worker(
  'bare',
  async (job: Job<{ n?: number; times?: number; forMs?: number }>) => {
    if (job.name === 'pause') await pause(job.data.forMs);
    for (let i = 1; i <= (job.data.times ?? 0); i++)
      await job.updateProgress({ done: i, total: job.data.times });
    return job.data.n ?? null;
  },
  { connection, concurrency: Number(concurrency) },
);
worker.on('error', (error) => process.stderr.write(`${error.message}\n`));
await worker.waitUntilReady();
process.send?.({ type: 'ready' });
process.on('disconnect', () => process.exit());
