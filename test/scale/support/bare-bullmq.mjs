// BullMQ by itself, to hold our throughput against: node bare-bullmq.mjs <port of Redis> <jobs> <workers> <at once>.
// Prints how many were added and run a second.
import { Queue, Worker } from 'bullmq';

const [, , port, jobs, workers, concurrency] = process.argv.map(Number);
const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
const queue = new Queue('bare', { connection, prefix: 'bare' });

const addedAt = performance.now();
for (let n = 0; n < jobs; n += 1000)
  await queue.addBulk(
    Array.from({ length: Math.min(1000, jobs - n) }, (_, i) => ({
      name: 'no-op',
      data: { n: n + i },
      opts: { jobId: `job-${n + i}`, removeOnComplete: { count: 2000 } },
    })),
  );
const added = jobs / ((performance.now() - addedAt) / 1000);

let done = 0;
const ranAt = performance.now();
await new Promise((resolve) => {
  for (let w = 0; w < workers; w++) {
    const worker = new Worker('bare', async ({ data }) => data.n, {
      connection,
      prefix: 'bare',
      concurrency,
    });
    worker.on('completed', () => {
      done++;
      if (done === jobs) resolve();
    });
    worker.on('error', () => {});
  }
});
const ran = jobs / ((performance.now() - ranAt) / 1000);
process.stdout.write(`${JSON.stringify({ added: Math.round(added), ran: Math.round(ran) })}\n`);
process.exit(0);
