import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { codesOf, ContractClient } from '../support/api-contract.js';
import { expectGoodProblem } from '../support/expect-problem.js';
import { provoke } from '../support/provoke.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

const DIVIDE = { type: 'divide', input: { x: 10, y: 2 } };
const LATER = { delayMs: 3_600_000 };
/** 10 s, so that it can be caught in the middle. */
const SLOW = { x: 1, y: 7, digits: 50, stepDelayMs: 200 };

describe('the API in need', () => {
  let roost: Roost;
  let api: ContractClient;
  let redis: Redis;

  beforeAll(async () => {
    roost = await Roost.start({ env: DEFAULT_QUEUE_ONLY });
    redis = new Redis(roost.redis.url);
    api = await ContractClient.of(roost.url);
  });

  afterAll(async () => {
    redis.disconnect();
    await roost.stop();
  });

  const submit = async (body: object) => (await api.post('/api/v1/tasks', body)).body.id as string;
  const settled = async () => (await api.post('/api/v1/tasks?wait=10', DIVIDE)).body.id as string;
  const running = async () => {
    const id = await submit({ type: 'divide', input: SLOW });
    await until('it runs', async () => (await api.get(`/api/v1/tasks/${id}`)).body.state === 'active');
    return id;
  };
  const worker = async () => (await api.get('/api/v1/workers')).body.items[0].id as string;

  it('accepts nothing new where Redis is full; what is there can be seen, moved and removed', async () => {
    const failed = (await api.post('/api/v1/tasks?wait=10', { type: 'divide', input: { x: 1, y: 0 } })).body
      .id as string;
    const [promoted, cancelled, removed] = await Promise.all(
      [1, 2, 3].map(() => submit({ ...DIVIDE, options: LATER })),
    );
    const ids = { done: await running(), gone: failed, running: failed, worker: await worker(), group: '' };
    await redis.config('SET', 'maxmemory', '1');
    try {
      for (const call of api.contract.calls.filter((one) => codesOf(one).includes('STORAGE_FULL'))) {
        const answer = await provoke(api, call, 'STORAGE_FULL', ids);
        expect([call.path, answer.body?.code]).toEqual([call.path, 'STORAGE_FULL']);
        expectGoodProblem(answer);
      }
      const bulk = (await api.post('/api/v1/tasks/bulk', [DIVIDE, {}])).body;
      expect(bulk).toMatchObject({
        accepted: 0,
        items: [{ error: { code: 'STORAGE_FULL' } }, { error: { code: 'REQUEST_INVALID' } }],
      });
      await until('the monitor warns of it', async () => {
        // Refused anew each time: the warning goes some time after the last refusal.
        await api.post('/api/v1/tasks', DIVIDE);
        const { warnings } = (await api.get('/api/v1/monitor')).body as { warnings: { code: string }[] };
        return warnings.some(({ code }) => code === 'STORAGE_FULL');
      });
      expect((await api.post(`/api/v1/tasks/${cancelled}/cancel`)).body.state).toBe('cancelled');
      expect((await api.post(`/api/v1/tasks/${promoted}/promote`)).status).toBe(200);
      expect((await api.post(`/api/v1/tasks/${failed}/retry`)).status).toBe(200);
      expect((await api.call('DELETE', `/api/v1/tasks/${removed}`)).status).toBe(204);
      expect((await api.post('/api/v1/queues/cpu/resume')).body.paused).toBeNull();
    } finally {
      await redis.config('SET', 'maxmemory', '0');
    }
  });

  it('says within 2 s that Redis does not answer', async () => {
    const done = await settled();
    const workerId = await worker();
    roost.redis.freeze();
    try {
      // Tokens are made by who is signed in; nobody is here.
      const calls = api.contract.calls.filter(
        (call) => codesOf(call).includes('REDIS_UNAVAILABLE') && !call.path.startsWith('/api/v1/tokens'),
      );
      const answers = await Promise.all(
        calls.map((call) =>
          provoke(api, call, 'REDIS_UNAVAILABLE', {
            done,
            gone: done,
            running: done,
            worker: workerId,
            group: '',
          }),
        ),
      );
      for (const [i, answer] of answers.entries()) {
        expect([calls[i]!.path, answer.body?.code]).toEqual([calls[i]!.path, 'REDIS_UNAVAILABLE']);
        expect(answer.ms).toBeLessThan(20_000);
        expectGoodProblem(answer);
      }
    } finally {
      roost.redis.thaw();
    }
    await until('ready again', async () => (await api.get('/health/ready')).status === 200);
  });

  it('shows that a frozen worker does not answer, and that the command was withdrawn', async () => {
    const id = await worker();
    roost.freezeWorker();
    const answer = await api.post(`/api/v1/workers/${id}/ping`);
    roost.thawWorker();
    expect(answer.body).toMatchObject({ status: 504, code: 'WORKER_NO_ANSWER' });
    expectGoodProblem(answer);
  });
});
