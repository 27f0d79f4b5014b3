import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HistoryReport } from '../../src/monitoring/monitoring.openapi.js';
import { ApiClient } from '../support/api-client.js';
import { startApp, type RunningApp } from '../support/processes.js';
import { openHistory } from '../support/recorded.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

describe('when nobody recorded for longer than the stream of events reaches', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roost-history-'));
  const file = join(folder, 'history.db');
  let redis: RedisServer;
  let commands: Redis;
  /** Goes on answering clients; its history is another. */
  let door: RunningApp;
  let worker: RunningApp;
  let second: RunningApp | undefined;
  const env = (name: string) => ({
    REDIS_URL: redis.url,
    HISTORY_URL: `file:${join(folder, name)}`,
    ...DEFAULT_QUEUE_ONLY,
  });

  beforeAll(async () => {
    redis = await RedisServer.start();
    commands = new Redis(redis.url);
    [door, worker] = await Promise.all([startApp('web', env('door.db')), startApp('worker', env('none.db'))]);
  });

  afterAll(async () => {
    await Promise.all([door.stop(), worker.stop(), second?.stop()]);
    commands.disconnect();
    await redis.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('reports it, has all that finished and is still in Redis, and takes out what it can tell nothing of', async () => {
    const api = new ApiClient(door.url!);
    const first = await startApp('web', env('history.db'));
    const early = await api.submit('divide', { x: 1, y: 4 });
    const delayed = await api.submit('divide', { x: 2, y: 4 }, { delayMs: 600_000 });
    const lost = await api.submit('divide', { x: 3, y: 4 }, { delayMs: 600_000 });
    await api.inState(early.id, ['completed']);
    const engine = openHistory(file);
    await until(
      'the first ones are recorded',
      () => engine.get(lost.id) && engine.get(early.id)?.state === 'completed',
    );
    await first.stop();

    const missed = await Promise.all(
      Array.from({ length: 60 }, (_, i) => api.submit('divide', { x: i, y: i % 4 }, { tags: ['missed'] })),
    );
    for (const { id } of missed) await api.inState(id, ['completed', 'failed']);
    // Gone without a word, as by another program or a Redis that forgot.
    await commands.zrem('roost:default:delayed', lost.id);
    await commands.del(`roost:default:${lost.id}`);
    await commands.xtrim('roost:default:events', 'MAXLEN', 0);
    const late = await api.submit('divide', { x: 9, y: 3 });
    await api.inState(late.id, ['completed']);

    second = await startApp('web', env('history.db'));
    const seen = new ApiClient(second.url!);
    const gap = await until('the gap is closed', async () => {
      const { recorder } = await seen.get<HistoryReport>('/api/v1/history');
      return recorder.gaps.find(({ queue, reconciledAt }) => queue === 'default' && reconciledAt);
    });
    expect(gap).toMatchObject({ vanished: 1, sample: [lost.id] });
    expect(gap.found).toBeGreaterThanOrEqual(missed.length);
    expect(Date.parse(gap.from)).toBeLessThan(Date.parse(gap.to));

    await until('the late one is recorded', () => engine.get(late.id)?.state === 'completed');
    for (const { id } of missed) {
      const told = await api.task(id);
      expect(engine.get(id)).toMatchObject({ state: told.state, attemptsMade: 1, tags: ['missed'] });
      expect(engine.attempts(id)).toMatchObject([{ number: 1, outcome: told.state, worker: told.worker }]);
      expect(engine.transitions(id).map(({ state }) => state)).toEqual(['waiting', 'active', told.state]);
    }
    expect(engine.get(delayed.id)?.state).toBe('delayed');
    expect(engine.get(lost.id)).toBeUndefined();
    expect(engine.counts(null, Date.now()).total).toBe(missed.length + 3);

    const page = await (await fetch(`${second.url}/monitor/history`)).text();
    expect(page).toContain(lost.id);
    expect(page).toContain('how they ended is not known');
    engine.close();
  });
});
