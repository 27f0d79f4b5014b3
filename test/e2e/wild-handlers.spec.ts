import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AttemptView, LogLine, TaskView } from '../../src/model/task-view.js';
import { ApiClient } from '../support/api-client.js';
import { startApp, type RunningApp } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { ScratchBuild } from '../support/scratch-build.js';
import { until } from '../support/until.js';

const OUTCOMES: TaskView['state'][] = ['completed', 'failed'];
/** On a machine that does many other things a process takes long to start. */
const WAIT_MS = 120_000;
const TEST_MS = 5 * 60_000;
const TYPES = ['wild', 'wild-isolated'];
const LETTING_GO = ['timers', 'once', 'execFile', 'abort-event', 'wrapped', 'unrelated'];
/** Names and a message by which BullMQ's own code steers a queue. */
const COMMANDS: [deed: string, name: string, message: string][] = [
  ...['DelayedError', 'WaitingError', 'WaitingChildrenError', 'RateLimitError', 'UnrecoverableError'].map(
    (name): [string, string, string] => [name, name, `mine, named ${name}`],
  ),
  ['rateLimitExceeded', 'Error', 'bullmq:rateLimitExceeded'],
];

/** Deeds of a handler that end its worker, with the error of its task. */
const FATAL: [deed: string, name: string, message: RegExp][] = [
  ['throw-in-timer', 'RangeError', /^from a timer$/],
  ['error-event', 'Error', /ECONNREFUSED/],
  ['exit', 'ProcessEndError', /^The handler called process\.exit\(0\)/],
  ['exit-config', 'ProcessEndError', /^The handler called process\.exit\(78\)/],
  ['sigterm', 'ProcessEndError', /^The handler called process\.kill\(\d+, "SIGTERM"\)/],
];

describe('handlers that go wrong', () => {
  let build: ScratchBuild;
  let redis: RedisServer;
  let web: RunningApp;
  let api: ApiClient;
  let worker: RunningApp | undefined;
  let isUsual = false;

  const startWorker = async (more: Record<string, string> = {}) => {
    await worker?.stop();
    isUsual = Object.keys(more).length === 0;
    const env = { REDIS_URL: redis.url, WORKER_CONCURRENCY: '20', ...more };
    return (worker = await startApp('worker', env, build.folder));
  };
  /** The one that runs, with the usual settings, or a new one. */
  const usualWorker = async () => (isUsual && worker?.isRunning ? worker : startWorker());
  const submit = (type: string, deed: string, options?: object) => api.submit(type, { deed }, options);
  const ended = (id: string) => api.inState(id, OUTCOMES, WAIT_MS);
  const logsOf = async (id: string) =>
    (await api.get<{ items: LogLine[] }>(`/api/v1/tasks/${id}/logs`)).items.map(({ text }) => text);
  const attemptsOf = async (id: string) =>
    (await api.get<{ items: AttemptView[] }>(`/api/v1/tasks/${id}/attempts`)).items;
  const begun = (id: string) => until(`${id} has begun`, async () => (await logsOf(id)).length > 0, WAIT_MS);

  beforeAll(async () => {
    build = new ScratchBuild('task-types-wild', { bundled: true });
    redis = await RedisServer.start();
    // The worker with the settings of the first test.
    [web] = await Promise.all([
      startApp('web', { REDIS_URL: redis.url }, build.folder),
      startWorker({ SHUTDOWN_TIMEOUT_MS: '6000' }),
    ]);
    api = new ApiClient(web.url!);
  }, TEST_MS);

  afterAll(async () => {
    await Promise.all([web.stop(), worker?.stop()]);
    await redis.remove();
    build.remove();
  });

  /** Runs that a handler put off are no attempts, and there is an end to them. */
  const expectLater = async (type: string) => {
    const [patient, endless, odd] = await Promise.all([
      submit(type, 'later', { attempts: 1 }),
      submit(type, 'later-for-ever', { attempts: 1 }),
      submit(type, 'later-by-half', { attempts: 1 }),
    ]);
    expect(await ended(patient.id)).toMatchObject({
      state: 'completed',
      result: 1,
      attempts: { made: 1, max: 1 },
    });
    const runs = await attemptsOf(patient.id);
    expect(runs.map(({ outcome }) => outcome)).toEqual([...Array(3).fill('postponed'), 'completed']);
    expect(runs[0]!.error).toMatchObject({ name: 'RetryLaterError', message: 'not ready, run 1' });
    expect(await ended(endless.id)).toMatchObject({
      state: 'failed',
      error: { message: 'It asked to run again later more than 100 times: never ready' },
    });
    expect(await attemptsOf(endless.id)).toHaveLength(101);
    expect(await ended(odd.id)).toMatchObject({
      state: 'failed',
      error: { message: expect.stringContaining('with a delay of NaN ms') },
    });
    const again = await api.call('POST', `/api/v1/tasks/${endless.id}/retry`);
    expect(again.status).toBe(200);
    await until('it is put off anew', async () => (await attemptsOf(endless.id)).length > 110, WAIT_MS);
    await api.call('POST', `/api/v1/tasks/${endless.id}/cancel`);
  };

  it(
    'give their tasks back when the worker stops, whatever they throw then',
    async () => {
      const stopping = worker!;
      const ids: string[] = [];
      for (const deed of LETTING_GO) ids.push((await submit('wild', deed, { attempts: 1 })).id);
      // A process each, which costs seconds on a busy machine.
      for (const deed of ['timers', 'wrapped'])
        ids.push((await submit('wild-isolated', deed, { attempts: 1 })).id);
      for (const id of ids) await begun(id);
      await stopping.stop();
      for (const id of ids) {
        expect(await api.task(id)).toMatchObject({ state: 'waiting', attempts: { made: 0, max: 1 } });
        await api.call('POST', `/api/v1/tasks/${id}/cancel`);
      }
    },
    TEST_MS,
  );

  it(
    'that listen to nothing: their tasks are back in the queue when the time of a stop is over',
    async () => {
      const stopping = await startWorker({ SHUTDOWN_TIMEOUT_MS: '1500' });
      const ids = await Promise.all(TYPES.map(async (type) => (await submit(type, 'deaf')).id));
      for (const id of ids) await begun(id);
      expect((await stopping.stop()).code).toBe(1);
      for (const id of ids) {
        expect(await api.task(id)).toMatchObject({ state: 'waiting', attempts: { made: 0 } });
        await api.call('POST', `/api/v1/tasks/${id}/cancel`);
      }
    },
    TEST_MS,
  );

  it(
    'do not steer the queue by what they throw or return',
    async () => {
      await usualWorker();
      for (const type of TYPES) {
        const tasks = await Promise.all(
          COMMANDS.map(async ([deed]) => (await submit(type, deed, { attempts: 2 })).id),
        );
        for (const [i, [, name, message]] of COMMANDS.entries()) {
          expect(await ended(tasks[i]!)).toMatchObject({
            state: 'failed',
            attempts: { made: 2 },
            error: { name, message },
          });
          // No more and no less than its attempts.
          expect(await logsOf(tasks[i]!)).toHaveLength(2);
        }
        await expectLater(type);
        const lost = await submit(type, 'lost-result', { attempts: 3 });
        expect(await ended(lost.id)).toMatchObject({
          attempts: { made: 1 },
          error: {
            code: 'RESULT_NOT_JSON',
            message: expect.stringMatching(
              /^The result cannot be stored: result\.users is a Map.*Object\.fromEntries/,
            ),
          },
        });
        const odd = await submit(type, 'result-that-throws-later');
        expect(await ended(odd.id)).toMatchObject({ state: 'completed', result: 'once' });
        expect(await ended((await submit(type, 'good')).id)).toMatchObject({ state: 'completed' });
      }
    },
    TEST_MS,
  );

  it(
    'fail alone for an unhandled promise rejection; nothing else notices',
    async () => {
      const { pid } = await usualWorker();
      const beside = await Promise.all(TYPES.map((type) => submit(type, 'hold')));
      for (const { id } of beside) await begun(id);
      const bad = await submit('wild', 'rejection', { attempts: 2 });
      expect(await ended(bad.id)).toMatchObject({
        state: 'failed',
        attempts: { made: 2 },
        error: {
          name: 'TypeError',
          message: 'nobody waits for me',
          stack: expect.stringContaining('deeds.ts'),
        },
      });
      expect(await logsOf(bad.id)).toContain('Unhandled promise rejection: TypeError: nobody waits for me');
      const late = await submit('wild', 'late-rejection');
      await worker!.waitForOutput(/unhandled promise rejection of a task that has ended/);
      expect(await ended(late.id)).toMatchObject({ state: 'completed', result: late.id });
      for (const { id } of beside) {
        expect(await api.task(id)).toMatchObject({ state: 'active' });
        expect(await logsOf(id)).toEqual(['hold']);
        await api.call('POST', `/api/v1/tasks/${id}/cancel`);
      }
      expect(worker).toMatchObject({ pid, isRunning: true });
    },
    TEST_MS,
  );

  it(
    "end their worker, at nobody else's cost",
    async () => {
      for (const [deed, name, message] of FATAL) {
        const dying = await usualWorker();
        const beside = await Promise.all(
          (deed === 'exit' ? TYPES : ['wild']).map((type) => submit(type, 'hold')),
        );
        for (const { id } of beside) await begun(id);
        const bad = await submit('wild', deed);
        expect(await dying.ended).toEqual({ code: 1, signal: null });
        // Before there is another worker.
        const { state, attempts, error } = await api.task(bad.id);
        expect({ state, made: attempts.made, name: error?.name }).toEqual({ state: 'failed', made: 1, name });
        expect(error?.message).toMatch(message);
        for (const { id } of beside) {
          expect(await api.task(id)).toMatchObject({ state: 'waiting', attempts: { made: 0 } });
        }
        await startWorker();
        for (const { id } of beside) {
          expect(await ended(id)).toMatchObject({
            state: 'completed',
            result: 'again',
            attempts: { made: 1 },
          });
        }
      }
    },
    TEST_MS,
  );

  it(
    'and throw after their end: the task that runs then is given back',
    async () => {
      const dying = await usualWorker();
      const beside = await submit('wild', 'hold');
      await begun(beside.id);
      const late = await submit('wild', 'late-throw');
      expect((await dying.ended).code).toBe(1);
      expect(await api.task(late.id)).toMatchObject({ state: 'completed' });
      expect(await api.task(beside.id)).toMatchObject({ state: 'waiting', attempts: { made: 0 } });

      await startWorker({ WORKER_CONCURRENCY: '1' });
      expect(await ended(beside.id)).toMatchObject({ state: 'completed', attempts: { made: 1 } });
      // One after the other in the same process of theirs.
      for (const deed of ['late-throw', 'late-exit']) {
        const first = await submit('wild-isolated', deed);
        const second = await submit('wild-isolated', 'hold');
        expect(await ended(first.id)).toMatchObject({ state: 'completed' });
        expect(await ended(second.id)).toMatchObject({ state: 'completed', attempts: { made: 1 } });
        expect(await logsOf(second.id)).toEqual(['hold', 'hold']);
      }
      const first = await submit('wild-isolated', 'late-rejection');
      const second = await submit('wild-isolated', 'linger');
      expect(await ended(first.id)).toMatchObject({ state: 'completed' });
      expect(await ended(second.id)).toMatchObject({ state: 'completed', result: 'lingered' });
      await worker!.waitForOutput(
        /An unhandled promise rejection, left behind by an earlier task: TypeError: late/,
      );
      expect(await logsOf(second.id)).toEqual(['linger']);
    },
    TEST_MS,
  );
});
