import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HistoryReport } from '../../src/monitoring/monitoring.openapi.js';
import { openHistory } from '../support/recorded.js';
import { until } from '../support/until.js';
import { nightly, printFigures } from './support/figures.js';
import { Random } from './support/random.js';
import { World } from './support/world.js';

const random = Random.ofRun();
const KILLS = nightly(6, 2);
const TASKS_A_KILL = 2_000;
const LIMIT_MS = 120_000;

describe('when other programs need all cores', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roost-yields-'));
  const file = join(folder, 'history.db');
  let world: World;
  const burners: ChildProcess[] = [];

  beforeAll(async () => {
    world = await World.start({ env: { HISTORY_URL: `file:${file}` }, workers: 1 });
  }, 60_000);
  afterAll(async () => {
    for (const burner of burners) burner.kill('SIGKILL');
    await world?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const recorder = async () => (await world.api.get<HistoryReport>('/api/v1/history')).recorder;

  it(
    'the recorder yields, says so, and has every task in the end although it is killed behind',
    async () => {
      for (let n = 0; n < availableParallelism(); n++)
        burners.push(spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
      const ids: string[] = [];
      const lags: number[] = [];
      for (let kill = 0; kill < KILLS; kill++) {
        const body = Array.from({ length: TASKS_A_KILL }, (_, i) => ({
          type: 'divide',
          input: { x: i, y: 4 },
        }));
        for (let from = 0; from < TASKS_A_KILL; from += 500) {
          const answer = await world.api.call('POST', '/api/v1/tasks/bulk', body.slice(from, from + 500));
          const { items } = (await answer.json()) as { items: { id: string }[] };
          ids.push(...items.map(({ id }) => id));
        }
        const yielding = await until(
          'the recorder yields',
          async () => {
            const status = await recorder();
            return status.yielding ? status : undefined;
          },
          LIMIT_MS,
        );
        lags.push(yielding.lagMs!);
        await new Promise((resolve) => setTimeout(resolve, random.int(0, 400)));
        await world.killWeb();
        await world.startWeb();
      }
      const states = await world.drained(ids, LIMIT_MS);
      for (const burner of burners) burner.kill('SIGKILL');
      const engine = openHistory(file);
      await until(
        'all of them are recorded',
        () => engine.counts(null, Date.now()).byState.completed === ids.length,
        LIMIT_MS,
      );
      const { gaps } = await until(
        'it yields no more',
        async () => {
          const status = await recorder();
          return status.yielding ? undefined : status;
        },
        LIMIT_MS,
      );
      const [numbers] = engine.numbers({ from: 0, to: Date.now() + 60_000, step: 'all' });
      const found = { total: engine.counts(null, Date.now()).total, added: numbers!.added };
      engine.close();
      printFigures('the recorder yields', random, {
        kills: KILLS,
        tasks: ids.length,
        lagsMs: lags.join(', '),
        recorded: found.total,
      });
      expect(states).toEqual({ completed: ids.length });
      expect(found).toEqual({ total: ids.length, added: ids.length });
      expect(gaps).toEqual([]);
    },
    (KILLS + 3) * LIMIT_MS,
  );
});
