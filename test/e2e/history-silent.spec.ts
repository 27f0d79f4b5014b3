import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { parseQuery } from '../../src/history/query/parse-query.js';
import type { HistoryGap } from '../../src/history/history-status.js';
import type { StoreEngine } from '../../src/history/sqlite/store-engine.js';
import type { HistoryReport } from '../../src/monitoring/monitoring.openapi.js';
import { ApiClient } from '../support/api-client.js';
import { openHistory } from '../support/recorded.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';

const MANY = 1200;

describe('jobs of another program that go without a word', () => {
  let roost: Roost;
  let api: ApiClient;
  let engine: StoreEngine;
  let connection: Redis;
  const open: { close(): Promise<unknown> }[] = [];

  beforeAll(async () => {
    roost = await Roost.start({ worker: false });
    api = new ApiClient(roost.url);
    engine = openHistory(roost.env.HISTORY_URL!.slice('file:'.length));
    connection = new Redis(roost.redis.url, { maxRetriesPerRequest: null });
  });

  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  afterAll(async () => {
    connection?.disconnect();
    engine?.close();
    await roost?.stop();
  });

  function queueOf(name: string): Queue {
    const queue = new Queue(name, { connection });
    open.push(queue);
    return queue;
  }

  function counts(queue: string) {
    return engine.counts(parseQuery(`queue:bull:${queue}`).filter, Date.now()).byState;
  }

  async function recorded(queue: string, byState: Record<string, number>): Promise<void> {
    await until(`the history has ${JSON.stringify(byState)}`, () => {
      const now = counts(queue);
      return JSON.stringify(Object.entries(now).sort()) === JSON.stringify(Object.entries(byState).sort());
    });
  }

  async function gapsOf(queue: string): Promise<HistoryGap[]> {
    const { recorder } = await api.get<HistoryReport>('/api/v1/history');
    return recorder.gaps.filter((gap) => gap.queue === `bull:${queue}`);
  }

  it('are removed within seconds of a drain, which is told of once; what has ended stays', async () => {
    const queue = queueOf('drained');
    const worker = new Worker('drained', () => Promise.resolve('fine'), {
      connection: { url: roost.redis.url },
    });
    const done = await queue.add('early', { n: 1 });
    await recorded('drained', { completed: 1 });
    await worker.close();
    await queue.addBulk(Array.from({ length: MANY }, (_, n) => ({ name: 'bulk', data: { n } })));
    await queue.add('late', {}, { delay: 600_000 });
    await queue.add('urgent', {}, { priority: 5 });
    await recorded('drained', { completed: 1, waiting: MANY + 1, delayed: 1 });

    await queue.drain();
    await recorded('drained', { completed: 1, delayed: 1 });
    expect(engine.get(done.id!, 'bull:drained')?.state).toBe('completed');
    const [gap, ...others] = await until('the gap is told of', async () => {
      const gaps = await gapsOf('drained');
      return gaps.some(({ vanished }) => vanished === MANY + 1) && gaps;
    });
    expect(others).toEqual([]);
    expect(gap).toMatchObject({ found: 0, detail: expect.stringMatching(/without an event/) });
    expect(gap!.reconciledAt).toBeDefined();
    const page = await (await fetch(`${roost.url}/monitor/history`)).text();
    expect(page).toContain('1,201 known tasks gone from Redis');
  });

  it('are removed when those that wait are cleaned; of those that have ended nothing is lost', async () => {
    const queue = queueOf('cleaned');
    const worker = new Worker('cleaned', () => Promise.resolve('fine'), {
      connection: { url: roost.redis.url },
    });
    const ended = await Promise.all(Array.from({ length: 5 }, (_, n) => queue.add('done', { n })));
    await recorded('cleaned', { completed: 5 });
    await worker.close();
    const waiting = await Promise.all(Array.from({ length: 5 }, (_, n) => queue.add('wait', { n })));
    await recorded('cleaned', { completed: 5, waiting: 5 });

    await queue.clean(0, 100, 'completed');
    await queue.clean(0, 3, 'wait');
    await recorded('cleaned', { completed: 5, waiting: 2 });
    for (const { id } of ended) expect(engine.get(id!, 'bull:cleaned')?.result).toBe('"fine"');
    const left = (await queue.getJobs(['wait'])).map(({ id }) => id);
    const kept = waiting.filter(({ id }) => engine.get(id!, 'bull:cleaned')).map(({ id }) => id);
    expect(kept.sort()).toEqual(left.sort());
  });

  it('are removed when they are removed one by one, which BullMQ does tell of', async () => {
    const queue = queueOf('removed');
    const [first, second] = await Promise.all([queue.add('a', {}), queue.add('b', {})]);
    await recorded('removed', { waiting: 2 });
    await first.remove();
    await recorded('removed', { waiting: 1 });
    expect(engine.get(second.id!, 'bull:removed')?.state).toBe('waiting');
    expect(await gapsOf('removed')).toEqual([]);
  });

  it('are distinguished from those that bear their ids after the queue was obliterated', async () => {
    const queue = queueOf('renewed');
    const worker = new Worker(
      'renewed',
      ({ name }) => (name === 'bad' ? Promise.reject(new Error('no')) : Promise.resolve('fine')),
      { connection: { url: roost.redis.url } },
    );
    const first = await queue.add('good', { life: 1 });
    await queue.add('bad', { life: 1 });
    await recorded('renewed', { completed: 1, failed: 1 });
    await worker.close();
    await queue.add('waits', { life: 1 });
    await recorded('renewed', { completed: 1, failed: 1, waiting: 1 });

    await queue.pause();
    await queue.obliterate({ force: true });
    const [gap] = await until('the gap is closed', async () => {
      const gaps = await gapsOf('renewed');
      return gaps.some(({ reconciledAt }) => reconciledAt) && gaps;
    });
    expect(gap).toMatchObject({ vanished: 1, detail: expect.stringMatching(/^The event stream is gone/) });
    await recorded('renewed', { completed: 1, failed: 1 });

    const again = await queueOf('renewed').add('second', { life: 2 });
    expect(again.id).toBe(first.id);
    await recorded('renewed', { completed: 1, failed: 1, waiting: 1 });
    expect(engine.get(first.id!, 'bull:renewed')).toMatchObject({ state: 'waiting', input: '{"life":2}' });
    const { items } = engine.search({
      query: parseQuery(`queue:bull:renewed id:${first.id}~*`),
      limit: 5,
      now: Date.now(),
    });
    expect(items).toMatchObject([{ state: 'completed', input: '{"life":1}', result: '"fine"' }]);
  });
});
