/* BullMQ's worker alone. argv: URL of Redis, how many at once, the client's package where it is not ours, its protocol. */
import { Worker, type Job, type RedisOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { setTimeout as pause } from 'node:timers/promises';

const [url, concurrency, library, protocol] = process.argv.slice(2) as [string, string, string?, string?];
const connection = library ? await otherClient(library) : new Redis(url, { maxRetriesPerRequest: null });

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

/** No dependency of ours: it is here where somebody has installed it to compare. */
async function otherClient(name: string): Promise<Redis> {
  const client = (await import(name)) as {
    Redis?: typeof Redis;
    createClient?: (options: { url: string }) => Redis;
  };
  // node-redis is no Redis of ioredis, but BullMQ knows both by what they can do.
  if (client.createClient) return client.createClient({ url });
  const options: RedisOptions = { maxRetriesPerRequest: null, ...(protocol ? { protocol: 2 } : {}) };
  return new client.Redis!(url, options as never);
}
