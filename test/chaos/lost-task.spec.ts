import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { TaskView } from '../../src/model/task-view.js';
import type { RunningApp } from '../support/processes.js';
import { until } from '../support/until.js';
import { printFigures } from './support/figures.js';
import { World } from './support/world.js';

/** Less than a lock. */
const DEAF_MS = 5_000;
/** Just more than a lock. */
const ALONE_MS = 9_000;
/** Worker that runs again what the others lost. */
const HEIR = 'heir';

interface Fault {
  how: string;
  name: string;
  begin: (world: World, worker: RunningApp) => void;
  end: (world: World, worker: RunningApp) => void;
  /** Reaches Redis through the proxy. */
  behindProxy: boolean;
  /** That it was as bad as it was to be. */
  happened: (world: World, worker: RunningApp) => boolean;
}

const stateOf = ({ pid }: RunningApp) =>
  /State:\s+(\w)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];

const FAULTS: Fault[] = [
  {
    how: 'frozen',
    name: 'frozen',
    behindProxy: false,
    begin: (_, worker) => worker.signal('SIGSTOP'),
    end: (_, worker) => worker.signal('SIGCONT'),
    happened: (_, worker) => stateOf(worker) === 'T',
  },
  {
    how: 'cut off from Redis',
    name: 'cut-off',
    behindProxy: true,
    begin: (world) => world.proxy.blackHole(),
    end: (world) => world.proxy.pass(),
    happened: (world) => world.proxy.counts.swallowed > 0,
  },
];

describe('when a worker is away for longer than its locks', () => {
  let world: World;
  /** For the worker that has no heir: another one would run its task. */
  let lonely: World;
  let run: Promise<AwayRun>;
  let lonelyRun: Promise<LonelyRun>;

  // Each run waits for locks to expire several times: they wait side by side, and each test judges its part.
  beforeAll(async () => {
    [world, lonely] = await Promise.all([World.start(), World.start()]);
    run = sendAllAway(world);
    lonelyRun = sendAwayAlone(lonely);
    for (const one of [run, lonelyRun]) one.catch(() => undefined);
  });
  afterAll(async () => {
    for (const one of [world, lonely]) {
      one.proxy.pass();
      await Promise.all(one.workers.splice(0).map((worker) => worker.kill()));
      await one.stop();
    }
  });

  it.each(FAULTS)(
    '$how: its handlers are told that their tasks are lost, and what they then say is not heard',
    async ({ how, name }) => {
      const { awayMs, parts } = await run;
      const { victim, ids, wasAway, toldBefore, toldMs, words, before, after, attempts, log } = parts[name]!;
      printFigures(`R1 worker ${how} while its handlers listen`, undefined, {
        tasks: ids.length,
        awayMs,
        toldMs,
        starts: ids.map((id) => world.ledger.startsOf(id).length),
      });
      expect(wasAway).toBe(true);
      expect(toldBefore).toBe(0);
      expect(words).toEqual(words.map(() => 'TaskLostError'));
      expect(ids.map((id) => world.ledger.startsOf(id).length)).toEqual(ids.map(() => 2));
      expect(after).toEqual(before);
      for (const [i, task] of after.entries()) {
        expect(task).toMatchObject({ state: 'completed', result: 'the later run', worker: HEIR });
        expect(attempts[i]).toEqual([`${name}: lost`, `${HEIR}: completed`]);
        expect(log[i]).toContain('the later run');
        expect(log[i] + JSON.stringify(task)).not.toContain('the first run');
      }
      expect(victim.output).not.toMatch(/holding(-isolated)? completed/);
      expect(victim.output.match(/holding(-isolated)? lost/g)!.length).toBeGreaterThanOrEqual(words.length);
    },
    240_000,
  );

  it('afterwards each of them runs tasks again', async () => {
    await run;
    const again = new Set<string | undefined>();
    await until('both run tasks', async () => {
      const { id } = await world.api.submit('divide', { x: 1, y: 4 });
      const { state, worker } = await world.api.inState(id, ['completed', 'failed']);
      expect(state).toBe('completed');
      again.add(worker);
      return again.size === FAULTS.length;
    });
    expect([...again].sort()).toEqual(FAULTS.map(({ name }) => name).sort());
  });

  it('alone: it runs again itself what it lost, once, and the run before is ignored too', async () => {
    const { id, word, done, attempts } = await lonelyRun;
    const starts = lonely.ledger.startsOf(id);
    printFigures('R1 only worker frozen', undefined, {
      awayMs: ALONE_MS,
      starts: starts.length,
      attempts: attempts.join(', '),
    });
    expect(word).toBe('TaskLostError');
    expect(done).toMatchObject({ state: 'completed', result: 'the later run' });
    expect(starts).toHaveLength(2);
    expect(attempts).toEqual(['alone: lost', 'alone: completed']);
  });
});

/** Outcome of the tasks of one worker that was away. */
interface AwayPart {
  victim: RunningApp;
  ids: string[];
  wasAway: boolean;
  toldBefore: number;
  toldMs: number;
  words: string[];
  before: TaskView[];
  after: TaskView[];
  attempts: string[][];
  log: string[];
}

interface AwayRun {
  awayMs: number;
  parts: Record<string, AwayPart>;
}

/** Starts a worker for each fault and gives it its tasks, sends all away at once, and lets another one run the tasks again. */
async function sendAllAway(world: World): Promise<AwayRun> {
  const victims: { fault: Fault; victim: RunningApp; ids: string[] }[] = [];
  for (const fault of FAULTS) {
    const victim = await startVictim(world, fault.name, fault.behindProxy, 3);
    // As many as it has slots for: the next worker gets the next ones.
    const tasks = await Promise.all([
      world.api.submit('holding', { end: 'return', againMs: 100 }),
      world.api.submit('holding', { end: 'throw', againMs: 100 }),
      world.api.submit('holding-isolated', { end: 'return', againMs: 100 }),
    ]);
    const ids = tasks.map(({ id }) => id);
    for (const id of ids) await hasBegun(world, id);
    victims.push({ fault, victim, ids });
  }
  for (const { fault } of victims) await addSlot(world, fault.name);
  // Each worker gets one. It fails while its worker is away, before there is anybody to tell it: the last one, as its time
  // runs from its start.
  const deaf = await Promise.all(
    victims.map(() => world.api.submit('holding', { end: 'throw', deafMs: DEAF_MS, againMs: 100 })),
  );
  for (const { id } of deaf) {
    await hasBegun(world, id);
    const { worker } = await world.api.task(id);
    victims.find(({ fault }) => fault.name === worker)!.ids.push(id);
  }
  for (const { fault, victim } of victims) fault.begin(world, victim);
  const awayAt = Date.now();
  const heir = await world.startWorker({ WORKER_NAME: HEIR });
  const all = victims.flatMap(({ ids }) => ids);
  for (const id of all) await world.api.inState(id, ['completed', 'failed']);
  const before = new Map(await Promise.all(all.map(async (id) => [id, await world.api.task(id)] as const)));
  const was = victims.map(({ fault, victim, ids }) => ({
    wasAway: fault.happened(world, victim),
    toldBefore: ids.filter((id) => toldOf(world, id)).length,
  }));
  for (const { fault, victim } of victims) fault.end(world, victim);
  const backAt = Date.now();
  const parts: Record<string, AwayPart> = {};
  for (const [i, { fault, victim, ids }] of victims.entries()) {
    const lines = await Promise.all(ids.slice(0, 3).map((id) => whenTold(world, id)));
    await until(
      'the victim is done with them',
      // The deaf one's failure is told as such where Redis could not be asked whose task it is.
      () => victim.output.match(/holding(-isolated)? (lost|failed)/g)?.length === ids.length,
    );
    parts[fault.name] = {
      victim,
      ids,
      ...was[i]!,
      toldMs: Math.max(...lines.map(({ at }) => at)) - backAt,
      words: lines.map(({ word }) => word),
      before: ids.map((id) => before.get(id)!),
      after: await Promise.all(ids.map((id) => world.api.task(id))),
      attempts: await Promise.all(ids.map((id) => attemptsOf(world, id))),
      log: await Promise.all(
        ids.map((id) => world.api.call('GET', `/api/v1/tasks/${id}/logs`).then((answer) => answer.text())),
      ),
    };
  }
  await heir.stop();
  return { awayMs: backAt - awayAt, parts };
}

interface LonelyRun {
  id: string;
  word: string;
  done: TaskView;
  attempts: string[];
}

async function sendAwayAlone(world: World): Promise<LonelyRun> {
  const worker = await startVictim(world, 'alone', true, 4);
  // The run before ends in the middle of the later one, which takes longer than a lock and a check of the locks.
  const { id } = await world.api.submit('holding', { end: 'return', lingerMs: 8_000, againMs: 22_000 });
  await hasBegun(world, id);
  worker.signal('SIGSTOP');
  await until('it is frozen', () => stateOf(worker) === 'T');
  await new Promise((resolve) => setTimeout(resolve, ALONE_MS));
  worker.signal('SIGCONT');
  const { word } = await whenTold(world, id);
  const done = await world.api.inState(id, ['completed', 'failed']);
  return { id, word, done, attempts: await attemptsOf(world, id) };
}

function startVictim(world: World, name: string, behindProxy: boolean, slots: number): Promise<RunningApp> {
  const port = behindProxy ? world.proxy.port : world.redis.port;
  return world.startWorker({
    WORKER_NAME: name,
    WORKER_CONCURRENCY: String(slots),
    REDIS_URL: `redis://127.0.0.1:${port}`,
  });
}

function addSlot(world: World, name: string): Promise<true> {
  return until(`${name} has a fourth slot`, async () => {
    const { items } = await world.api.get<{ items: { id: string; name: string }[] }>('/api/v1/workers');
    const { id } = items.find((worker) => worker.name === name)!;
    const body = { queue: 'default', concurrency: 4 };
    return (await world.api.call('POST', `/api/v1/workers/${id}/concurrency`, body)).status === 200;
  });
}

function hasBegun(world: World, id: string) {
  return until(`${id} has begun`, () => world.ledger.startsOf(id)[0]);
}

/** The line of its handler in the ledger that tells of the loss. */
function toldOf(world: World, id: string) {
  return world.ledger.lines().find((line) => line.kind === 'T' && line.id === id);
}

function whenTold(world: World, id: string) {
  return until(`the handler of ${id} is told`, () => toldOf(world, id));
}

async function attemptsOf(world: World, id: string): Promise<string[]> {
  const { items } = await world.api.get<{ items: { worker: string; outcome: string }[] }>(
    `/api/v1/tasks/${id}/attempts`,
  );
  return items.map(({ worker, outcome }) => `${worker}: ${outcome}`);
}
