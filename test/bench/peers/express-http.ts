/* Express and BullMQ's add, nothing else. argv: URL of Redis. */
import { Queue } from 'bullmq';
import express from 'express';
import { Redis } from 'ioredis';
import type { AddressInfo } from 'node:net';

const [url] = process.argv.slice(2) as [string];
const queue = new Queue('bare', { connection: new Redis(url, { maxRetriesPerRequest: null }) });

const app = express();
app.use(express.json());
app.post('/tasks', async (req, res) => {
  const { id } = await queue.add('no-op', req.body);
  res.status(202).json({ id });
});
const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ type: 'ready', url: `http://127.0.0.1:${port}` });
});
process.on('disconnect', () => process.exit());
