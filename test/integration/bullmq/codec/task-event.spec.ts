import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { decodeEvent, STREAM_START } from '../../../../src/bullmq/codec/task-event.js';
import { readStreams, withStreamCommands } from '../../../../src/bullmq/event-streams.js';

const redis = withStreamCommands(new Redis(process.env.TEST_REDIS_URL!, { lazyConnect: true }));
const key = `test-${randomUUID()}:mail:events`;
beforeAll(() => redis.connect());
afterAll(async () => {
  await redis.del(key);
  redis.disconnect();
});

it('decodes an entry as the script does that reads for the history', async () => {
  const entries = [
    ['event', 'added', 'jobId', 'j1', 'name', 'mail'],
    ['event', 'waiting', 'jobId', 'j1', 'prev', 'failed'],
    ['event', 'delayed', 'jobId', 'j1', 'delay', '1790000000000', 'held', 'rate'],
    ['event', 'waiting', 'jobId', 'j1', 'movedFrom', 'fast'],
    ['event', 'removed', 'jobId', 'j1', 'prev', 'waiting', 'movedTo', 'slow'],
    ['event', 'progress', 'jobId', 'j1', 'data', '{"done":1}'],
    ['event', 'completed', 'jobId', 'j1', 'returnvalue', '"é"', 'prev', 'active'],
    ['event', 'failed', 'jobId', 'j1', 'failedReason', 'no', 'prev', 'active'],
    ['event', 'unknown', 'jobId', 'j1', 'other', 'x'],
  ];
  for (const fields of entries) await redis.xadd(key, '*', ...fields);
  const [read] = (await readStreams(redis, [{ key, place: STREAM_START }], { count: 100, bytes: 1e6 })).reads;
  const stored = await redis.xrange(key, '-', '+');
  expect(read!.events).toHaveLength(entries.length);
  expect(stored.map(([place, fields]) => decodeEvent(place, fields))).toEqual(read!.events);
});
