/* bull-board on Express, as its documentation shows it. argv: URL of Redis. */
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Queue } from 'bullmq';
import express from 'express';
import { Redis } from 'ioredis';
import type { AddressInfo } from 'node:net';

const [url] = process.argv.slice(2) as [string];
const queue = new Queue('bare', { connection: new Redis(url, { maxRetriesPerRequest: null }) });
const serverAdapter = new ExpressAdapter();
serverAdapter.setBasePath('/board');
createBullBoard({ queues: [new BullMQAdapter(queue)], serverAdapter });

const app = express();
app.use('/board', serverAdapter.getRouter());
const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ type: 'ready', url: `http://127.0.0.1:${port}` });
});
process.on('disconnect', () => process.exit());
