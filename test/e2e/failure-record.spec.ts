import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Queue, Worker, type Job, type Processor } from 'bullmq';
import { Redis } from 'ioredis';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AttemptView, LogLine, TaskView } from '../../src/model/task-view.js';
import type { ErrorGroupView } from '../../src/monitoring/error-groups/error-groups.openapi.js';
import type { ProgressSample } from '../../src/model/task-view.js';
import { ApiClient } from '../support/api-client.js';
import { EventStream, type StreamEvent } from '../support/event-stream.js';
import { projectRoot, startApp, type RunningApp } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { ScratchBuild } from '../support/scratch-build.js';
import { until } from '../support/until.js';

const FAILURES = join(projectRoot, 'test/support/fixtures/task-types-failing/failing/failures.ts');

/** Matches a stack that names the line of the TypeScript file which has this code. */
function madeAt(code: string): unknown {
  const line =
    1 +
    readFileSync(FAILURES, 'utf8')
      .split('\n')
      .findIndex((text) => text.includes(code));
  return expect.stringContaining(`src/task-types/failing/failures.ts:${line}:`);
}

const OF_MAIL = `?queue=${encodeURIComponent('bull:mail')}`;

describe('what a failure leaves behind', () => {
  let build: ScratchBuild;
  let redis: RedisServer;
  let apps: RunningApp[] = [];
  let folder: string;
  let api: ApiClient;

  beforeAll(async () => {
    build = new ScratchBuild('task-types-failing');
    redis = await RedisServer.start();
    folder = mkdtempSync(join(tmpdir(), 'roost-failure-'));
    const env = { REDIS_URL: redis.url, HISTORY_URL: `file:${join(folder, 'history.db')}`, LOG_DIR: folder };
    apps = await Promise.all([startApp('web', env, build.folder), startApp('worker', env, build.folder)]);
    api = new ApiClient(apps[0]!.url!);
  });

  afterAll(async () => {
    await Promise.all(apps.map((app) => app.stop()));
    await redis?.remove();
    build?.remove();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const endings: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of endings.splice(0)) await end();
  });

  /** Queue `mail` of another program, with a worker; both end with the test. */
  function mailQueue(run: Processor): Queue {
    const connection = { url: redis.url };
    const queue = new Queue('mail', { connection });
    const worker = new Worker('mail', run, { connection });
    endings.push(
      () => worker.close(true),
      () => queue.close(),
    );
    return queue;
  }

  const attemptsOf = async (id: string, of = '') =>
    (await api.get<{ items: AttemptView[] }>(`/api/v1/tasks/${id}/attempts${of}`)).items;

  /** Its end as the history has it: what Redis has of it is taken away. */
  async function dropped(id: string): Promise<TaskView> {
    await until(`${id} is recorded`, async () => {
      const { items } = await api.get<{ items: TaskView[] }>(`/api/v1/tasks?q=id:${id}`);
      return ['completed', 'failed'].includes(items[0]?.state ?? '');
    });
    const client = new Redis(redis.url);
    // As Redis drops it by its retention, of which no event tells.
    await client.del(`roost:default:${id}`);
    client.disconnect();
    return api.task(id);
  }

  describe.each(['failing', 'failing-isolated'])('of %s', (type) => {
    const known: Record<string, TaskView> = {};

    const REFUSED = /^connect ECONNREFUSED 127\.0\.0\.1:\d+$/;
    const ERRORS: Record<string, object> = {
      caused: {
        name: 'Error',
        message: 'the order was not sent',
        stack: madeAt("Error('the order"),
        cause: {
          ...{ name: 'TypeError', message: 'no address', stack: madeAt("TypeError('no address") },
          cause: { name: 'Error', message: 'row 7 is empty', code: 'E_ROW' },
        },
      },
      fetch: {
        ...{ name: 'TypeError', message: 'fetch failed' },
        cause: {
          ...{ name: 'Error', code: 'ECONNREFUSED', message: expect.stringMatching(REFUSED) },
          details: { syscall: 'connect', address: '127.0.0.1', port: expect.any(Number) },
        },
      },
      aggregate: {
        name: 'AggregateError',
        errors: [
          { name: 'Error', message: 'mirror one' },
          { name: 'RangeError', message: 'mirror two' },
        ],
      },
      cycle: { message: 'in a cycle', cause: { message: 'and back' } },
      realm: { name: 'RangeError', message: 'from afar', cause: { name: 'TypeError', message: 'farther' } },
      axios: { name: 'AxiosError', code: 'ERR_BAD_RESPONSE', details: { response: { status: 503 } } },
      text: { message: 'just a text' },
      nothing: { message: expect.stringContaining('threw undefined') },
      colours: { message: 'expected green', cause: { message: 'bold cause' } },
    };

    beforeAll(async () => {
      await Promise.all(
        Object.keys(ERRORS).map(async (what) => {
          const { id } = await api.submit(type, { what });
          known[what] = await api.inState(id, ['failed']);
        }),
      );
    });

    const found = async (q: string) => {
      const answer = await api.get<{ items: TaskView[] }>(`/api/v1/tasks?q=${encodeURIComponent(q)}`);
      return answer.items.map(({ id }) => id);
    };

    it('has all of it: causes, inner errors, codes and properties, and no secrets', async () => {
      for (const [what, error] of Object.entries(ERRORS)) {
        const { id } = known[what]!;
        expect({ what, error: known[what]!.error }).toMatchObject({ what, error });
        expect((await attemptsOf(id))[0]).toMatchObject({ outcome: 'failed', error });
      }
      expect(JSON.stringify(known.axios!.error)).not.toMatch(/s3cr3t|pa55word|k3y-of|hunter22|session=abc/);
      expect(JSON.stringify(known.colours!.error)).not.toContain('u001b');
    });

    it('is found by words and by codes of what caused it', async () => {
      const { id } = known.caused!;
      const of = `type:${type}`;
      await until('it is recorded', async () => (await found(`${of} id:${id} state:failed`)).length > 0);
      for (const q of ['"row 7 is empty"', 'error:"no address"', 'error.code:e_row', 'error.code:E_R*'])
        expect({ q, ids: await found(`${of} ${q}`) }).toEqual({ q, ids: [id] });
      await until('the other is recorded', async () => (await found(`${of} ECONNREFUSED`)).length > 0);
      expect(await found(`${of} error.code:ECONNREFUSED`)).toEqual([known.fetch!.id]);
      expect(await found(`${of} error.code:E_OTHER`)).toEqual([]);
    });

    it('belongs to the group of its last cause', async () => {
      const group = await until('there is a group', async () => {
        const { items } = await api.get<{ items: ErrorGroupView[] }>(`/api/v1/errors?type=${type}&q=fetch`);
        return items.find(({ sample }) => sample.startsWith('fetch failed'));
      });
      expect(group).toMatchObject({ name: 'Error', message: 'connect ECONNREFUSED <n>' });
      const page = await (await api.call('GET', group.links.page)).text();
      expect(page).toContain('caused by');
    });

    it('has its log lines without colours, and they are found by their words', async () => {
      const { id, links } = known.caused!;
      const { items } = await api.get<{ items: LogLine[] }>(links.logs);
      expect(items.map(({ text }) => text)).toEqual(['start 1 red link']);
      await until('they are found', async () => (await found(`type:${type} log:"red link"`)).includes(id));
      expect(await (await api.call('GET', links.page)).text()).not.toContain('\u001b');
    });

    it('stands on the page, and in the log by names and codes', async () => {
      const page = await (await api.call('GET', known.fetch!.links.page)).text();
      expect(page).toContain('fetch failed');
      expect(page).toMatch(/caused by.*ECONNREFUSED/s);
      const logged = readFileSync(join(folder, 'worker.log'), 'utf8').split('\n');
      const line = logged.find((one) => one.includes(known.fetch!.id))!;
      expect(JSON.parse(line)).toMatchObject({ error: 'TypeError, caused by Error ECONNREFUSED' });
    });

    it('is whole in the history once Redis has dropped it', async () => {
      for (const what of ['caused', 'aggregate', 'axios']) {
        const task = await dropped(known[what]!.id);
        expect(task).toMatchObject({ kept: 'history', error: ERRORS[what] });
        expect((await attemptsOf(task.id))[0]).toMatchObject({ outcome: 'failed', error: ERRORS[what] });
      }
    });
  });

  it('leaves beside it what another program reported, be it an object or a text', async () => {
    const steps: (() => void)[] = [];
    const next = () => new Promise<void>((resolve) => steps.push(resolve));
    const run = async (job: Job) => {
      await job.log('\u001b[32mgreen\u001b[0m light');
      await job.updateProgress({ step: 'copy', pct: 40 });
      await next();
      await job.updateProgress('half way');
      await next();
      return 'sent';
    };
    const { id } = await mailQueue(run).add('letter', {});
    const self = `/api/v1/tasks/${id}${OF_MAIL}`;
    const reported = (progress: object) =>
      until('it has reported', async () => {
        const task = await api.get(self);
        return JSON.stringify(task.progress) === JSON.stringify(progress) && task;
      });
    const task = await reported({ percent: 40, details: { step: 'copy', pct: 40 } });
    const page = async () => (await api.call('GET', task.links.page)).text();
    expect(await page()).toMatch(/<dt>step<\/dt><dd>copy<\/dd>/);
    const stream = await EventStream.open(api.url + task.links.events);
    await until('it holds', () => steps.length > 0);
    steps.shift()!();
    const isHalf = ({ data }: StreamEvent) => (data.progress ?? data.task?.progress)?.message === 'half way';
    await stream.waitFor(isHalf);
    stream.close();
    await reported({ percent: null, message: 'half way' });
    expect(await page()).toContain('half way');
    await until('it holds again', () => steps.length > 0);
    steps.shift()!();
    await until('it is sent', async () => (await api.get(self)).state === 'completed');
    // Samples come from the history, which may be behind what Redis says of the task.
    const items = await until('the last progress is recorded', async () => {
      const answer = await api.get<{ items: ProgressSample[] }>(`/api/v1/tasks/${id}/progress${OF_MAIL}`);
      return answer.items.at(-1)?.message === 'half way' && answer.items;
    });
    expect(items[0]).toMatchObject({ percent: 40, details: { step: 'copy', pct: 40 } });
    expect(items.at(-1)).toMatchObject({ percent: null });
    const logs = await api.get<{ items: LogLine[] }>(`/api/v1/tasks/${id}/logs${OF_MAIL}`);
    expect(logs.items.map(({ text }) => text)).toEqual(['green light']);
  });

  describe('after a retry by hand', () => {
    const failure = {
      outcome: 'failed',
      runMs: expect.any(Number),
      error: { name: 'Error', message: 'just so', stack: expect.stringMatching(/failing\.task\.ts:\d+/) },
    };

    it.each(['failing', 'failing-isolated'])('the attempts of %s before it stay failed', async (type) => {
      const { id } = await api.submit(type, { starts: 2 });
      for (const verb of ['retry', 'bulk']) {
        await api.inState(id, ['failed']);
        const answer =
          verb === 'retry'
            ? await api.call('POST', `/api/v1/tasks/${id}/retry`)
            : await api.call('POST', '/api/v1/bulk-actions', { action: 'retry', ids: [id] });
        expect(answer.ok).toBe(true);
      }
      await api.inState(id, ['completed']);
      const live = await attemptsOf(id);
      expect(live).toMatchObject([failure, failure, { outcome: 'completed' }]);
      expect(await dropped(id)).toMatchObject({ kept: 'history', state: 'completed' });
      expect(await attemptsOf(id)).toMatchObject([failure, failure, { outcome: 'completed' }]);
    });

    it('one that was cancelled while it ran stays cancelled', async () => {
      const { id } = await api.submit('failing', { what: 'held', starts: 1 });
      await until('it has reported', async () => (await api.task(id)).progress !== null);
      await api.call('POST', `/api/v1/tasks/${id}/cancel`);
      await api.inState(id, ['cancelled']);
      await api.call('POST', `/api/v1/tasks/${id}/retry`);
      await api.inState(id, ['completed']);
      expect((await attemptsOf(id)).map(({ outcome }) => outcome)).toEqual(['cancelled', 'completed']);
    });

    it('so do those of another program', async () => {
      let runs = 0;
      const run = async () => {
        if (++runs < 3) throw new Error('just so');
        return 'sent';
      };
      const { id } = await mailQueue(run).add('letter', {});
      const inState = (state: string) =>
        until(
          `the letter is ${state}`,
          async () => (await api.get(`/api/v1/tasks/${id}${OF_MAIL}`)).state === state,
        );
      for (let i = 0; i < 2; i++) {
        await inState('failed');
        expect((await api.call('POST', `/api/v1/tasks/${id}/retry${OF_MAIL}`)).status).toBe(200);
      }
      await inState('completed');
      const error = { message: 'just so', stack: expect.stringContaining('at ') };
      expect(await attemptsOf(id!, OF_MAIL)).toMatchObject([
        { outcome: 'failed', error },
        { outcome: 'failed', error },
        { outcome: 'completed' },
      ]);
    });
  });
});
