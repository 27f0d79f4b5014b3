import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ScratchProject } from '../support/scratch-project.js';
import { freePort } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { ApiClient } from '../support/api-client.js';
import { ChaosProxy } from './support/chaos-proxy.js';
import { printFigures } from './support/figures.js';
import { World } from './support/world.js';

/** src/worker/fetch-watchdog.ts: silent for 30 s, looked at every 2 s. */
const EXIT_STUCK = 75;
const LIMIT_MS = 60_000;

describe('a worker that has stopped fetching', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start({ proxied: ['worker'], env: { WORKER_QUEUES: 'default' } });
  }, 60_000);
  afterAll(() => world.stop());

  /** Everything but the blocking reads goes over this connection; a hanging one gives no sign. */
  const hangFetches = (proxy: ChaosProxy) => proxy.blackHole(({ said }) => said.includes('roost:consumer'));

  it('shows why and leaves, and its successor runs what waited', async () => {
    const worker = await world.startWorker();
    const before = await world.api.submit('ledger-work', { forMs: 10 });
    await world.api.inState(before.id, ['completed']);
    const swallowed = world.proxy.counts.swallowed;
    hangFetches(world.proxy);
    await until('the fault has hit', () => world.proxy.counts.swallowed > swallowed, 20_000);
    const { id } = await world.api.submit('ledger-work', { forMs: 10 });
    const waitsSince = Date.now();
    const exit = await Promise.race([
      worker.ended,
      new Promise<undefined>((resolve) => setTimeout(resolve, LIMIT_MS, undefined).unref()),
    ]);
    const leftMs = Date.now() - waitsSince;
    expect(exit).toEqual({ code: EXIT_STUCK, signal: null });
    expect(worker.output).toMatch(/stuck: 1 tasks? waits? in default/);
    world.workers.splice(world.workers.indexOf(worker), 1);
    world.proxy.pass();
    await world.startWorker();
    const done = await world.api.inState(id, ['completed', 'failed']);
    expect(done.state).toBe('completed');
    const { items } = await world.api.get<{ items: { pid: number; left?: string }[] }>('/api/v1/workers');
    printFigures('watchdog: a worker whose fetches hang', undefined, {
      requestsSwallowed: world.proxy.counts.swallowed - swallowed,
      exitCode: exit?.code,
      leftAfterMs: leftMs,
      told: items.find(({ pid }) => pid === worker.pid)?.left,
    });
    await Promise.all(world.workers.splice(0).map((one) => one.stop()));
  }, 120_000);

  it('need not leave for blocking reads that hang: those are given up and asked again', async () => {
    const worker = await world.startWorker();
    const before = await world.api.submit('ledger-work', { forMs: 1 });
    await world.api.inState(before.id, ['completed']);
    const swallowed = world.proxy.counts.swallowed;
    world.proxy.blackHole(({ request }) => /bzpopmin/i.test(request));
    await until('the fault has hit', () => world.proxy.counts.swallowed > swallowed + 1, 20_000);
    const submittedAt = Date.now();
    const { id } = await world.api.submit('ledger-work', { forMs: 1 });
    await world.api.inState(id, ['completed'], 15_000);
    printFigures('watchdog: blocking reads that hang', undefined, {
      readsSwallowed: world.proxy.counts.swallowed - swallowed,
      doneAfterMs: Date.now() - submittedAt,
    });
    expect(worker.isRunning).toBe(true);
    world.proxy.pass();
    await Promise.all(world.workers.splice(0).map((one) => one.stop()));
  }, 60_000);

  it('stays when nothing waits, or what waits may not run', async () => {
    const worker = await world.startWorker();
    await world.api.call('POST', '/api/v1/queues/default/pause');
    await world.api.submit('ledger-work', { forMs: 10 });
    await new Promise((resolve) => setTimeout(resolve, 40_000));
    expect(worker.isRunning).toBe(true);
    await world.api.call('POST', '/api/v1/queues/default/resume');
  }, 90_000);
});

describe('npm start with such a worker', () => {
  let project: ScratchProject;
  let proxy: ChaosProxy;
  let world: World;

  beforeAll(async () => {
    world = await World.start();
    proxy = await ChaosProxy.start(world.redis.port);
    project = new ScratchProject();
  }, 60_000);
  afterAll(async () => {
    await world.stop();
    await proxy.stop();
    project.remove();
  });

  it('shows it and starts it again', async () => {
    const npm = project.npm(['start'], {
      PORT: String(await freePort()),
      REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
    });
    const url = (await npm.waitForOutput(/Web +(http:\S+)/))[1]!;
    const api = new ApiClient(url);
    proxy.blackHole(({ said }) => said.includes('roost:consumer'));
    await until('the fault has hit', () => proxy.counts.swallowed > 0, 20_000);
    const { id } = await api.submit('divide', { x: 1, y: 2 });
    await npm.waitForOutput(
      /The worker ended \(exit code 75: it had stopped fetching tasks\); starting it again in 1 s/,
    );
    proxy.pass();
    const done = await api.inState(id, ['completed', 'failed'], 30_000);
    expect(done.state).toBe('completed');
    npm.pressCtrlC();
    await npm.ended;
    printFigures('watchdog: npm start starts it again', undefined, {
      state: done.state,
      requestsSwallowed: proxy.counts.swallowed,
    });
  }, 150_000);
});
