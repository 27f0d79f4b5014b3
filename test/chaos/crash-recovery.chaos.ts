import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../support/until.js';
import { nightly, percentile, printFigures } from './support/figures.js';
import { Random } from './support/random.js';
import { World } from './support/world.js';

const random = Random.ofRun();
const KILLED = nightly(12, 4);
/** More than a lock: whoever is silent this long has lost its task. */
const FROZEN_MS = 14_000;
const LIMIT_MS = 15_000;

describe('R1: when a worker dies or stands still', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start({ env: { WORKER_QUEUES: 'default' } });
  }, 60_000);
  afterAll(() => world.stop());

  const begun = (id: string, times: number, limitMs = LIMIT_MS + 5_000) =>
    until(`${id} has begun ${times} times`, () => world.ledger.startsOf(id)[times - 1], limitMs);

  it(
    'restarts every killed task elsewhere within 15 s',
    async () => {
      for (let n = 0; n < KILLED; n++)
        await world.startWorker({ WORKER_CONCURRENCY: '1', WORKER_NAME: `victim-${n}` });
      const victims = [...world.workers];
      const tasks = await Promise.all(victims.map(() => world.api.submit('ledger-work', { forMs: 60_000 })));
      const holders = await Promise.all(tasks.map(async ({ id }) => ({ id, pid: (await begun(id, 1)).pid })));
      await world.startWorker({ WORKER_NAME: 'heir', WORKER_CONCURRENCY: '50' });
      const lost: { id: string; killedAt: number }[] = [];
      for (const { id, pid } of holders) {
        await new Promise((resolve) => setTimeout(resolve, random.int(0, 1_500)));
        await world.killWorker(victims.find((worker) => worker.pid === pid)!);
        lost.push({ id, killedAt: Date.now() });
      }
      await Promise.all(lost.map(({ id }) => begun(id, 2)));
      const times = lost.map(({ id, killedAt }) => world.ledger.startsOf(id)[1]!.at - killedAt);
      printFigures('R1 worker killed', random, {
        kills: world.kills.worker,
        restarted: times.length,
        restartP50Ms: percentile(times, 0.5),
        restartMaxMs: Math.max(...times),
      });
      expect(Math.max(...times)).toBeLessThanOrEqual(LIMIT_MS);
      for (const { id } of lost) await world.api.call('POST', `/api/v1/tasks/${id}/cancel`, { force: true });
    },
    KILLED * 40_000,
  );

  it('refuses what a frozen worker says too late, and keeps the result of the run after it', async () => {
    await Promise.all(world.workers.splice(0).map((worker) => worker.stop()));
    const zombie = await world.startWorker({ WORKER_NAME: 'zombie' });
    const { id } = await world.api.submit('ledger-work', { forMs: 9_000, deaf: true });
    await begun(id, 1);
    zombie.signal('SIGSTOP');
    const stoppedAt = Date.now();
    await world.startWorker({ WORKER_NAME: 'heir-2' });
    await begun(id, 2, FROZEN_MS + 10_000);
    const restartMs = world.ledger.startsOf(id)[1]!.at - stoppedAt;
    // Its own run ends while the other one is still at it.
    await until(
      'it has been still for longer than its lock',
      () => Date.now() - stoppedAt > FROZEN_MS,
      20_000,
    );
    zombie.signal('SIGCONT');
    const done = await world.api.inState(id, ['completed', 'failed'], 30_000);
    const { items } = await world.api.get<{ items: { worker: string; outcome: string }[] }>(
      `/api/v1/tasks/${id}/attempts`,
    );
    const ends = world.ledger.count('E').get(id) ?? 0;
    await until(
      'the zombie has ended its run as well',
      () => world.ledger.count('E').get(id) === 2,
      20_000,
    ).catch(() => undefined);
    printFigures('R1 worker frozen past its lock', random, {
      frozenMs: FROZEN_MS,
      restartMs,
      state: done.state,
      keptRunOf: done.worker,
      endsSeen: Math.max(ends, world.ledger.count('E').get(id) ?? 0),
      attempts: items.map(({ worker, outcome }) => `${worker}: ${outcome}`).join(', '),
    });
    expect(restartMs).toBeLessThanOrEqual(LIMIT_MS);
    expect(done).toMatchObject({ state: 'completed', worker: 'heir-2' });
    expect(world.ledger.count('X').get(id)).toBe(1);
    expect(zombie.isRunning).toBe(true);
  }, 120_000);
});
