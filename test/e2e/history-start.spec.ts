import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HistoryReport } from '../../src/monitoring/monitoring.openapi.js';
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
  });

  it('that cannot be opened ends it the same way', async () => {
    const file = join(folder, 'folder.db');
    mkdirSync(file);
    const { code, output } = await endOf(`file:${file}`);
    expect(code).toBe(78);
    expect(output).toContain(file);
    expect(output).toMatch(/Set HISTORY_URL to a file/);
  });

  it('waits for a Redis that is away, and records when it is there', async () => {
    const late = await RedisServer.start();
    await late.stop();
    const web = await startApp('web', {
      REDIS_URL: late.url,
      HISTORY_URL: `file:${join(folder, 'late.db')}`,
    });
    const api = new ApiClient(web.url!);
    const recorder = async () => (await api.get<HistoryReport>('/api/v1/history')).recorder;
    const state = async () => (await recorder()).state;
    await until('it says that Redis is away', async () => (await state()) === 'away');
    // Nobody knows what happens there meanwhile.
    expect(await recorder()).toMatchObject({ lagMs: null, queues: [{ lagMs: null }, { lagMs: null }] });
    expect(await recorder()).not.toHaveProperty('checkedAt');
    const page = await (await fetch(`${web.url}/monitor/history`)).text();
    expect(page).toContain('not known just now');
    expect(page).not.toContain('up to date');
    await late.startAgain();
    await until('it records', async () => (await state()) === 'recording');
    await until('requests have Redis too', () => api.get('/api/v1/queues'));
    const { id } = await api.submit('divide', { x: 1, y: 2 });
    await until(
      'the task is kept',
      async () => (await api.get<HistoryReport>('/api/v1/history')).store.tasks === 1,
    );
    expect(id).toBeTruthy();
    await web.stop();
    await late.remove();
  });
});
