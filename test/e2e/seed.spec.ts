import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StateCounts } from '../../src/model/states.js';
import type { TaskView } from '../../src/model/task-view.js';
import { ApiClient } from '../support/api-client.js';
import { projectRoot, TestProcess } from '../support/processes.js';
import { freePort } from '../support/redis-server.js';
import { Roost } from '../support/roost.js';

describe('npm run seed', () => {
  let roost: Roost;

  beforeAll(async () => {
    roost = await Roost.start({ worker: false });
  });

  afterAll(() => roost?.stop());

  it('submits as many tasks as it was told, the same ones for the same seed', async () => {
    const api = new ApiClient(roost.url);
    const inputs: string[][] = [];
    let known = new Set<string>();
    for (let run = 1; run <= 2; run++) {
      const seed = runSeed(['--url', roost.url, '--tasks', '50', '--for', '0', '--seed', '3']);
      expect(await seed.ended).toEqual({ code: 0, signal: null });
      expect(seed.output).toContain('50 of 50 tasks submitted');
      expect(seed.output).toContain(`See ${roost.url}/\n`);
      const { items, total } = await api.get<{ items: TaskView[]; total: number }>('/api/v1/tasks?limit=200');
      expect(total).toBe(50 * run);
      inputs.push(
        items
          .filter(({ id }) => !known.has(id))
          .map(({ type, inputPreview }) => `${type} ${inputPreview}`)
          .sort(),
      );
      known = new Set(items.map(({ id }) => id));
    }
    expect(inputs[1]).toEqual(inputs[0]);

    const { totals } = await api.get<{ totals: StateCounts }>('/api/v1/monitor');
    expect(totals.waiting + totals.delayed + totals.cancelled).toBe(100);
    expect(new Set(inputs[0]!.map((input) => input.split(' ')[0]))).toEqual(
      new Set(['count-primes', 'divide', 'process-text']),
    );
  });

  it('reports it when nothing answers, and what is wrong with a number', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const nobody = runSeed(['--url', url, '--tasks', '1', '--for', '0']);
    expect((await nobody.ended).code).toBe(1);
    expect(nobody.output).toContain(`Nothing answers at ${url} (ECONNREFUSED). Start it with: npm start`);
    const wrong = runSeed(['--tasks', 'many']);
    expect((await wrong.ended).code).toBe(1);
    expect(wrong.output).toContain('--tasks must be a whole number from 0 to 10000000, not "many".');
  });
});

function runSeed(args: string[]): TestProcess {
  return new TestProcess('seed', 'npm', ['run', '--silent', 'seed', '--', ...args], { cwd: projectRoot });
}
