import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { copyFileSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteDatabase } from '../../src/history/sqlite/database.js';
import type { HistoryReport } from '../../src/monitoring/monitoring.openapi.js';
import { ApiClient } from '../support/api-client.js';
import { startApp, type RunningApp } from '../support/processes.js';
import { parseMetrics } from '../support/prometheus.js';
import { openHistory } from '../support/recorded.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

describe('copies of a history on one Redis', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'roost-history-')));
  const original = join(folder, 'history.db');
  const copy = join(folder, 'copy.db');
  let redis: RedisServer;
  let first: RunningApp;
  const apps: RunningApp[] = [];

  const start = async (name: 'web' | 'worker', file = original) => {
    const app = await startApp(name, {
      REDIS_URL: redis.url,
      HISTORY_URL: `file:${file}`,
      ...DEFAULT_QUEUE_ONLY,
    });
    apps.push(app);
    return app;
  };
  const recorderOf = async (app: RunningApp) =>
    (await new ApiClient(app.url!).get<HistoryReport>('/api/v1/history')).recorder;
  const inState = (app: RunningApp, state: string) =>
    until(`process ${app.pid} says ${state}`, async () => {
      const recorder = await recorderOf(app);
      return recorder.state === state && recorder;
    });
  const metric = async (app: RunningApp, name: string) => {
    const lines = parseMetrics(await (await fetch(`${app.url}/metrics`)).text()).get(name)!.lines;
    return lines[0]?.value;
  };
  const health = async (app: RunningApp) =>
    ((await (await fetch(`${app.url}/health/ready`)).json()) as { history: Record<string, string> }).history;
  const page = async (app: RunningApp) => (await fetch(`${app.url}/monitor/history`)).text();
  const isIn = (file: string, id: string) => {
    const engine = openHistory(file);
    return until(`${file} has it`, () => engine.get(id)?.state === 'completed').finally(() => engine.close());
  };
  const run = async () => {
    const api = new ApiClient(first.url!);
    const { id } = await api.submit('divide', { x: 1, y: 2 });
    await api.inState(id, ['completed']);
    return id;
  };

  beforeAll(async () => {
    redis = await RedisServer.start();
    [first] = await Promise.all([start('web'), start('worker')]);
  });

  afterAll(async () => {
    await Promise.all(apps.map((app) => app.kill()));
    await redis.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('each record for themselves, from where they were made', async () => {
    const before = await run();
    await isIn(original, before);
    const db = new SqliteDatabase(original);
    db.exec(`VACUUM INTO '${copy}'`);
    db.close();
    const between = await run();
    await isIn(original, between);

    const second = await start('web', copy);
    await isIn(copy, between);
    const after = await run();
    await Promise.all([isIn(original, after), isIn(copy, after), isIn(copy, before)]);
    for (const app of [first, second]) {
      const { holder, checkedAt } = await inState(app, 'recording');
      expect(holder?.pid).toBe(app.pid);
      expect(Date.parse(checkedAt!)).toBeGreaterThan(0);
      expect(await health(app)).toEqual({ recordedBy: 'this web app', checkedAt: expect.any(String) });
      expect([await metric(app, 'roost_recorder_up'), await metric(app, 'roost_recorder_here')]).toEqual([
        1, 1,
      ]);
    }
    expect(await page(second)).toMatch(new RegExp(`${copy}[^]*this web app, process ${second.pid} on `));
  });

  it('are recorded by one process each, by whichever name the file is opened', async () => {
    const second = apps.at(-1)!;
    const link = join(folder, 'link.db');
    symlinkSync(copy, link);
    const third = await start('web', link);
    const { holder, checkedAt } = await inState(third, 'elsewhere');
    expect(holder?.pid).toBe(second.pid);
    expect(Date.parse(checkedAt!)).toBeGreaterThan(0);
    expect((await health(third)).recordedBy).toBe('another process');
    expect([await metric(third, 'roost_recorder_up'), await metric(third, 'roost_recorder_here')]).toEqual([
      1, 0,
    ]);
    await second.kill();
    await inState(third, 'recording');
    await isIn(copy, await run());
  });

  it('that are removed from under a web app report it, and go on where they are opened again', async () => {
    const third = apps.at(-1)!;
    const moved = join(folder, 'moved.db');
    for (const end of ['', '-wal', '-shm']) renameSync(copy + end, moved + end);
    // A backup put in its place is another file.
    copyFileSync(original, copy);
    const { error, holder, lagMs } = await inState(third, 'stopped');
    expect(error).toMatch(/link\.db was replaced .* Start the web app again/);
    expect([holder, lagMs]).toEqual([undefined, null]);
    expect(await metric(third, 'roost_recorder_up')).toBe(0);
    expect(await metric(third, 'roost_recorder_lag_seconds')).toBeUndefined();
    expect((await health(third)).recordedBy).toBe('unknown');
    const shown = await page(third);
    expect(shown).toContain('Start the web app again');
    expect(shown).not.toContain('up to date');
    await third.kill();

    const fourth = await start('web', moved);
    await inState(fourth, 'recording');
    const id = await run();
    await Promise.all([isIn(moved, id), isIn(original, id)]);
  });
});
