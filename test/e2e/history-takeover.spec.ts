import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordingEngine } from '../../src/history/sqlite/recording-engine.js';
import type { HistoryReport } from '../../src/monitoring/monitoring.openapi.js';
import { ApiClient } from '../support/api-client.js';
import { startApp, type RunningApp } from '../support/processes.js';
import { holderOf } from '../support/recorded.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

describe('two web processes with one history', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roost-history-'));
  const file = join(folder, 'history.db');
  let redis: RedisServer;
  let commands: Redis;
  let engine: RecordingEngine;
  let apps: RunningApp[];
  const start = (name: 'web' | 'worker') =>
    startApp(name, { REDIS_URL: redis.url, HISTORY_URL: `file:${file}`, ...DEFAULT_QUEUE_ONLY });

  const recording = (not?: RunningApp) =>
    until('one of them records', async () => {
      const pid = (await holderOf(commands, engine.storeId))?.holder?.pid;
      return apps.find((app) => app.pid === pid && app !== not);
    });
  const stateOf = async (app: RunningApp) =>
    (await new ApiClient(app.url!).get<HistoryReport>('/api/v1/history')).recorder;
  const isRecorded = (id: string) => until('it is recorded', () => engine.get(id)?.state === 'completed');

  beforeAll(async () => {
    redis = await RedisServer.start();
    commands = new Redis(redis.url);
    apps = await Promise.all([start('web'), start('web'), start('worker')]);
    engine = new RecordingEngine({ file });
  });

  afterAll(async () => {
    engine.close();
    await Promise.all(apps.map((app) => app.stop()));
    commands.disconnect();
    await redis.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('record in one of them, and the other one shows who does', async () => {
    const holder = await recording();
    const other = apps.find((app) => app.url && app !== holder)!;
    const shown = await until('the other knows', async () => {
      const status = await stateOf(other);
      return status.state === 'elsewhere' && status.holder ? status : undefined;
    });
    expect(shown.holder?.pid).toBe(holder.pid);
    const { id } = await new ApiClient(other.url!).submit('divide', { x: 1, y: 2 });
    await isRecorded(id);
  });

  it('go on in the other one when the first is frozen, and the frozen one writes nothing when it wakes', async () => {
    const frozen = await recording();
    frozen.signal('SIGSTOP');
    const heir = await recording(frozen);
    const api = new ApiClient(heir.url!);
    const during = await api.submit('divide', { x: 3, y: 2 });
    await isRecorded(during.id);
    frozen.signal('SIGCONT');
    await until('the frozen one stands back', async () => (await stateOf(frozen)).state === 'elsewhere');
    const after = await api.submit('divide', { x: 5, y: 2 });
    await isRecorded(after.id);
    expect(engine.transitions(during.id).map(({ state }) => state)).toEqual([
      'waiting',
      'active',
      'completed',
    ]);
    expect((await recording()).pid).toBe(heir.pid);
  });

  it('go on in the other one when the first is killed', async () => {
    const victim = await recording();
    expect(await victim.kill()).toEqual({ code: null, signal: 'SIGKILL' });
    const heir = await recording(victim);
    const { id } = await new ApiClient(heir.url!).submit('divide', { x: 7, y: 2 });
    await isRecorded(id);
    const counts = engine.counts(null, Date.now());
    expect(counts.byState).toEqual({ completed: counts.total });
  });

  it('go on in a frozen one whose heir was killed, from where the heir stopped', async () => {
    const frozen = await recording();
    const heir = await start('web');
    apps.push(heir);
    frozen.signal('SIGSTOP');
    await recording(frozen);
    const during = await new ApiClient(heir.url!).submit('divide', { x: 9, y: 2 });
    await isRecorded(during.id);
    await heir.kill();
    await until('its lease has expired', async () => !(await holderOf(commands, engine.storeId)));
    const said = frozen.output.length;
    frozen.signal('SIGCONT');
    const after = await new ApiClient(frozen.url!).submit('divide', { x: 11, y: 2 });
    await isRecorded(after.id);
    // It knows by its token that another one recorded, and does not try what the store would reject.
    expect(frozen.output.slice(said)).toContain('recording the history');
    expect(frozen.output.slice(said)).not.toContain('waits for its lease');
    const states = engine.transitions(during.id).map(({ state }) => state);
    expect(states).toEqual(['waiting', 'active', 'completed']);
  });
});
