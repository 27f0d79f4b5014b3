/* Express and BullMQ's add; with `events` it also relays QueueEvents to its clients. argv: URL of Redis, `events`. */
import { Queue, QueueEvents } from 'bullmq';
import express, { type Response } from 'express';
import { Redis } from 'ioredis';
import type { AddressInfo } from 'node:net';

const [url, events] = process.argv.slice(2) as [string, string?];
const connect = () => new Redis(url, { maxRetriesPerRequest: null });
const queue = new Queue('bare', { connection: connect() });

const app = express();
app.use(express.json());
app.post('/tasks', async (req, res) => {
  const { id } = await queue.add('no-op', req.body);
  res.status(202).json({ id });
});
if (events) await relayEvents();
const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ type: 'ready', url: `http://127.0.0.1:${port}` });
});
process.on('disconnect', () => process.exit());

/** Server-sent events for whoever asks for `/events`: one for each task that has completed. */
async function relayEvents(): Promise<void> {
  const clients = new Set<Response>();
  const queueEvents = new QueueEvents('bare', { connection: connect() });
  queueEvents.on('completed', ({ jobId }) => {
    const data = JSON.stringify({ id: jobId, event: 'completed' });
    for (const client of clients) client.write(`event: change\ndata: ${data}\n\n`);
  });
  await queueEvents.waitUntilReady();
  app.get('/events', (req, res) => {
    res.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    res.flushHeaders();
    clients.add(res);
    req.on('close', () => clients.delete(res));
  });
}
