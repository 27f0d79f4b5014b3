import { afterEach, describe, expect, it } from '@jest/globals';
import { NO_REDACTION } from '../../../../src/platform/redaction/redaction.js';
import { SharedClock } from '../../../../src/platform/clock.js';
import type { TaskState } from '../../../../src/model/states.js';
import type { HistoryTask } from '../../../../src/history/ports/rows.js';
import { TaskQueries } from '../../../../src/tasks/task-queries.js';
import { WaitingReasonsService } from '../../../../src/tasks/waiting-reasons.service.js';
import { PagesBench } from '../pages-bench.js';
import { sampleTask } from '../page-models/samples.js';

const ID = 't1hq7vabcdefghjkmnpqrs42ab';
const QUEUE = { name: 'default', toKey: (id: string) => `roost:default:${id}` };
const FAILURE = { name: 'Error', message: 'boom' };

/** Counts the calls of each method. */
class Counts {
  readonly of: Record<string, number> = {};

  counting<T extends object>(name: string, target: T): T {
    return new Proxy(target, {
      get:
        (methods, method: string) =>
        (...args: unknown[]) => {
          this.of[`${name}.${method}`] = (this.of[`${name}.${method}`] ?? 0) + 1;
          return (methods as Record<string, (...args: unknown[]) => unknown>)[method]!(...args);
        },
    });
  }
}

/** Queries on a Redis that has one task in this state, or does not have it, and a history that has it. */
function queriesOf(
  counts: Counts,
  { state, isInRedis }: { state: TaskState; isInRedis: boolean },
): TaskQueries {
  const isFailed = state === 'failed';
  const record = { id: ID, queue: 'default', state, createdAt: 1, data: '{}' };
  const view = sampleTask({
    id: ID,
    state,
    error: isFailed ? FAILURE : null,
    progress: { percent: 50 },
    ...(isFailed ? {} : { finishedAt: undefined, result: undefined }),
  });
  const reader = counts.counting('redis', {
    find: async () => (isInRedis ? { queue: QUEUE, record } : undefined),
    view: async () => view,
    attempts: async () => [{ number: 1, startedAt: view.startedAt, outcome: 'failed', error: FAILURE }],
    logs: async () => ({ items: [], total: 0 }),
    listIds: async () => [],
    views: async () => [],
  });
  const row: HistoryTask = {
    ...{
      id: ID,
      queue: 'default',
      type: 'divide',
      state,
      tags: [],
      priority: 0,
      options: null,
      origin: null,
    },
    ...{ input: '{}', inputCut: false, inputBytes: 2, result: null, resultCut: false, resultBytes: 0 },
    ...{ error: isFailed ? FAILURE : null, errorGroup: 'f1', progress: { percent: 50 }, cancelled: null },
    ...{ attemptsMade: 1, attemptsMax: 1, worker: 'host-1', waitMs: 1, runMs: 1 },
    ...{ createdAt: 1, delayUntil: null, expiresAt: null, startedAt: 2, finishedAt: isFailed ? 3 : null },
  };
  const history = counts.counting('history', {
    get: async () => row,
    attempts: async () => [],
    transitions: async () => [],
    logs: async () => ({ items: [], total: 0 }),
    progress: async () => [],
    similarRuns: async () => [],
    error: async () => ({ fingerprint: 'f1', count: 3 }),
  });
  const redis = { hget: async () => null, llen: async () => 0, lpos: async () => 0 };
  const fake = <T>(parts: object) => parts as T;
  type Waiting = ConstructorParameters<typeof WaitingReasonsService>;
  const waitingReasons = new WaitingReasonsService(
    fake<Waiting[0]>(reader),
    fake<Waiting[1]>({
      base: () => 'roost:default:',
      getHold: async () => ({ paused: null, concurrency: null, rateLimit: null, active: 0 }),
      findFlow: async () => undefined,
    }),
    fake<Waiting[2]>({ getHold: async () => ({ slots: [] }), isHeld: async () => false }),
    fake<Waiting[3]>({ list: async () => [] }),
    fake<Waiting[4]>({}),
    fake<Waiting[5]>(redis),
    fake<Waiting[6]>({}),
    new SharedClock(),
  );
  type Parts = ConstructorParameters<typeof TaskQueries>;
  return new TaskQueries(
    fake<Parts[0]>(reader),
    fake<Parts[1]>({}),
    fake<Parts[2]>(history),
    fake<Parts[3]>({ caughtUp: async () => true }),
    fake<Parts[4]>(redis),
    fake<Parts[5]>({}),
    fake<Parts[6]>({ commandsOf: async () => undefined }),
    waitingReasons,
    NO_REDACTION,
  );
}

describe('one drawing of the page of a task', () => {
  let bench: PagesBench | undefined;
  afterEach(() => bench?.stop());

  async function draw(task: { state: TaskState; isInRedis: boolean }) {
    const counts = new Counts();
    bench = new PagesBench(queriesOf(counts, task));
    await bench.start();
    const { status, html } = await bench.get(`/tasks/${ID}?log=all`);
    expect(status).toBe(200);
    return { counts: counts.of, html };
  }

  const FROM_HISTORY = {
    'history.get': 1,
    'history.attempts': 1,
    'history.transitions': 1,
    'history.progress': 1,
    'history.similarRuns': 1,
    'history.error': 1,
  };
  const FROM_REDIS = { 'redis.find': 1, 'redis.view': 1, 'redis.attempts': 1, 'redis.logs': 1 };

  it('loads each part of a task in Redis once', async () => {
    const { counts, html } = await draw({ state: 'failed', isInRedis: true });
    expect(counts).toEqual({ ...FROM_HISTORY, ...FROM_REDIS });
    expect(html).toContain('boom');
  });

  it('loads nothing again to say why the task waits', async () => {
    const { counts, html } = await draw({ state: 'delayed', isInRedis: true });
    // The tasks that run in its queue.
    expect(counts).toEqual({ ...FROM_HISTORY, ...FROM_REDIS, 'redis.listIds': 1, 'redis.views': 2 });
    expect(html).toContain('boom');
  });

  it('loads each part of a task that only the history has once', async () => {
    const { counts } = await draw({ state: 'failed', isInRedis: false });
    expect(counts).toEqual({ ...FROM_HISTORY, 'redis.find': 1, 'history.logs': 1 });
  });
});
