import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { WorkerView } from '../../src/workers/workers.openapi.js';
import { until } from '../support/until.js';
import { CarefulClient } from './support/careful-client.js';
import { limitHere, nightly, percentile, printFigures } from './support/figures.js';
import { Random } from './support/random.js';
import { World } from './support/world.js';
import { wrongClock } from './support/wrong-clock.js';

const random = Random.ofRun();
const TASKS = nightly(400, 60);
const HOUR_S = 3_600;
/** Longest delay that is tried, ms. */
const LONGEST_MS = 8_000;
/** A wrong clock is to be warned of within this, ms. */
const WARNED_MS = 30_000;

interface Overview {
  warnings: { code: string; message: string }[];
}

const hasFaketime = wrongClock(0) !== undefined;
if (!hasFaketime) process.stdout.write('R13 skipped: faketime is not installed\n');

// One world each: a process cannot be told to change a clock that it was started with.
const CASES = [
  { name: 'a worker an hour ahead', worker: HOUR_S, web: 0 },
  { name: 'a worker an hour behind', worker: -HOUR_S, web: 0 },
  { name: 'a web app an hour ahead', worker: 0, web: HOUR_S },
  { name: 'a web app an hour behind', worker: 0, web: -HOUR_S },
];

(hasFaketime ? describe : describe.skip).each(CASES)('R13: $name', ({ name, worker, web }) => {
  let world: World;

  beforeAll(async () => {
    world = await World.start({ workers: 1 });
    if (web !== 0) {
      await world.web.stop();
      await world.startWeb(wrongClock(web)!);
    }
    if (worker !== 0) {
      await world.workers.pop()!.stop();
      await world.startWorker(wrongClock(worker)!);
    }
  }, 60_000);
  afterAll(() => world.stop(), 30_000);

  it(
    'loses nothing, runs delayed tasks when they are due, and is warned of',
    async () => {
      const startedAt = Date.now();
      const wrong = worker !== 0 ? 'worker' : 'this web app';
      const warned = until(
        'the monitor warns of the clock',
        async () => {
          const { warnings } = await world.api.get<Overview>('/api/v1/monitor');
          return warnings.find(({ code, message }) => code === 'CLOCK_SKEW' && message.includes(wrong));
        },
        WARNED_MS,
      ).then((warning) => ({ warning, ms: Date.now() - startedAt }));

      // Delays and times to run at, as a client with the right clock gives them.
      const due = new Map<string, number>();
      const hand = new CarefulClient(world.url);
      for (let n = 0; n < TASKS; n++) {
        const ms = random.int(1_000, LONGEST_MS);
        const at = Date.now() + ms;
        const options = n % 2 === 0 ? { delayMs: ms } : { runAt: new Date(at).toISOString() };
        const id = await hand.submit(`late-${n}`, { type: 'ledger-work', input: { forMs: 1 }, options });
        due.set(id!, n % 2 === 0 ? Date.now() + ms : at);
      }
      // One task is not due within this test, and two run well before they expire.
      const tomorrow = new Date(Date.now() + 24 * 3_600_000).toISOString();
      const later = await world.api.submit('ledger-work', { forMs: 1 }, { delayMs: 30 * 60_000 });
      const fresh = await world.api.submit('ledger-work', { forMs: 1 }, { expiresAt: tomorrow });
      const soon = new Date(Date.now() + 2 * 60_000).toISOString();
      const brief = await world.api.submit('ledger-work', { forMs: 1 }, { expiresAt: soon });

      const states = await world.drained([...due.keys(), fresh.id, brief.id], LONGEST_MS + limitHere(15_000));
      const { warning, ms: warnedMs } = await warned;
      const starts = new Map(
        world.ledger
          .lines()
          .filter(({ kind }) => kind === 'S')
          .map(({ id, at }) => [id, at - worker * 1_000]),
      );
      const late = [...due].map(([id, at]) => (starts.get(id) ?? Infinity) - at);
      const laterState = (await world.api.task(later.id)).state;
      const { items } = await world.api.get<{ items: WorkerView[] }>('/api/v1/workers');
      const aheadMs = items.find(({ status }) => status === 'online')?.clockAheadMs ?? 0;
      const log = (worker !== 0 ? world.workers[0]! : world.web).output;
      const books = world.ledger.audit([...due.keys(), fresh.id, brief.id]);
      const page = worker !== 0 ? `/monitor/workers/${items[0]!.id}` : '/monitor';
      const html = await (await world.api.call('GET', page)).text();
      printFigures(`R13 clock skew: ${name}`, random, {
        aheadMs: worker !== 0 ? aheadMs : web * 1_000,
        tasks: TASKS,
        completed: states.completed ?? 0,
        lost: books.neverEnded.length,
        startedTwice: books.startedTwice,
        earliestMs: Math.min(...late),
        lateP95Ms: percentile(late, 0.95),
        latestMs: Math.max(...late),
        warnedMs,
      });
      // The fault happened: the process did have the wrong time.
      if (worker !== 0) expect(Math.abs(aheadMs - worker * 1_000)).toBeLessThan(5_000);
      expect(warning.message).toMatch(/3600 s (ahead of|behind)/);
      expect(log).toMatch(/the clock of this machine is 3600 s (ahead of|behind)/);
      expect(html).toMatch(/(ahead of|behind) (that of )?Redis/);
      expect(states).toEqual({ completed: TASKS + 2 });
      expect(books.neverEnded).toEqual([]);
      expect(laterState).toBe('delayed');
      expect(Math.min(...late)).toBeGreaterThan(-1_500);
      expect(percentile(late, 0.95)).toBeLessThan(limitHere(3_000));
    },
    nightly(300_000, 120_000),
  );
});

// The behaviour of BullMQ alone with a wrong clock.
(hasFaketime ? describe : describe.skip)('R13: an hour ahead, by its own clock (control, must fail)', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
    world.build.edit('dist/platform/clock.js', /this\.correctionMs = ms/, 'void ms');
  }, 60_000);
  afterAll(() => world.stop(), 30_000);

  it('runs a task at once that is due in half an hour', async () => {
    const { id } = await world.api.submit('ledger-work', { forMs: 1 }, { delayMs: 30 * 60_000 });
    await world.startWorker(wrongClock(HOUR_S)!);
    const task = await world.api.inState(id, ['completed'], 30_000);
    printFigures('R13 clock skew: by its own clock (control, must fail)', undefined, { ranEarly: true });
    expect(task.state).toBe('completed');
  }, 60_000);
});
