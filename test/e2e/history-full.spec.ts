import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskView } from '../../src/model/task-view.js';
import type { HistoryReport } from '../../src/monitoring/monitoring.openapi.js';
import { ApiClient } from '../support/api-client.js';
import { startApp, type RunningApp } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

const N = 150;

/** A disk of its own that is small; undefined where this user may not mount one. */
function smallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'roost-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
}

const disk = smallDisk();
const where = disk ? it : it.skip;

describe('a disk that is full', () => {
  let redis: RedisServer;
  let web: RunningApp;
  let worker: RunningApp;
  let api: ApiClient;

  beforeAll(async () => {
    if (!disk) return;
    redis = await RedisServer.start();
    const env = {
      REDIS_URL: redis.url,
      HISTORY_URL: `file:${join(disk, 'history.db')}`,
      ...DEFAULT_QUEUE_ONLY,
    };
    [web, worker] = await Promise.all([startApp('web', env), startApp('worker', env)]);
    api = new ApiClient(web.url!);
  });

  afterAll(async () => {
    await Promise.all([web?.stop(), worker?.stop()]);
    await redis?.remove();
    if (!disk) return;
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });

  const report = () => api.get<HistoryReport>('/api/v1/history');
  const page = async (path: string) => {
    const answer = await fetch(`${web.url}${path}`);
    return { status: answer.status, text: await answer.text() };
  };
  const total = async () => (await api.get<{ total: number }>('/api/v1/tasks?q=type:process-text')).total;
  const submit = (n: number) =>
    Promise.all(
      Array.from({ length: n }, () =>
        api.submit('process-text', { text: 'word '.repeat(2000), operation: 'upper' }),
      ),
    );

  where(
    'is told of by the status page and the API, holds no task up, and loses none when there is room',
    async () => {
      const early = await submit(5);
      await until('they are recorded', async () => (await total()) === 5);
      expect((await report()).recorder.error).toBeUndefined();

      // All that is left of it.
      const filler = join(disk!, 'filler');
      fillUp(filler);
      expect(statfsSync(disk!).bavail).toBe(0);

      const during: TaskView[] = await submit(N);
      for (const { id } of during.slice(-3)) await api.inState(id, ['completed']);
      const recorder = await until('the API tells', async () => {
        const now = (await report()).recorder;
        return now.error !== undefined && (now.lagMs ?? 0) > 1000 && now;
      });
      expect(recorder.error).toMatch(/The disk that holds .*history\.db is full\. Nothing is lost/);
      expect(recorder.state).toBe('catching-up');
      expect(await total()).toBeLessThan(N);
      const status = await page('/monitor/history');
      expect(status.status).toBe(200);
      expect(status.text).toContain('The recorder cannot go on just now.');
      expect(status.text).toMatch(/history\.db is full/);
      expect(status.text).not.toContain('all events are recorded');
      for (const path of ['/', '/monitor', `/tasks/${during[0]!.id}`])
        expect((await page(path)).status).toBe(200);
      const list = await page('/tasks');
      expect(list.status).toBe(200);
      expect(list.text).toMatch(/The history is .* behind what happens/);

      rmSync(filler);
      execFileSync('mount', ['-o', 'remount,size=64m', disk!]);
      await until('all is recorded', async () => (await total()) === N + 5);
      await until('the trouble is over', async () => {
        const now = (await report()).recorder;
        return now.state === 'recording' && now.error === undefined;
      });
      // While other programs need the cores, the page says that the recorder yields to them.
      await until('the page says so', async () =>
        (await page('/monitor/history')).text.includes('Every event from Redis is recorded'),
      );
      await until('every end too', async () => {
        const { total } = await api.get<{ total: { added: number; completed: number } }>('/api/v1/stats');
        return total.added === early.length + N && total.completed === early.length + N;
      });
    },
    90_000,
  );
});

/** Until nothing more goes in, whatever others take or give back meanwhile. */
function fillUp(file: string): void {
  const piece = Buffer.alloc(64 * 1024);
  for (let size = piece.length; size >= 1024;) {
    try {
      appendFileSync(file, piece.subarray(0, size));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      size /= 2;
    }
  }
}
