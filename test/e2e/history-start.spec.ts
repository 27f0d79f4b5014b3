import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HistoryReport } from '../../src/monitoring/history-report.js';
import { ApiClient } from '../support/api-client.js';
import { spawnApp, startApp } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

describe('the history at the start of the web app', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roost-history-'));
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(async () => {
    await redis.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  async function endOf(HISTORY_URL: string) {
    const web = spawnApp('web', { REDIS_URL: redis.url, HISTORY_URL });
    const { code } = await web.ended;
    return { code, output: web.output };
  }

  it('that is no database ends it with the setting, the path and the cure', async () => {
    const file = join(folder, 'letter.txt');
    writeFileSync(file, 'Dear Ada,\n'.repeat(500));
    const { code, output } = await endOf(`file:${file}`);
    expect(code).toBe(78);
    expect(output).toMatch(/HISTORY_URL/);
    expect(output).toContain(file);
    expect(output).toMatch(/move it away|name another file/);
    expect(output).not.toMatch(/^ {4}at /m);
  }, 30_000);

  it('that cannot be opened ends it the same way', async () => {
    const file = join(folder, 'folder.db');
    mkdirSync(file);
    const { code, output } = await endOf(`file:${file}`);
    expect(code).toBe(78);
    expect(output).toContain(file);
    expect(output).toMatch(/HISTORY_URL name a file/);
  }, 30_000);

  it('waits for a Redis that is away, and records when it is there', async () => {
    const late = await RedisServer.start();
    await late.stop();
    const web = await startApp('web', {
      REDIS_URL: late.url,
      HISTORY_URL: `file:${join(folder, 'late.db')}`,
    });
    const api = new ApiClient(web.url!);
    const state = async () => (await api.get<HistoryReport>('/api/v1/history')).recorder.state;
    await until('it says that Redis is away', async () => (await state()) === 'away');
    await late.startAgain();
    await until('it records', async () => (await state()) === 'recording');
    const { id } = await api.submit('divide', { x: 1, y: 2 });
    await until(
      'the task is kept',
      async () => (await api.get<HistoryReport>('/api/v1/history')).store.tasks === 1,
    );
    expect(id).toBeTruthy();
    await web.stop();
    await late.remove();
  }, 60_000);
});
