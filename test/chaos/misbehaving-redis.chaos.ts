import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../support/until.js';
import { CarefulClient } from './support/careful-client.js';
import { limitHere, percentile, printFigures } from './support/figures.js';
import { Random } from './support/random.js';
import { World } from './support/world.js';

const random = Random.ofRun();
/** A submit is given up on after 1.9 s; the rest is the machine's. */
const ANSWER_MS = 2_500;

describe('R8: a Redis that does not die but misbehaves', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start({ proxied: ['web', 'worker'], workers: 1 });
  }, 60_000);
  afterAll(() => world.stop(), 30_000);
  beforeEach(() => world.proxy.pass());

  const body = { type: 'ledger-work', input: { forMs: 5 } };

  /** Hands in through the fault, each with a key, and again with the same keys afterwards: one task each must come of it. */
  const through = async (
    name: string,
    begin: () => void,
    faultMs: number,
    end: () => Promise<void> | void,
  ) => {
    const client = new CarefulClient(world.url);
    const took: number[] = [];
    begin();
    const startedAt = Date.now();
    const keys: string[] = [];
    for (let n = 0; Date.now() - startedAt < faultMs; n++) {
      const key = `${name}-${n}`;
      keys.push(key);
      const at = performance.now();
      await client.try(key, body);
      took.push(performance.now() - at);
      await delay(50);
    }
    const acceptedDuring = client.acked.size;
    await end();
    const backAt = Date.now();
    const first = await client.submit(`${name}-after`, body);
    await world.api.inState(first!, ['completed'], 30_000);
    const firstDoneMs = Date.now() - backAt;
    for (const key of keys) await client.submit(key, body);
    const states = await world.drained(client.ids, 30_000);
    const failures = await world.failures(client.ids);
    const figures = {
      faultMs,
      submits: took.length,
      acceptedDuring,
      refused: client.refusals.length,
      slowestMs: Math.round(Math.max(...took)),
      p50Ms: percentile(took, 0.5),
      hung: client.hung,
      firstDoneMs,
      tasks: client.acked.size,
      completed: states.completed ?? 0,
      ...(failures.length > 0 ? { failures } : {}),
      endedTwice: world.ledger.audit(client.ids).endedTwice,
      proxy: { ...world.proxy.counts },
    };
    printFigures(`R8 ${name}`, random, figures);
    expect(client.hung).toBe(0);
    expect(client.twoFaced).toEqual([]);
    expect(figures.slowestMs).toBeLessThanOrEqual(limitHere(ANSWER_MS));
    expect(states).toEqual({ completed: client.acked.size });
    expect(world.web.isRunning && world.workers[0]!.isRunning).toBe(true);
    return figures;
  };

  it('frozen for 10 s', async () => {
    const { refused } = await through(
      'frozen',
      () => world.redis.freeze(),
      10_000,
      () => world.redis.thaw(),
    );
    expect(refused).toBeGreaterThan(0);
  }, 120_000);

  it('in a black hole for 10 s', async () => {
    const { refused, proxy } = await through(
      'black hole',
      () => world.proxy.blackHole(),
      10_000,
      () => world.proxy.pass(),
    );
    expect(refused).toBeGreaterThan(0);
    expect(proxy.swallowed).toBeGreaterThan(0);
  }, 120_000);

  it('in a storm of resets', async () => {
    let storm: NodeJS.Timeout | undefined;
    const begin = () => (storm = setInterval(() => world.proxy.resetAll(), 150));
    const { proxy } = await through('resets', begin, 8_000, () => clearInterval(storm));
    expect(proxy.reset).toBeGreaterThan(20);
  }, 120_000);

  it('200 ms away', async () => {
    const { firstDoneMs } = await through(
      '200 ms away',
      () => world.proxy.slow({ delayMs: 200 }),
      8_000,
      () => undefined,
    );
    expect(firstDoneMs).toBeLessThan(10_000);
    world.proxy.pass();
  }, 120_000);

  it('behind a line of 20 kB/s', async () => {
    await through(
      '20 kB/s',
      () => world.proxy.slow({ bytesPerSecond: 20_000 }),
      8_000,
      () => world.proxy.pass(),
    );
  }, 120_000);

  it('that nobody listens for', async () => {
    await through(
      'refused',
      () => void world.proxy.refuse(),
      5_000,
      () => world.proxy.listenAgain(),
    );
    await until('ready', async () => (await world.api.call('GET', '/health/ready')).ok);
  }, 120_000);
});
