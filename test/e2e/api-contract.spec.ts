import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { ERRORS, type ErrorCode } from '../../src/model/errors.js';
import { REDIS_CODES } from '../../src/bullmq/connection/redis-errors.js';
import { codesOf, ContractClient } from '../support/api-contract.js';
import { expectGoodProblem } from '../support/expect-problem.js';
import { provoke, request } from '../support/provoke.js';
import { registeredRoutes } from '../support/registered-routes.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';

const DIVIDE = { type: 'divide', input: { x: 10, y: 2 } };
const LATER = { delayMs: 3_600_000 };
/** 10 s, so that it can be caught in the middle. */
const SLOW = { x: 1, y: 7, digits: 50, stepDelayMs: 200 };
/** Bodies of calls that need one. */
const ORDERS: Record<string, object> = {
  'POST concurrency': { value: 8, reason: 'contract' },
  'POST rate-limit': { max: 1000, perMs: 1000, forMs: 60_000 },
  'POST clean': { state: 'expired', olderThanMs: 0 },
  'PUT {type}': {
    rate: { max: 1000, perMs: 1000 },
    hardTimeoutMs: 600_000,
    forMs: 600_000,
    reason: 'contract',
  },
};
/** Streams never end, and a worker has to be gone first. */
const UNTRIED = [
  'GET /api/v1/events',
  'GET /api/v1/tasks/{id}/events',
  'DELETE /api/v1/workers/{id}',
  'DELETE /api/v1/searches/{id}',
  // Without users nobody can make one: access-tokens.spec.ts does.
  'POST /api/v1/tokens',
  'DELETE /api/v1/tokens/{id}',
  // Without users nobody is signed in: access-sessions.spec.ts ends logins.
  'DELETE /api/v1/sessions/{id}',
];
/** Where it comes from is no matter of the request: nothing here can bring it about. */
const NOT_PROVOKED: ErrorCode[] = [
  ...(['INTERNAL', 'HISTORY_UNAVAILABLE', 'WORKER_NO_ANSWER', 'SHUTTING_DOWN'] as const),
  // For access-routes.spec.ts, which has users.
  ...(['UNAUTHENTICATED', 'FORBIDDEN', 'READ_ONLY', 'CSRF_TOKEN_INVALID'] as const),
  ...(['HOST_REFUSED', 'TOO_MANY_REQUESTS', 'QUEUE_FULL'] as const),
];

/** Needs an input longer than the history keeps whole, of a task that Redis has dropped. */
const INPUT_NOT_WHOLE = 'GET /api/v1/tasks/{id}/input TASK_STATE_CONFLICT';

describe('the OpenAPI document', () => {
  let roost: Roost;
  let api: ContractClient;
  let redis: Redis;

  beforeAll(async () => {
    roost = await Roost.start();
    redis = new Redis(roost.redis.url);
    api = await ContractClient.of(roost.url);
  });

  afterAll(async () => {
    redis.disconnect();
    await roost.stop();
  });

  const submit = async (body: object = DIVIDE) => (await api.post('/api/v1/tasks', body)).body.id as string;
  const settled = async () => (await api.post('/api/v1/tasks?wait=10', DIVIDE)).body.id as string;
  const running = async () => {
    const id = await submit({ type: 'divide', input: SLOW });
    await until('it runs', async () => (await api.get(`/api/v1/tasks/${id}`)).body.state === 'active');
    return id;
  };
  const deleted = async () => {
    const id = await settled();
    await api.call('DELETE', `/api/v1/tasks/${id}`);
    return id;
  };

  const group = async () => {
    await api.post('/api/v1/tasks?wait=10', { type: 'divide', input: { x: 1, y: 0 } });
    const groups = () =>
      api.get('/api/v1/errors').then(({ body }) => body.items as { fingerprint: string }[]);
    await until('its failure is recorded', async () => (await groups()).length > 0);
    return (await groups())[0]!.fingerprint;
  };
  const worker = async () => (await api.get('/api/v1/workers')).body.items[0].id as string;

  it('holds exactly the routes of the app', async () => {
    const documented = api.contract.calls.map(({ method, path }) => `${method} ${path}`);
    const registered = (await registeredRoutes(roost)).filter((route) => / \/(api\/v1|health)\//.test(route));
    expect(registered.sort()).toEqual(documented.sort());
  });

  it('is whole: ids differ, examples fit their schemas, path parameters are declared', () => {
    const { calls, document } = api.contract;
    const ids = calls.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const found: string[] = [];
    for (const [where, schema, value] of examplesIn(document)) {
      const problem = api.contract.problemWith(schema, value);
      if (problem) found.push(`${where}: ${problem}`);
    }
    expect(found).toEqual([]);
    expect(Object.keys((document as { info: object }).info)).toContain('version');
    const { description } = (document as { info: { description: string } }).info;
    for (const code of Object.keys(ERRORS)) expect(description).toContain(`id="${code}"`);
  });

  it('takes every example of a task that it shows', async () => {
    const { requestBody } = api.contract.find('POST', '/api/v1/tasks').operation as {
      requestBody: { content: Record<string, { examples: Record<string, { value: object }> }> };
    };
    const examples = Object.values(requestBody.content['application/json']!.examples);
    expect(examples.length).toBeGreaterThanOrEqual(4);
    for (const { value } of examples) expect((await api.post('/api/v1/tasks', value)).status).toBe(202);
  });

  it('has every success as it really comes', async () => {
    const done = await settled();
    const failed = (await api.post('/api/v1/tasks?wait=10', { type: 'divide', input: { x: 1, y: 0 } })).body;
    expect(failed).toMatchObject({ state: 'failed', attempts: { made: 1, max: 1 } });
    expect(failed.error.message).toMatch(/Division by zero/);
    const delayed = await submit({ ...DIVIDE, options: LATER });
    const id = await worker();
    const successes: [string, string, number][] = [
      ['GET', '/api/v1/task-types', 200],
      ['GET', '/api/v1/tasks', 200],
      ['GET', '/api/v1/tasks?state=failed,completed&limit=2&type=divide&queue=default', 200],
      ['GET', '/api/v1/tasks?q=input.x:%3E1&from=1h&sort=-run', 200],
      ['GET', '/api/v1/tasks/suggest?q=type:d&at=6', 200],
      ['GET', '/api/v1/tasks/export?format=csv&state=failed', 200],
      ['GET', `/api/v1/tasks/${done}`, 200],
      ['GET', `/api/v1/tasks/${failed.id}?wait=1`, 200],
      ['GET', `/api/v1/tasks/${delayed}`, 200],
      ['GET', `/api/v1/tasks/${done}/logs?after=0&limit=10`, 200],
      ['GET', `/api/v1/tasks/${failed.id}/attempts`, 200],
      ['GET', `/api/v1/tasks/${failed.id}/transitions`, 200],
      ['POST', `/api/v1/tasks/${failed.id}/retry`, 200],
      ['POST', `/api/v1/tasks/${delayed}/cancel`, 200],
      ['GET', `/api/v1/tasks/${delayed}`, 200],
      ['GET', `/api/v1/tasks/${delayed}/transitions`, 200],
      ['POST', `/api/v1/tasks/${await submit({ ...DIVIDE, options: LATER })}/promote`, 200],
      ['DELETE', `/api/v1/tasks/${await settled()}`, 204],
      ['DELETE', `/api/v1/tasks/${await settled()}?undoMs=600000`, 202],
      ['GET', '/api/v1/monitor', 200],
      ['GET', '/api/v1/audit?outcome=done&limit=5', 200],
      ['GET', '/api/v1/audit/export?permission=tasks.submit', 200],
      ['GET', '/api/v1/queues', 200],
      ['GET', '/api/v1/queues/cpu', 200],
      ['POST', '/api/v1/queues/cpu/pause', 200],
      ['GET', '/api/v1/queues/cpu', 200],
      ['POST', '/api/v1/queues/cpu/resume', 200],
      ['POST', '/api/v1/queues/cpu/drain', 200],
      ['POST', '/api/v1/queues/cpu/promote', 200],
      ['GET', '/api/v1/limits', 200],
      ['GET', '/api/v1/limits/divide', 200],
      ['GET', `/api/v1/tasks/${failed.id}/why`, 200],
      ['GET', `/api/v1/tasks/${await submit({ ...DIVIDE, options: LATER })}/why`, 200],
      ['GET', '/api/v1/workers', 200],
      ['GET', `/api/v1/workers/${id}`, 200],
      ['GET', `/api/v1/workers/${id}/samples`, 200],
      ['POST', `/api/v1/workers/${id}/ping`, 200],
      ['GET', '/health/live', 200],
      ['GET', '/health/ready', 200],
    ];
    for (const [method, path, status] of successes) {
      expect([method, path, (await api.call(method, path)).status]).toEqual([method, path, status]);
    }
    expect((await api.post('/api/v1/tasks/bulk', [DIVIDE])).status).toBe(202);
    const bulkPath = '/api/v1/bulk-actions';
    const order = { action: 'delete', q: 'type:none', undoMs: 600_000, reason: 'to see it' };
    expect((await api.post(bulkPath, { ...order, dryRun: true })).status).toBe(200);
    const bulk = (await api.post(bulkPath, order)).body;
    for (const part of ['', '/outcomes?limit=5'])
      expect((await api.get(`${bulkPath}/${bulk.id}${part}`)).status).toBe(200);
    expect((await api.post(`${bulkPath}/${bulk.id}/abort`)).status).toBe(200);
    const other = await submit({ ...DIVIDE, options: LATER });
    expect((await api.post(`/api/v1/tasks/${other}/move`, { queue: 'cpu' })).body.queue).toBe('cpu');
    // Operations that the list does not name need no more than the document shows.
    const ids = { done, gone: done, running: done, worker: id, group: await group() };
    for (const call of api.contract.calls) {
      const name = `${call.method} ${call.path}`;
      if ([...api.answered].some((answer) => answer.startsWith(`${name} 2`)) || UNTRIED.includes(name))
        continue;
      const { path, body } = request(call, ids);
      expect([name, (await api.call(call.method, path, body)).body]).toEqual([
        name,
        expect.not.objectContaining({ code: expect.anything() }),
      ]);
    }
    const search = (await api.post('/api/v1/searches', { name: 'All', q: '' })).body;
    expect((await api.call('DELETE', `/api/v1/searches/${search.id}`)).status).toBe(204);
    const everybody = await api.post('/api/v1/workers/commands/concurrency', {
      ids: 'all',
      queue: 'cpu',
      concurrency: 3,
    });
    expect(everybody.body.items).toMatchObject([{ id, ok: true }]);
    expect((await api.post(`/api/v1/tasks/${await running()}/cancel`)).body.state).toBe('cancelled');
    for (const [call, body] of Object.entries(ORDERS)) {
      const [method, word] = call.split(' ') as [string, string];
      const path = method === 'PUT' ? '/api/v1/limits/divide' : `/api/v1/queues/cpu/${word}`;
      expect([path, (await api.call(method, path, body)).status]).toEqual([path, 200]);
    }
    expect((await api.get('/api/v1/queues/cpu')).body.rateLimit).toMatchObject({ max: 1000, by: 'api' });
    expect((await api.post('/api/v1/queues/cpu/concurrency', { value: null })).status).toBe(200);
    expect((await api.post('/api/v1/queues/cpu/rate-limit', { max: null })).status).toBe(200);
    expect((await api.call('DELETE', '/api/v1/limits/divide')).body.override).toBeNull();
  });

  it('holds for the jobs of other programs and for what somebody has damaged in Redis', async () => {
    const base = 'roost:default:';
    const broken = [
      '',
      '{',
      'null',
      '5',
      '[]',
      '{"roost":1,"input":{"__proto__":{"polluted":1}},"tags":{}}',
      '\u0000',
    ];
    for (const [i, value] of broken.entries()) {
      const hash = {
        data: value,
        opts: value,
        timestamp: value,
        processedOn: value,
        ats: '2',
        progress: value,
        returnvalue: value,
      };
      const more = {
        failedReason: value,
        stacktrace: value,
        finishedOn: String(Date.now()),
        'roost:attempt:1': value,
        'roost:mark': value,
      };
      await redis.hset(`${base}bad:${i}`, { name: '<b>x</b>\n', ...hash, ...more });
      await redis.rpush(
        `${base}bad:${i}:logs`,
        value,
        '{"text":5}',
        '{"text":"t","at":5,"level":"loud","attempt":"x"}',
      );
      await redis.zadd(`${base}${i % 2 ? 'failed' : 'completed'}`, Date.now(), `bad:${i}`);
    }
    await redis.hset(`${base}mail-1`, {
      name: 'mail',
      data: '{"to":"ada"}',
      opts: '{}',
      timestamp: '1790000000000',
      finishedOn: '1790000000000',
    });
    await redis.zadd(`${base}completed`, 1_790_000_000_000, 'mail-1');
    await redis.zadd(`${base}failed`, 1, 'only-an-id');

    expect((await api.get('/api/v1/tasks?limit=200')).status).toBe(200);
    expect((await api.get('/api/v1/monitor')).status).toBe(200);
    expect((await api.get('/api/v1/tasks/mail-1')).body).toMatchObject({
      type: 'mail',
      input: { to: 'ada' },
    });
    for (const id of broken.map((_, i) => `bad:${i}`)) {
      for (const part of ['', '/logs', '/attempts', '/transitions']) {
        expect([id, part, (await api.get(`/api/v1/tasks/${id}${part}`)).status]).toEqual([id, part, 200]);
      }
      for (const verb of ['cancel', 'promote', 'retry'])
        expect((await api.post(`/api/v1/tasks/${id}/${verb}`)).status).toBeLessThan(500);
    }
    // A worker that cannot even read a job goes on with the next.
    for (const id of broken.map((_, i) => `bad:${i}`))
      expect((await api.call('DELETE', `/api/v1/tasks/${id}`)).status).toBeLessThan(500);
    expect((await api.post('/api/v1/tasks?wait=10', DIVIDE)).body.state).toBe('completed');
  });

  it('names, for every call, the refusals that really come', async () => {
    const ids = {
      done: await settled(),
      gone: await deleted(),
      running: await running(),
      worker: await worker(),
      group: await group(),
    };
    // A queue of another program.
    await redis.hset('bull:mail:meta', 'version', 'bullmq:6.0.0');
    const missed: string[] = [];
    for (const call of api.contract.calls) {
      for (const code of codesOf(call)) {
        if (NOT_PROVOKED.includes(code) || REDIS_CODES.has(code)) continue;
        if (`${call.method} ${call.path} ${code}` === INPUT_NOT_WHOLE) continue;
        const answer = await provoke(api, call, code, ids);
        if (answer.body?.code === code) expectGoodProblem(answer);
        else missed.push(`${call.method} ${call.path} ${code}: ${answer.status} ${answer.body?.code ?? ''}`);
      }
    }
    expect(missed).toEqual([]);
    await api.call('POST', `/api/v1/queues/default/resume`);
  });
});

/** Every example in the document, with the schema it belongs to. */
function* examplesIn(value: unknown, where = ''): Generator<[string, Record<string, unknown>, unknown]> {
  if (typeof value !== 'object' || value === null) return;
  const { schema, examples } = value as { schema?: Record<string, unknown>; examples?: unknown };
  if (schema && examples && !Array.isArray(examples)) {
    for (const [name, { value: example }] of Object.entries(examples as Record<string, { value: unknown }>)) {
      yield [`${where}/examples/${name}`, schema, example];
    }
  }
  if (Array.isArray(examples))
    for (const example of examples) yield [where, value as Record<string, unknown>, example];
  for (const [key, member] of Object.entries(value)) yield* examplesIn(member, `${where}/${key}`);
}
