import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { appendFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { ApiClient } from '../support/api-client.js';
import { NpmStart } from '../support/npm-start.js';
import { AppendOnlyFile } from './support/append-only-file.js';
import { printFigures } from './support/figures.js';

const TASKS = 40;

describe('R12: npm start on data that a bad disk has damaged', () => {
  let npmStart: NpmStart;

  beforeAll(async () => {
    npmStart = await NpmStart.prepare();
  });
  afterAll(() => npmStart.remove());

  it('shows what is damaged and what to do, and starts once that is done', async () => {
    const first = npmStart.start();
    const api = new ApiClient(await npmStart.address(first));
    const ids: string[] = [];
    for (let n = 0; n < TASKS; n++)
      ids.push((await api.submit('divide', { x: n, y: 4 }, { delayMs: 3_600_000 })).id);
    await npmStart.end(first);
    const data = join(npmStart.project.folder, 'data/redis');
    const file = new AppendOnlyFile(data);
    const bytes = file.bytes;
    // The rest of a script after a loss of power.
    appendFileSync(
      file.path,
      '*1\r\n$5\r\nMULTI\r\n*3\r\n$5\r\nRPUSH\r\n$18\r\nroost:default:wait\r\n$4\r\ngh',
    );
    const second = npmStart.start();
    await npmStart.address(second);
    const kept = await Promise.all(ids.map((id) => api.task(id)));
    await npmStart.end(second);
    file.corrupt(64);

    const refused = npmStart.start();
    const { code } = await refused.ended;
    // The remedy in the message, followed to the letter.
    renameSync(data, `${data}-damaged`);
    const again = npmStart.start();
    const after = new ApiClient(await npmStart.address(again));
    const history = await Promise.all(ids.slice(0, 5).map((id) => after.call('GET', `/api/v1/tasks/${id}`)));
    const fresh = await after.submit('divide', { x: 1, y: 4 });
    const { state } = await after.inState(fresh.id, ['completed', 'failed']);
    await npmStart.end(again);
    printFigures('R12 corrupt middle', undefined, {
      fileKb: Math.round(bytes / 1000),
      saysLeftOut: /was not whole and is left out/.test(second.output),
      keptAfterPowerLoss: kept.filter(({ state }) => state === 'delayed').length,
      exitCode: code,
      saysDamaged: /is damaged/.test(refused.output),
      saysCure: /redis-check-aof --fix/.test(refused.output),
      lostAnswered: [...new Set(history.map(({ status }) => status))],
      afterwards: state,
    });
    expect(second.output).toContain('was not whole and is left out');
    expect(kept.every(({ state }) => state === 'delayed')).toBe(true);
    expect(code).not.toBe(0);
    expect(refused.output).toContain('is damaged');
    expect(refused.output).toContain('redis-check-aof --fix');
    expect(refused.output).toContain(data);
    expect(state).toBe('completed');
    expect(history.every(({ status }) => status < 500)).toBe(true);
  }, 180_000);
});
