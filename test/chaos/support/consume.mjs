// A bare BullMQ worker for the control of R7: node consume.mjs <path of bullmq> <port of Redis>. Prints each job it runs.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [, , path, port] = process.argv;
const require = createRequire(import.meta.url);
const { Worker } = await import(pathToFileURL(require.resolve(path)));
const connection = { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null };
const worker = new Worker('control', async (job) => console.log(`ran ${job.id}`), {
  connection,
  prefix: 'control',
  drainDelay: 2,
});
worker.on('error', () => {});
await worker.waitUntilReady();
console.log('ready');
