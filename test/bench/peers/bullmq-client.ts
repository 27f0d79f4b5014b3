/* A program that uses BullMQ alone, told by its parent what to do. argv: URL of Redis. */
import { Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';

const [url] = process.argv.slice(2) as [string];
const connect = () => new Redis(url, { maxRetriesPerRequest: null });
const queue = new Queue('bare', { connection: connect() });
/** Only for round trips: adds alone shall not pay for reading events. */
let events: QueueEvents | undefined;
await queue.waitUntilReady();

/** So many adds, of which so many are under way at once. */
async function add({ count, atOnce }: { count: number; atOnce: number }): Promise<{ ms: number }> {
  const startedAt = performance.now();
  let next = 0;
  const hand = async () => {
    while (next < count) await queue.add('no-op', { n: next++ });
  };
  await Promise.all(Array.from({ length: atOnce }, hand));
  return { ms: performance.now() - startedAt };
}

/** One after the other: from the add to the event that tells its end, ms. */
async function roundTrips({ count }: { count: number }): Promise<{ took: number[] }> {
  // From the stream's beginning, as a reader of what is new may miss the first.
  events ??= new QueueEvents('bare', { connection: connect(), lastEventId: '0' });
  await events.waitUntilReady();
  const took: number[] = [];
  const over = new Map<string, number>();
  let notice = () => undefined as void;
  const hear = ({ jobId }: { jobId: string }) => {
    over.set(jobId, performance.now());
    notice();
  };
  events.on('completed', hear);
  for (let i = 0; i < count; i++) {
    const since = performance.now();
    const { id } = await queue.add('no-op', { n: i });
    while (!over.has(id!)) await new Promise<void>((resolve) => (notice = resolve));
    took.push(over.get(id!)! - since);
  }
  events.off('completed', hear);
  return { took };
}

process.on('message', (message: { type: string; count: number; atOnce: number }) => {
  const work: Promise<object> = message.type === 'add' ? add(message) : roundTrips(message);
  void work.then((figures) => process.send?.({ type: message.type, ...figures }));
});
process.send?.({ type: 'ready' });
process.on('disconnect', () => process.exit());
