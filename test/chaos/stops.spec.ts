import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventStream } from '../support/event-stream.js';
import type { RunningApp } from '../support/processes.js';
import { until } from '../support/until.js';
import { printFigures } from './support/figures.js';
import { World } from './support/world.js';

/** Run time of the tasks that a stop waits for, ms. */
const BUSY_MS = 8_000;
const TASKS = 20;
/** Slack for a machine that does other things as well. */
const SLACK_MS = 3_000;

describe('R9: when asked to stop', () => {
  let world: World;
  const figures: Record<string, unknown> = {};

  beforeAll(async () => {
    world = await World.start({ bundled: true });
  });
  afterAll(async () => {
    printFigures('R9 stops', undefined, figures);
    await world.stop();
  });

  const begun = (count: number) =>
    until(`${count} tasks have begun`, () => world.ledger.count('S').size >= count);
  const submit = async (count: number, input: object) => {
    const tasks = [];
    for (let n = 0; n < count; n++) tasks.push(await world.api.submit('ledger-work', input));
    return tasks.map(({ id }) => id);
  };
  const ending = async (worker: RunningApp, signal: NodeJS.Signals) => {
    world.workers.length = 0;
    const askedAt = Date.now();
    worker.signal(signal);
    const exit = await worker.ended;
    return { ...exit, ms: Date.now() - askedAt };
  };

  it.each<NodeJS.Signals>(['SIGTERM', 'SIGINT'])('an idle worker is gone at once (%s)', async (signal) => {
    const exit = await ending(await world.startWorker(), signal);
    expect(exit).toMatchObject({ code: 0 });
    expect(exit.ms).toBeLessThan(1_000 + SLACK_MS);
    figures[`idle${signal}Ms`] = exit.ms;
  });

  it('a busy one finishes what runs, and starts nothing new', async () => {
    const worker = await world.startWorker({ WORKER_CONCURRENCY: String(TASKS) });
    const before = world.ledger.count('S').size;
    // Long enough for a busy machine to submit what waits, and to ask for the stop, meanwhile.
    const running = await submit(TASKS, { forMs: BUSY_MS });
    await begun(before + TASKS);
    const waiting = await submit(10, { forMs: 1 });
    const exit = await ending(worker, 'SIGTERM');
    expect(exit).toMatchObject({ code: 0 });
    expect(exit.ms).toBeLessThan(BUSY_MS + 500 + SLACK_MS);
    expect(await world.states(running)).toEqual({ completed: TASKS });
    expect(await world.states(waiting)).toEqual({ waiting: 10 });
    figures.busy = { finished: TASKS, startedAfter: 0, ms: exit.ms };
  });

  it('one with a handler that does not listen leaves at its limit, and the task is run again', async () => {
    const worker = await world.startWorker({ SHUTDOWN_TIMEOUT_MS: '5000' });
    await world.drained(await submit(1, { forMs: 1 }), 20_000);
    const [id] = (await submit(1, { forMs: 30_000, deaf: true })) as [string];
    await until('it has begun', () => world.ledger.startsOf(id)[0]);
    const exit = await ending(worker, 'SIGTERM');
    expect(exit.code).toBe(1);
    expect(exit.ms).toBeLessThan(5_000 + SLACK_MS);
    const goneAt = Date.now();
    const next = await world.startWorker();
    await until('it has begun again', () => world.ledger.startsOf(id)[1]);
    figures.hung = { leftMs: exit.ms, backMs: world.ledger.startsOf(id)[1]!.at - goneAt };
    // Asked again, it does not wait for its limit.
    next.signal('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 700));
    const second = await ending(next, 'SIGTERM');
    expect(second.code).toBe(1);
    expect(second.ms).toBeLessThan(1_000 + SLACK_MS);
    figures.secondSignalMs = second.ms;
    await world.api.call('POST', `/api/v1/tasks/${id}/cancel`, { force: true });
  });

  it('the web app says goodbye to those who listen, who are told again by the next one', async () => {
    const streams = await Promise.all(
      Array.from({ length: 20 }, () => EventStream.open(`${world.url}/api/v1/events`)),
    );
    await Promise.all(streams.map((stream) => stream.waitFor(({ event }) => event === 'snapshot')));
    const askedAt = Date.now();
    const { code } = await world.web.stop();
    const ms = Date.now() - askedAt;
    expect(code).toBe(0);
    const told = await Promise.all(
      streams.map((stream) =>
        stream
          .waitFor(({ event }) => event === 'bye')
          .then(
            () => true,
            () => false,
          ),
      ),
    );
    expect(told).toEqual(Array(20).fill(true));
    await world.startWeb();
    const lastId = streams[0]!.events.at(-1)?.id;
    const { id } = await world.api.submit('ledger-work', { forMs: 1 });
    const again = await EventStream.open(`${world.url}/api/v1/events`, lastId);
    await again.waitFor(({ event, data }) => event === 'change' && (data as { id: string }).id === id);
    again.close();
    figures.web = { listeners: 20, bye: told.filter(Boolean).length, ms };
  });
});
