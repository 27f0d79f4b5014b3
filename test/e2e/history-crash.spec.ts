import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AttemptView, TaskView } from '../../src/model/task-view.js';
import type { RecorderOptions } from '../../src/history/recording/messages.js';
import { RecordingEngine } from '../../src/history/sqlite/recording-engine.js';
import { ApiClient } from '../support/api-client.js';
import { projectRoot, startApp, TestProcess, type RunningApp } from '../support/processes.js';
import { holderOf, seededRandom } from '../support/recorded.js';
import { RedisServer } from '../support/redis-server.js';
import { ScratchBuild } from '../support/scratch-build.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

const KILLS = 20;
/** Between two kills, about. */
const TASKS_A_KILL = 45;
/** One recorder of so many is a whole web app, which takes five times as long to start. */
const WHOLE_APP_EACH = 5;
/** Longest wait for a process to start on a busy machine, ms. */
const START_MS = 120_000;
const SCRIPT = join(projectRoot, 'test/support/fixtures/recorder-alone.mjs');
const SETTLED: readonly string[] = ['completed', 'failed', 'cancelled'];

describe('when the process that records is killed again and again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roost-history-'));
  const file = join(folder, 'history.db');
  const random = seededRandom(20_261_123);
  let redis: RedisServer;
  let commands: Redis;
  let build: ScratchBuild;
  /** Answers the clients; it keeps a history of its own and is left alone. */
  let door: RunningApp;
  let api: ApiClient;
  let workers: RunningApp[];
  const recorders = new Set<TestProcess>();

  const env = (more: Record<string, string>) => ({ REDIS_URL: redis.url, ...more });

  async function startWebApp(): Promise<void> {
    recorders.add(await startApp('web', env({ HISTORY_URL: `file:${file}` }), build.folder));
  }

  async function startRecorder(): Promise<void> {
    const options: RecorderOptions = {
      ...{ file, redis: { REDIS_URL: redis.url } as RecorderOptions['redis'], prefix: 'roost' },
      ...{ queues: ['default', 'cpu'], maxAgeMs: {}, maxCount: {} },
    };
    const args = [SCRIPT, build.folder, JSON.stringify(options)];
    const recorder = new TestProcess('recorder', process.execPath, args, { cwd: folder, ipc: true });
    await recorder.waitForMessage('ready');
    recorders.add(recorder);
  }

  beforeAll(async () => {
    redis = await RedisServer.start();
    commands = new Redis(redis.url);
    build = new ScratchBuild('task-types-story', { bundled: true });
    const own = { HISTORY_URL: `file:${join(folder, 'door.db')}` };
    [door] = await Promise.all([startApp('web', env(own), build.folder), startWebApp(), startRecorder()]);
    api = new ApiClient(door.url!);
    workers = await Promise.all(
      ['one', 'two'].map((name) =>
        startApp('worker', env({ WORKER_NAME: name, ...DEFAULT_QUEUE_ONLY }), build.folder),
      ),
    );
  });

  afterAll(async () => {
    await Promise.all([door, ...workers, ...recorders].map((app) => app.stop()));
    commands.disconnect();
    await redis.remove();
    build.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  async function submitOne(i: number): Promise<string> {
    const kind = random();
    if (kind < 0.5) return (await api.submit('divide', { x: i, y: 4 })).id;
    if (kind < 0.65) return (await api.submit('divide', { x: i, y: 0 })).id;
    if (kind < 0.8) return (await api.submit('flaky', { failures: 1 + (i % 3), steps: 1 })).id;
    if (kind < 0.9) return (await api.submit('process-text', { text: `text ${i}`, operation: 'upper' })).id;
    const { id } = await api.submit('divide', { x: i, y: 4 }, { delayMs: 600_000 });
    await api.call('POST', `/api/v1/tasks/${id}/cancel`, { reason: 'not wanted' });
    return id;
  }

  it('has every task in the state the clients were told, once, with all its attempts', async () => {
    const ids: string[] = [];
    let isOver = false;
    let kills = 0;
    const starts: Promise<void>[] = [];
    const load = (async () => {
      for (let i = 0; !isOver; i++) {
        if (ids.length > (kills + 1) * TASKS_A_KILL) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          continue;
        }
        ids.push(...(await Promise.all([submitOne(3 * i), submitOne(3 * i + 1), submitOne(3 * i + 2)])));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();

    const engine = new RecordingEngine({ file });
    const storeId = engine.storeId;
    const places = new Set<string>();
    for (; kills < KILLS; kills++) {
      const place = engine.cursors().default;
      const victim = await until(
        'one of them records',
        async () => {
          const pid = (await holderOf(commands, storeId))?.holder?.pid;
          return [...recorders].find((app) => app.pid === pid);
        },
        START_MS,
      );
      await until('it has recorded something', () => engine.cursors().default !== place, START_MS);
      // The moment is what is random here.
      await new Promise((resolve) => setTimeout(resolve, random() * 300));
      recorders.delete(victim);
      expect(await victim.kill()).toEqual({ code: null, signal: 'SIGKILL' });
      places.add(engine.cursors().default!);
      starts.push(kills % WHOLE_APP_EACH === 0 ? startWebApp() : startRecorder());
    }
    await Promise.all(starts);
    expect(places.size).toBe(KILLS);
    isOver = true;
    await load;

    const told = new Map<string, { task: TaskView; attempts: AttemptView[] }>();
    for (const id of ids) {
      const task = await api.inState(id, ['completed', 'failed', 'cancelled']);
      const { items } = await api.get<{ items: AttemptView[] }>(`/api/v1/tasks/${id}/attempts`);
      told.set(id, { task, attempts: items });
    }
    await until('all of them are recorded', () => {
      const { byState, total } = engine.counts(null, Date.now());
      const settled = SETTLED.reduce((sum, state) => sum + (byState[state as 'completed'] ?? 0), 0);
      return total === ids.length && settled === total;
    });

    const counts = engine.counts(null, Date.now());
    expect({ total: counts.total, byState: counts.byState, byType: counts.byType }).toEqual({
      total: ids.length,
      byState: countBy([...told.values()].map(({ task }) => task.state)),
      byType: countBy([...told.values()].map(({ task }) => task.type)),
    });
    for (const [id, { task, attempts }] of told) {
      const kept = engine.get(id, task.queue)!;
      expect({ id, state: kept.state, type: kept.type, made: kept.attemptsMade, input: kept.input }).toEqual({
        id,
        state: task.state,
        type: task.type,
        made: task.attempts.made,
        input: JSON.stringify(task.input),
      });
      expect(kept.result).toEqual(task.result === undefined ? null : JSON.stringify(task.result));
      expect(
        engine.attempts(id, task.queue).map(({ number, outcome, worker }) => ({ number, outcome, worker })),
      ).toEqual(attempts.map(({ number, outcome, worker = null }) => ({ number, outcome, worker })));
    }
    // Counted once each, however often it was read.
    const [numbers] = engine.numbers({ from: 0, to: Date.now() + 60_000, step: 'all' });
    expect(numbers).toMatchObject({
      added: ids.length,
      completed: counts.byState.completed,
      failed: counts.byState.failed,
    });
    expect([...told.values()].some(({ attempts }) => attempts.length === 3)).toBe(true);
    engine.close();
  });
});

function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
