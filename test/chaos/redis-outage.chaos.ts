import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunningApp } from '../support/processes.js';
import { until } from '../support/until.js';
import { CarefulClient } from './support/careful-client.js';
import { limitHere, nightly, percentile, printFigures } from './support/figures.js';
import { Random } from './support/random.js';
import { World } from './support/world.js';

const random = Random.ofRun();
const OUTAGES_S = nightly([5, 30, 120], [5, 30]);
/** Before a client can know that Redis is away its web app has to find out: these first refusals are slower. */
const FOUND_OUT_MS = 1_500;

const rssMb = (app: RunningApp) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${app.pid}/status`, 'utf8'))![1]) / 1024;
const errorLines = (app: RunningApp) =>
  app.output.split('\n').filter((line) => /\b(ERROR|FATAL)\b/.test(line)).length;

describe('R7: while Redis is away', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start({ workers: 1 });
  }, 60_000);
  afterAll(() => world.stop());

  it.each(OUTAGES_S)(
    'for %i s: refuses at once, and goes on by itself when it is back',
    async (seconds) => {
      const [worker] = world.workers as [RunningApp];
      const client = new CarefulClient(world.url);
      await client.submitMany(
        20,
        4,
        () => ({ type: 'ledger-work', input: { forMs: 1_500 } }),
        `before-${seconds}`,
      );
      const apps = [world.web, worker];
      const [memory, errors] = [apps.map(rssMb), apps.map(errorLines)];
      await world.killRedis();
      const killedAt = Date.now();
      const statuses = { ready: new Set<number>(), live: new Set<number>() };
      const refused = new CarefulClient(world.url);
      for (let n = 0; Date.now() - killedAt < seconds * 1000; n++) {
        await refused.try(`during-${seconds}-${n}`, { type: 'ledger-work', input: { forMs: 1 } });
        statuses.live.add((await world.api.call('GET', '/health/live')).status);
        if (Date.now() - killedAt > FOUND_OUT_MS)
          statuses.ready.add((await world.api.call('GET', '/health/ready')).status);
        await delay(20);
      }
      await world.redis.startAgain();
      const backAt = Date.now();
      await until('ready', async () => (await world.api.call('GET', '/health/ready')).ok);
      const readyMs = Date.now() - backAt;
      const first = await client.submit(`after-${seconds}`, { type: 'ledger-work', input: { forMs: 1 } });
      await world.api.inState(first!, ['completed']);
      const firstDoneMs = Date.now() - backAt;
      const known = refused.refusals.filter(({ at }) => at - killedAt > FOUND_OUT_MS).map(({ ms }) => ms);
      const states = await world.drained(client.ids, 30_000);
      const grownMb = apps.map((app, i) => Math.round(rssMb(app) - memory[i]!));
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
        rssGrownMb: grownMb,
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
