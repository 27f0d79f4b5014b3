import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Queue, type JobsOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { RedisServer } from '../../../support/redis-server.js';
import { recordTraffic } from '../../../support/redis-traffic.js';
import { batchAdds } from '../../../../src/bullmq/patches/batched-adds.js';

describe('adds of a bulk', () => {
  const prefix = `test-${randomUUID()}`;
  let connection: Redis;
  let plain: Queue;
  let batched: Queue;

  beforeAll(async () => {
    connection = new Redis(process.env.TEST_REDIS_URL!, { maxRetriesPerRequest: 1, commandTimeout: 20_000 });
    plain = new Queue('plain', { connection, prefix });
    batched = new Queue('batched', { connection, prefix });
    batchAdds(batched, connection);
    await Promise.all([plain.waitUntilReady(), batched.waitUntilReady()]);
  });

  afterAll(async () => {
    await Promise.all([plain.obliterate({ force: true }), batched.obliterate({ force: true })]);
    await Promise.all([plain.close(), batched.close()]);
    connection.disconnect();
  });

  const timestamp = Date.now();
  const JOBS: [name: string, data: unknown, opts: JobsOptions][] = [
    ['ordinary', { n: 1 }, {}],
    ['not ASCII', { text: 'Grüße, 世界 🌍\r\n$3\r\n' }, {}],
    ['empty', '', { attempts: 3, backoff: { type: 'fixed', delay: 5 } }],
    ['delayed', [1, 2], { delay: 60_000 }],
    ['prioritized', null, { priority: 7 }],
    ['large', 'x'.repeat(200_000), {}],
  ];
  const all = () =>
    JOBS.map(([name, data, opts], n) => ({ name, data, opts: { ...opts, timestamp, jobId: `j${n}` } }));

  /** Everything that Redis has of a queue but its stream, whose ids are times. */
  async function stored(queue: Queue): Promise<unknown> {
    const jobs = await Promise.all(JOBS.map((_, n) => connection.hgetall(queue.toKey(`j${n}`))));
    const { wait, delayed, prioritized, pc } = queue.keys as Record<string, string>;
    return {
      jobs,
      wait: await connection.lrange(wait!, 0, -1),
      delayed: await connection.zrange(delayed!, '0', '-1'),
      prioritized: await connection.zrange(prioritized!, '0', '-1'),
      counter: await connection.get(pc!),
      events: (await connection.xrange(queue.keys.events!, '-', '+')).map(([, fields]) =>
        fields.map((field) => (/^\d{13}$/.test(field) ? 'a time' : field)),
      ),
    };
  }

  it('store what BullMQ stores, and answer what it answers', async () => {
    const ids = [await plain.addBulk(all()), await batched.addBulk(all())].map((jobs) =>
      jobs.map(({ id }) => id),
    );
    expect(ids[1]).toEqual(ids[0]);
    expect(await stored(batched)).toEqual(await stored(plain));
  });

  it('are one write and one round trip, however many they are', async () => {
    await batched.addBulk(all());
    const traffic = recordTraffic(connection);
    const jobs = Array.from({ length: 20 }, (_, n) => ({
      name: 'many',
      data: n,
      opts: { jobId: `many-${n}` },
    }));
    await batched.addBulk(jobs);
    expect(traffic).toEqual({ writes: 1, trips: 'wr' });
  });

  it('get an id from BullMQ where they have none', async () => {
    const [one, two] = await batched.addBulk([1, 2].map((n) => ({ name: 'no id', data: n })));
    expect(Number(two!.id)).toBe(Number(one!.id) + 1);
  });

  it('are added after a Redis forgot its scripts, each once', async () => {
    // A server of its own: the scripts of other specs would be gone as well.
    const server = await RedisServer.start();
    const own = new Redis(server.url, { maxRetriesPerRequest: 1 });
    const queue = new Queue('batched', { connection: own, prefix });
    batchAdds(queue, own);
    try {
      await queue.addBulk([{ name: 'first', data: 1 }]);
      await own.script('FLUSH');
      const ids = Array.from({ length: 5 }, (_, n) => `flushed-${n}`);
      const jobs = await queue.addBulk(ids.map((jobId) => ({ name: 'flushed', data: 1, opts: { jobId } })));
      expect(jobs.map(({ id }) => id)).toEqual(ids);
      expect(await queue.getWaitingCount()).toBe(6);
      await queue.addBulk([{ name: 'flushed', data: 1, opts: { jobId: 'flushed-5' } }]);
      expect(await queue.getWaitingCount()).toBe(7);
    } finally {
      await queue.close();
      own.disconnect();
      await server.stop();
    }
  });

  it('fail with the error of the one that cannot be added, and leave the connection in order', async () => {
    const parent = { id: 'nobody', queue: plain.qualifiedName };
    const adding = batched.addBulk([
      { name: 'child', data: 1, opts: { jobId: 'child-0', parent } },
      { name: 'other', data: 1, opts: { jobId: 'child-1' } },
    ]);
    await expect(adding).rejects.toMatchObject({
      message: expect.stringContaining('Missing key for parent job'),
      errors: [expect.any(Error), undefined],
    });
    expect(await batched.getJobState('child-1')).toBe('waiting');
    await connection.set(batched.toKey('text'), 'no hash');
    const damaged = batched.addBulk([
      { name: 'last', data: 1, opts: { jobId: 'child-2' } },
      { name: 'damaged', data: 1, opts: { jobId: 'text', delay: 1 } },
    ]);
    await damaged.catch(() => undefined);
    await connection.del(batched.toKey('text'));
    expect(await connection.echo('in order')).toBe('in order');
  });

  it('are repeated on the next connection where this one ends before their replies, without a second job', async () => {
    const ids = Array.from({ length: 8 }, (_, n) => `again-${n}`);
    const before = await batched.getWaitingCount();
    const { stream } = connection as unknown as { stream: Socket };
    const write = stream.write.bind(stream) as (data: Buffer) => boolean;
    let written = '';
    stream.write = ((data: Buffer) => {
      written += data.toString('latin1');
      write(data);
      stream.destroy();
    }) as typeof stream.write;
    const jobs = await batched.addBulk(ids.map((jobId) => ({ name: 'again', data: 1, opts: { jobId } })));
    expect([...new Set(written.match(/again-\d/g))]).toEqual(ids);
    expect(jobs.map(({ id }) => id)).toEqual(ids);
    expect((await batched.getWaitingCount()) - before).toBe(8);
    expect(await connection.echo('in order')).toBe('in order');
  });

  it('wait for a connection that is not ready, as BullMQ does', async () => {
    const late = new Redis(process.env.TEST_REDIS_URL!, { maxRetriesPerRequest: null });
    const queue = new Queue('batched', { connection: late, prefix });
    batchAdds(queue, late);
    const [job] = await queue.addBulk([{ name: 'early', data: 1, opts: { jobId: 'early' } }]);
    expect(job!.id).toBe('early');
    const parent = { id: 'nobody', queue: plain.qualifiedName };
    late.disconnect(true);
    const adding = queue.addBulk([
      { name: 'early', data: 1, opts: { jobId: 'early-1' } },
      { name: 'early', data: 1, opts: { jobId: 'early-2', parent } },
    ]);
    await expect(adding).rejects.toMatchObject({ errors: [undefined, expect.any(Error)] });
    expect(await queue.getJobState('early-1')).toBe('waiting');
    await queue.close();
    late.disconnect();
  });
});
