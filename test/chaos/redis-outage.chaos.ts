import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunningApp } from '../support/processes.js';
import { until } from '../support/until.js';
import { CarefulClient } from './support/careful-client.js';
import { limitHere, nightly, percentile, printFigures } from './support/figures.js';
import { memoryOf, TELLS_MEMORY } from './support/held-memory.js';
import { Random } from './support/random.js';
import { World } from './support/world.js';

const random = Random.ofRun();
const OUTAGES_S = nightly([5, 30, 120], [5, 30]);
/** Before a client can know that Redis is away its web app has to find out: these first refusals are slower. */
const FOUND_OUT_MS = 1_500;

/** Whatever a new process does lets it grow: what an outage adds is seen once it has done the same without one. */
const WARM_UP_MS = 15_000;
const GROWN_MB = 20;

const errorLines = (app: RunningApp) =>
  app.output.split('\n').filter((line) => /\b(ERROR|FATAL)\b/.test(line)).length;

describe('R7: while Redis is away', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start({ workers: 1, env: TELLS_MEMORY });
    await ask(new CarefulClient(world.url), 'warm-up', WARM_UP_MS);
  }, 90_000);
  afterAll(() => world.stop());

  /** For so long, what clients ask and those who watch over the web app; the answers to the latter. */
  async function ask(client: CarefulClient, name: string, forMs: number) {
    const statuses = { ready: new Set<number>(), live: new Set<number>() };
    const startedAt = Date.now();
    for (let n = 0; Date.now() - startedAt < forMs; n++) {
      await client.try(`${name}-${n}`, { type: 'ledger-work', input: { forMs: 1 } });
      statuses.live.add((await world.api.call('GET', '/health/live')).status);
      if (Date.now() - startedAt > FOUND_OUT_MS)
        statuses.ready.add((await world.api.call('GET', '/health/ready')).status);
      await delay(20);
    }
    return statuses;
  }

  it.each(OUTAGES_S)(
    'for %i s: refuses at once, and goes on by itself when it is back',
    async (seconds) => {
      const [worker] = world.workers as [RunningApp];
      const apps = [world.web, worker];
      const before = await Promise.all(apps.map(memoryOf));
      const client = new CarefulClient(world.url);
      await client.submitMany(
        20,
        4,
        () => ({ type: 'ledger-work', input: { forMs: 1_500 } }),
        `before-${seconds}`,
      );
      const errors = apps.map(errorLines);
      await world.killRedis();
      const killedAt = Date.now();
      const refused = new CarefulClient(world.url);
      const statuses = await ask(refused, `during-${seconds}`, seconds * 1000);
      await world.redis.startAgain();
      const backAt = Date.now();
      await until('ready', async () => (await world.api.call('GET', '/health/ready')).ok);
      const readyMs = Date.now() - backAt;
      const first = await client.submit(`after-${seconds}`, { type: 'ledger-work', input: { forMs: 1 } });
      await world.api.inState(first!, ['completed']);
      const firstDoneMs = Date.now() - backAt;
      const known = refused.refusals.filter(({ at }) => at - killedAt > FOUND_OUT_MS).map(({ ms }) => ms);
      const states = await world.drained(client.ids, 30_000);
      const after = await Promise.all(apps.map(memoryOf));
      const grown = (kind: 'heldMb' | 'rssMb') =>
        after.map((memory, i) => Math.round((memory[kind] - before[i]![kind]) * 10) / 10);
      const lines = apps.map((app, i) => errorLines(app) - errors[i]!);
      printFigures('R7 Redis away', random, {
        outageS: seconds,
        requests: refused.refusals.length,
        refusedP50Ms: percentile(known, 0.5),
        refusedP99Ms: percentile(known, 0.99),
        slowestMs: Math.round(Math.max(...refused.refusals.map(({ ms }) => ms))),
        hung: refused.hung,
        readyMs,
        firstDoneMs,
        restarts: apps.filter((app) => !app.isRunning).length,
        heldGrownMb: grown('heldMb'),
        rssGrownMb: grown('rssMb'),
        errorLines: lines,
        completed: states.completed ?? 0,
      });
      expect(refused.refusals.length).toBeGreaterThan(seconds);
      expect(refused.refusals.every(({ status, retryAfter }) => status === 503 && retryAfter !== null)).toBe(
        true,
      );
      expect(refused.hung + refused.broken).toBe(0);
      expect([...statuses.live]).toEqual([200]);
      expect([...statuses.ready]).toEqual([503]);
      expect(percentile(known, 0.99)).toBeLessThanOrEqual(limitHere(50));
      expect(readyMs).toBeLessThanOrEqual(limitHere(2_000));
      expect(firstDoneMs).toBeLessThanOrEqual(limitHere(3_000));
      expect(apps.every((app) => app.isRunning)).toBe(true);
      for (const count of lines) expect(count).toBeLessThanOrEqual(seconds);
      expect(Math.max(...grown('heldMb'), ...grown('rssMb'))).toBeLessThanOrEqual(GROWN_MB);
      expect(states).toEqual({ completed: client.ids.length });
    },
    240_000,
  );

  it('from the very start: both apps come up, refuse, and get to work when it comes', async () => {
    await Promise.all([world.web.stop(), ...world.workers.splice(0).map((worker) => worker.stop())]);
    await world.redis.stop();
    await world.startWeb();
    const worker = await world.startWorker();
    const client = new CarefulClient(world.url);
    for (let n = 0; n < 20; n++) await client.try(`boot-${n}`, { type: 'ledger-work', input: { forMs: 1 } });
    expect(client.refusals).toHaveLength(20);
    await delay(3_000);
    await world.redis.startAgain();
    const backAt = Date.now();
    const id = await client.submit('first', { type: 'ledger-work', input: { forMs: 1 } });
    const acceptedMs = Date.now() - backAt;
    await world.api.inState(id!, ['completed']);
    const firstDoneMs = Date.now() - backAt;
    printFigures('R7 Redis away at boot', random, {
      requests: client.refusals.length,
      refusedP99Ms: client.refusedMs(0.99),
      hung: client.hung,
      acceptedMs,
      firstDoneMs,
      restarts: [world.web, worker].filter((app) => !app.isRunning).length,
    });
    expect(client.hung).toBe(0);
    expect(firstDoneMs).toBeLessThanOrEqual(limitHere(3_000));
  }, 90_000);
});
