import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { until } from '../support/until.js';
import { CarefulClient } from './support/careful-client.js';
import { ChaosProxy } from './support/chaos-proxy.js';
import { nightly, printFigures } from './support/figures.js';
import { Random } from './support/random.js';
import { World } from './support/world.js';

const random = Random.ofRun();
const body = (n: number) => ({ type: 'ledger-work', input: { forMs: n % 7 } });
/** A command that adds a job to BullMQ has the name of its task type; on a new connection it has the script's source. */
const ADDS = /eval(sha)?\r[\s\S]*ledger-work/i;

describe('R3: when the reply of a submit is lost', () => {
  const LOST = 20;
  const KILLS = nightly(40, 3);
  const AT_ONCE = 25;
  let world: World;
  let client: CarefulClient;

  beforeAll(async () => {
    world = await World.start({ proxied: ['web'], bundled: true });
    client = new CarefulClient(world.url);
    await world.api.submit('ledger-work', { forMs: 0 });
  });
  afterAll(() => world.stop());

  /** Ids in the queue against the records of jobs: each has the other. */
  const books = () =>
    world.withRedis(async (redis) => {
      const waiting = await redis.lrange('roost:default:wait', 0, -1);
      const records = (await redis.keys('roost:default:[tk]*')).map((key) => key.split(':')[2]!);
      return { waiting, records: [...new Set(records)] };
    });

  it('accepts each task once, whether the client gave a key or not', async () => {
    const before = new Set((await books()).waiting);
    const expected: string[] = [];
    for (let n = 0; n < LOST; n++) {
      world.proxy.dropReplyAfter(ADDS);
      if (n % 2 === 0) expected.push((await client.submit(`lost-${n}`, body(n)))!);
      else {
        const answer = await world.api.call('POST', '/api/v1/tasks', body(n));
        // Without a key a lost reply may end in "unknown"; what it must not end in is two tasks.
        expect([202, 503]).toContain(answer.status);
        if (answer.status === 202) expected.push(((await answer.json()) as { id: string }).id);
      }
      await until('the connection is back', async () => (await world.api.call('GET', '/api/v1/queues')).ok);
    }
    const { waiting, records } = await books();
    const added = waiting.filter((id) => !before.has(id));
    expect(world.proxy.counts.repliesDropped).toBe(LOST);
    expect(new Set(added).size).toBe(added.length);
    expect(added.length).toBeLessThanOrEqual(LOST);
    for (const id of expected) expect(added).toContain(id);
    expect(records.sort()).toEqual([...waiting].sort());
    printFigures('R3 reply of submit lost', random, {
      repliesLost: world.proxy.counts.repliesDropped,
      tasks: added.length,
      acknowledged: expected.length,
      twice: added.length - new Set(added).size,
    });
  });

  it('accepts one task for 20 submits at once with one key, and refuses another body for it', async () => {
    const before = (await books()).waiting.length;
    world.proxy.dropReplyAfter(ADDS, 3);
    const same = body(random.int(0, 6));
    await Promise.all(Array.from({ length: 20 }, () => client.submit('the-one', same)));
    expect((await books()).waiting.length - before).toBe(1);
    expect(client.twoFaced).toEqual([]);
    const another = { ...same, input: { forMs: same.input.forMs + 1 } };
    const other = await world.api.call('POST', '/api/v1/tasks', another, {
      'idempotency-key': 'the-one',
    });
    expect(other.status).toBe(409);
    printFigures('R3 20 at once with one key', random, { tasks: 1, refusedOtherBody: other.status });
  });

  it('keeps what it acknowledged, and never half a task, when the web app is killed in the middle', async () => {
    let interrupted = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const keys = Array.from({ length: AT_ONCE }, (_, n) => `kill-${kill}-${n}`);
      let answered = 0;
      const all = Promise.all(keys.map((key, n) => client.try(key, body(n)).finally(() => answered++)));
      const before = client.acked.size;
      const enough = random.int(0, AT_ONCE / 2);
      while (client.acked.size - before < enough && answered < keys.length)
        await new Promise((resolve) => setImmediate(resolve));
      await world.killWeb();
      interrupted += (await all).filter((id) => id === undefined).length;
      const { waiting, records } = await books();
      expect(records.sort()).toEqual([...waiting].sort());
      for (const id of client.ids) expect(waiting).toContain(id);
      await world.startWeb();
      await Promise.all(keys.map((key, n) => client.submit(key, body(n))));
    }
    const { waiting } = await books();
    const ofKeys = waiting.filter((id) => client.ids.includes(id));
    expect(client.twoFaced).toEqual([]);
    expect(new Set(ofKeys).size).toBe(client.acked.size);
    expect(new Set(waiting).size).toBe(waiting.length);
    expect(interrupted).toBeGreaterThan(0);
    printFigures('R3 web app killed in submit', random, {
      webKills: world.kills.web,
      submitsInterrupted: interrupted,
      keys: KILLS * AT_ONCE,
      tasksLost: client.acked.size - ofKeys.length,
      tasksTwice: waiting.length - new Set(waiting).size,
    });
  });

  it('would be accepted twice without an id of its own (control)', async () => {
    const proxy = await ChaosProxy.start(world.redis.port);
    const connection = new Redis(proxy.port, { maxRetriesPerRequest: 1 });
    const queue = new Queue('control', { connection, prefix: 'control' });
    try {
      await queue.add('warm-up', {});
      for (const jobId of [undefined, 'own-id']) {
        await queue.drain();
        proxy.dropReplyAfter(/evalsha[\s\S]*doubled/i);
        await queue.add('doubled', {}, jobId ? { jobId } : {});
        const count = await queue.getWaitingCount();
        // This is what the ids of our own are there for: seen to fail without.
        expect([jobId, count]).toEqual([jobId, jobId ? 1 : 2]);
      }
      printFigures('R3 control: no own job id', random, {
        repliesLost: proxy.counts.repliesDropped,
        jobsWithoutId: 2,
        jobsWithId: 1,
      });
    } finally {
      await queue.close();
      connection.disconnect();
      await proxy.stop();
    }
  });
});

describe('R4: when the reply of a finish is lost', () => {
  const LOST = 20;
  let world: World;

  beforeAll(async () => {
    world = await World.start({ proxied: ['worker'], workers: 1, env: { WORKER_CONCURRENCY: '2' } });
  });
  afterAll(() => world.stop());

  it('completes each task once, reports it, and runs what was fetched with the lost reply', async () => {
    const client = new CarefulClient(world.url);
    world.proxy.dropReplyAfter(/returnvalue[\s\S]*completed/, LOST);
    const startedAt = Date.now();
    await client.submitMany(60, 8, (n) => ({ type: 'ledger-work', input: { forMs: 5 + (n % 5) } }));
    const states = await world.drained(client.ids, 90_000);
    const drainedMs = Date.now() - startedAt;
    expect(world.proxy.counts.repliesDropped).toBe(LOST);
    expect(states).toEqual({ completed: 60 });
    for (const id of client.ids) expect((await world.api.task(id)).state).toBe('completed');
    const books = world.ledger.audit(client.ids);
    expect(books.neverEnded).toEqual([]);
    expect(books.endedTwice).toBeLessThanOrEqual(LOST);
    expect(books.effectsTwice).toBe(0);
    printFigures('R4 reply of finish lost', random, {
      repliesLost: LOST,
      tasks: 60,
      completed: states.completed,
      failed: states.failed ?? 0,
      ranTwice: books.startedTwice,
      effectsTwice: books.effectsTwice,
      drainedMs,
    });
  });
});
