import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { RunningApp } from '../support/processes.js';
import { until } from '../support/until.js';
import { printFigures } from './support/figures.js';
import { World } from './support/world.js';

/** Less than a lock. */
const DEAF_MS = 5_000;
/** Just more than a lock. */
const ALONE_MS = 9_000;

interface Fault {
  how: string;
  name: string;
  begin: (world: World, worker: RunningApp) => void;
  end: (world: World, worker: RunningApp) => void;
  /** That it was as bad as it was to be. */
  happened: (world: World, worker: RunningApp) => boolean;
}

const stateOf = ({ pid }: RunningApp) =>
  /State:\s+(\w)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];

const FAULTS: Fault[] = [
  {
    how: 'frozen',
    name: 'frozen',
    begin: (_, worker) => worker.signal('SIGSTOP'),
    end: (_, worker) => worker.signal('SIGCONT'),
    happened: (_, worker) => stateOf(worker) === 'T',
  },
  {
    how: 'cut off from Redis',
    name: 'cut-off',
    begin: (world) => world.proxy.blackHole(),
    end: (world) => world.proxy.pass(),
    happened: (world) => world.proxy.counts.swallowed > 0,
  },
];

describe('when a worker is away for longer than its locks', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());
  afterEach(async () => {
    world.proxy.pass();
    await Promise.all(world.workers.splice(0).map((worker) => worker.kill()));
  });

  const victimOf = (name: string) =>
    world.startWorker({
      WORKER_NAME: name,
      WORKER_CONCURRENCY: '4',
      REDIS_URL: `redis://127.0.0.1:${world.proxy.port}`,
    });
  const starts = (id: string) => world.ledger.startsOf(id);
  const told = (id: string) => world.ledger.lines().find((line) => line.kind === 'T' && line.id === id);
  const whereTold = (id: string) => until(`the handler of ${id} is told`, () => told(id));
  const attemptsOf = async (id: string) =>
    (
      await world.api.get<{ items: { worker: string; outcome: string }[] }>(`/api/v1/tasks/${id}/attempts`)
    ).items.map(({ worker, outcome }) => `${worker}: ${outcome}`);

  it.each(FAULTS)(
    '$how: its handlers are told that their tasks are lost, and what they then say is not heard',
    async ({ how, name, begin, end, happened }) => {
      const names = { victim: name, heir: `heir-of-${name}` };
      const victim = await victimOf(names.victim);
      const tasks = await Promise.all([
        world.api.submit('holding', { end: 'return', againMs: 100 }),
        world.api.submit('holding', { end: 'throw', againMs: 100 }),
        world.api.submit('holding-isolated', { end: 'return', againMs: 100 }),
      ]);
      const hasBegun = ({ id }: { id: string }) => until(`${id} has begun`, () => starts(id)[0]);
      for (const task of tasks) await hasBegun(task);
      // Fails while it is away, before there is anybody to tell it: the last one, as its time runs from its start.
      const deaf = await world.api.submit('holding', { end: 'throw', deafMs: DEAF_MS, againMs: 100 });
      tasks.push(deaf);
      await hasBegun(deaf);
      const ids = tasks.map(({ id }) => id);
      begin(world, victim);
      const awayAt = Date.now();
      const heir = await world.startWorker({ WORKER_NAME: names.heir });
      for (const id of ids) await world.api.inState(id, ['completed', 'failed']);
      const before = await Promise.all(ids.map((id) => world.api.task(id)));
      const wasAway = happened(world, victim);
      const toldBefore = ids.filter(told).length;
      end(world, victim);
      const backAt = Date.now();
      const lines = await Promise.all(ids.slice(0, 3).map(whereTold));
      await until(
        'the victim is done with them',
        // The deaf one's failure is told as such where Redis could not be asked whose task it is.
        () => victim.output.match(/holding(-isolated)? (lost|failed)/g)?.length === ids.length,
      );
      const after = await Promise.all(ids.map((id) => world.api.task(id)));
      const attempts = await Promise.all(ids.map(attemptsOf));
      const log = await Promise.all(
        ids.map((id) => world.api.call('GET', `/api/v1/tasks/${id}/logs`).then((answer) => answer.text())),
      );
      printFigures(`R1 worker ${how} while its handlers listen`, undefined, {
        tasks: ids.length,
        awayMs: backAt - awayAt,
        toldMs: Math.max(...lines.map(({ at }) => at)) - backAt,
        starts: ids.map((id) => starts(id).length),
      });
      expect(wasAway).toBe(true);
      expect(toldBefore).toBe(0);
      expect(lines.map(({ word }) => word)).toEqual(lines.map(() => 'TaskLostError'));
      expect(ids.map((id) => starts(id).length)).toEqual(ids.map(() => 2));
      expect(after).toEqual(before);
      for (const [i, task] of after.entries()) {
        expect(task).toMatchObject({ state: 'completed', result: 'the later run', worker: names.heir });
        expect(attempts[i]).toEqual([`${names.victim}: lost`, `${names.heir}: completed`]);
        expect(log[i]).toContain('the later run');
        expect(log[i] + JSON.stringify(task)).not.toContain('the first run');
      }
      expect(victim.output).not.toMatch(/holding(-isolated)? completed/);
      expect(victim.output.match(/holding(-isolated)? lost/g)!.length).toBeGreaterThanOrEqual(lines.length);
      await heir.stop();
      const next = await world.api.submit('divide', { x: 1, y: 4 });
      expect(await world.api.inState(next.id, ['completed', 'failed'])).toMatchObject({
        state: 'completed',
        worker: names.victim,
      });
    },
    240_000,
  );

  it('alone: it runs again itself what it lost, once, and the run before is ignored too', async () => {
    const worker = await victimOf('alone');
    // The run before ends in the middle of the later one, which takes longer than a lock and a check of the locks.
    const { id } = await world.api.submit('holding', { end: 'return', lingerMs: 8_000, againMs: 22_000 });
    await until('it has begun', () => starts(id)[0]);
    worker.signal('SIGSTOP');
    await until('it is frozen', () => stateOf(worker) === 'T');
    await new Promise((resolve) => setTimeout(resolve, ALONE_MS));
    worker.signal('SIGCONT');
    const line = await whereTold(id);
    const done = await world.api.inState(id, ['completed', 'failed']);
    const attempts = await attemptsOf(id);
    printFigures('R1 only worker frozen', undefined, {
      awayMs: ALONE_MS,
      starts: starts(id).length,
      attempts: attempts.join(', '),
    });
    expect(line.word).toBe('TaskLostError');
    expect(done).toMatchObject({ state: 'completed', result: 'the later run' });
    expect(starts(id)).toHaveLength(2);
    expect(attempts).toEqual(['alone: lost', 'alone: completed']);
  });
});
