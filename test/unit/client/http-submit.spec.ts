import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { OutcomeUnknownError, Roost, RoostClientError } from '../../../src/client.js';
import { FakeServer, json, lost, problem, type Arrived } from './fake-server.js';

const TASK = { id: 't1', type: 'divide', state: 'waiting' };
const DIVIDE = { x: 1, y: 2 };

describe('a client over HTTP', () => {
  let server: FakeServer;
  let roosts: Roost[] = [];

  beforeAll(async () => void (server = await FakeServer.start()));
  afterAll(() => server.stop());
  afterEach(async () => {
    await Promise.all(roosts.map((roost) => roost.close()));
    roosts = [];
  });

  const connect = async (
    options: { retryForMs?: number; token?: string; requestTimeoutMs?: number } = {},
  ) => {
    const roost = await Roost.connect(server.url, { check: false, ...options });
    roosts.push(roost);
    return roost;
  };
  const keysOf = (arrived: Arrived[]) => arrived.map(({ headers }) => headers['idempotency-key']);
  const errorOf = async (promise: Promise<unknown>): Promise<RoostClientError> => {
    const error = await promise.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(RoostClientError);
    return error as RoostClientError;
  };

  describe('submit', () => {
    it('sends input, options and a key of its own, with the token', async () => {
      server.answer(json(202, TASK));
      const roost = await connect({ token: 'roost_1_x' });
      const runAt = new Date('2030-01-01T00:00:00Z');
      const task = await roost.task('divide').submit(DIVIDE, { runAt, priority: 3, tags: ['a'] });
      expect(task.id).toBe('t1');
      expect(task.accepted).toEqual(TASK);
      const [{ method, path, headers, body }] = server.arrived as [Arrived];
      expect([method, path]).toEqual(['POST', '/api/v1/tasks']);
      expect(headers.authorization).toBe('Bearer roost_1_x');
      expect(headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
      expect(body).toEqual({
        type: 'divide',
        input: DIVIDE,
        options: { runAt: '2030-01-01T00:00:00.000Z', priority: 3, tags: ['a'] },
      });
    });

    it('sends no options where there are none, and the own key', async () => {
      server.answer(json(202, TASK));
      await (await connect()).task('divide').submit(DIVIDE, { idempotencyKey: 'mine' });
      expect(server.arrived[0]!.body).toEqual({ type: 'divide', input: DIVIDE });
      expect(keysOf(server.arrived)).toEqual(['mine']);
    });

    it('repeats it with the same key after a lost answer', async () => {
      server.answer(lost, lost, json(200, TASK));
      const task = await (await connect()).task('divide').submit(DIVIDE);
      expect(task.id).toBe('t1');
      expect(server.arrived).toHaveLength(3);
      expect(new Set(keysOf(server.arrived)).size).toBe(1);
    });

    it('repeats it after a 503 and a 429, not before the time that the server asks for', async () => {
      server.answer(
        problem(503, 'REDIS_UNAVAILABLE', {}, { 'retry-after': '1' }),
        problem(429, 'QUEUE_FULL'),
        json(202, TASK),
      );
      const startedAt = performance.now();
      await (await connect()).task('divide').submit(DIVIDE);
      expect(performance.now() - startedAt).toBeGreaterThan(990);
      expect(new Set(keysOf(server.arrived)).size).toBe(1);
    });

    it('does not wait for a time after its own limit', async () => {
      server.answer(problem(429, 'QUEUE_FULL', {}, { 'retry-after': '3600' }));
      const error = await errorOf((await connect()).task('divide').submit(DIVIDE));
      expect(error).toMatchObject({ code: 'QUEUE_FULL', status: 429, name: 'RoostClientError' });
      expect(server.arrived).toHaveLength(1);
    });

    it.each([
      ['lost answers', lost],
      ['a 503 of a Redis that does not answer', problem(503, 'REDIS_UNAVAILABLE')],
      ['a 502 of a proxy', json(502, {})],
      ['a fault of the server', problem(500, 'INTERNAL')],
    ])('does not know the outcome after %s', async (_, answer) => {
      server.answer(answer);
      const roost = await connect({ retryForMs: 300 });
      const error = await errorOf(roost.task('divide').submit(DIVIDE, { idempotencyKey: 'mine' }));
      expect(error).toBeInstanceOf(OutcomeUnknownError);
      expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', idempotencyKey: 'mine' });
    });

    it('does not know the outcome where no answer came in time', async () => {
      server.answer(() => undefined);
      const roost = await connect({ retryForMs: 0, requestTimeoutMs: 100 });
      const error = await errorOf(roost.task('divide').submit(DIVIDE));
      expect(error).toBeInstanceOf(OutcomeUnknownError);
      expect(error.message).toMatch(
        /^The outcome of POST \/api\/v1\/tasks is unknown: .* did not answer within 100 ms\. Submit it again with the same idempotencyKey\.$/,
      );
    });

    it('does not know the outcome where the token is refused after a lost answer', async () => {
      server.answer(lost, problem(401, 'UNAUTHENTICATED'));
      const error = await errorOf((await connect()).task('divide').submit(DIVIDE));
      expect(error).toBeInstanceOf(OutcomeUnknownError);
    });

    it.each([
      ['STORAGE_FULL', 503],
      ['SHUTTING_DOWN', 503],
      ['QUEUE_FULL', 429],
    ])('knows that nothing was accepted after %s', async (code, status) => {
      server.answer(problem(status, code));
      const error = await errorOf((await connect({ retryForMs: 200 })).task('divide').submit(DIVIDE));
      expect(error).not.toBeInstanceOf(OutcomeUnknownError);
      expect(error.code).toBe(code);
    });

    it('reports a refusal with its fields and the id of the request, without a repeat', async () => {
      const fields = [{ path: 'input.x', message: 'must be a number' }];
      server.answer(problem(422, 'INPUT_INVALID', { fields, requestId: 'r1', hint: 7 }));
      const error = await errorOf((await connect()).task('divide').submit({ x: 'no' }));
      expect(error).toMatchObject({
        ...{ code: 'INPUT_INVALID', message: 'It is INPUT_INVALID.', status: 422, requestId: 'r1' },
        ...{ fields, details: { hint: 7 } },
      });
      expect(server.arrived).toHaveLength(1);
    });

    it('refuses an input that JSON would change, and sends nothing', async () => {
      server.answer(json(202, TASK));
      const error = await errorOf((await connect()).task('divide').submit({ x: new Map(), y: 1 }));
      expect(error.code).toBe('INPUT_INVALID');
      expect(error.fields).toEqual([{ path: 'input.x', message: expect.stringContaining('is a Map') }]);
      expect(server.arrived).toEqual([]);
    });

    it('ends with the signal: its reason where nothing was sent, else the outcome is unknown', async () => {
      server.answer(() => undefined);
      const client = (await connect()).task('divide');
      const reason = new Error('enough');
      await expect(client.submit(DIVIDE, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect(server.arrived).toEqual([]);
      const controller = new AbortController();
      server.answer(() => controller.abort(reason));
      const error = await errorOf(client.submit(DIVIDE, { signal: controller.signal }));
      expect(error).toBeInstanceOf(OutcomeUnknownError);
      expect(error.cause).toBe(reason);
    });

    it('ends with `close`, and takes nothing afterwards', async () => {
      const roost = await connect();
      server.answer(() => void roost.close());
      expect(await errorOf(roost.task('divide').submit(DIVIDE))).toBeInstanceOf(OutcomeUnknownError);
      expect((await errorOf(roost.task('divide').submit(DIVIDE))).code).toBe('CLIENT_CLOSED');
    });
  });

  describe('submitMany', () => {
    const accepted = (arrived: Arrived, from = 0) =>
      (arrived.body as unknown[]).map((_, i) => ({ line: i + 1, ok: true, id: `t${from + i}` }));
    const lineKeys = ({ body }: Arrived) =>
      (body as { idempotencyKey: string }[]).map(({ idempotencyKey }) => idempotencyKey);

    it('sends chunks of 1,000, each line with its own key', async () => {
      server.answer((res, arrived) => json(202, { items: accepted(arrived) })(res, arrived));
      const inputs = Array.from({ length: 2500 }, (_, x) => ({ x, y: 1 }));
      const outcomes = await (await connect()).task('divide').submitMany(inputs, { tags: ['many'] });
      expect(server.arrived.map(({ body }) => (body as unknown[]).length)).toEqual([1000, 1000, 500]);
      expect(new Set(server.arrived.flatMap(lineKeys)).size).toBe(2500);
      expect(server.arrived[2]!.body[499]).toMatchObject({
        ...{ type: 'divide', input: { x: 2499, y: 1 }, options: { tags: ['many'] } },
      });
      expect(outcomes).toHaveLength(2500);
      expect(outcomes.every(({ ok }) => ok)).toBe(true);
    });

    it('keeps bodies below the limit of the server', async () => {
      server.answer((res, arrived) => json(202, { items: accepted(arrived) })(res, arrived));
      const inputs = Array.from({ length: 20 }, () => ({ text: 'x'.repeat(250_000) }));
      const outcomes = await (await connect()).task('process-text').submitMany(inputs);
      expect(server.arrived.length).toBeGreaterThan(1);
      for (const { headers } of server.arrived)
        expect(Number(headers['content-length'])).toBeLessThan(4_000_000);
      expect(outcomes.filter(({ ok }) => ok)).toHaveLength(20);
    });

    it('repeats a chunk after a lost answer with the same keys', async () => {
      server.answer(lost, (res, arrived) => json(202, { items: accepted(arrived) })(res, arrived));
      const outcomes = await (await connect()).task('divide').submitMany([DIVIDE, DIVIDE]);
      expect(outcomes.map(({ ok }) => ok)).toEqual([true, true]);
      expect(lineKeys(server.arrived[1]!)).toEqual(lineKeys(server.arrived[0]!));
    });

    it('reports bad lines, sends the lines again that were refused for the moment', async () => {
      const refusal = (code: string) => ({ ok: false, error: { code, detail: `It is ${code}.` } });
      server.answer(
        json(202, { items: [{ ok: true, id: 't0' }, refusal('INPUT_INVALID'), refusal('QUEUE_FULL')] }),
        (res, arrived) => json(202, { items: accepted(arrived, 2) })(res, arrived),
      );
      const outcomes = await (
        await connect()
      )
        .task('divide')
        .submitMany([DIVIDE, { x: 'no' }, { x: 3, y: 3 }]);
      expect(outcomes).toMatchObject([
        { ok: true, task: { id: 't0' } },
        { ok: false, error: { code: 'INPUT_INVALID', status: 422 } },
        { ok: true, task: { id: 't2' } },
      ]);
      expect(server.arrived[1]!.body).toMatchObject([{ input: { x: 3, y: 3 } }]);
      expect(lineKeys(server.arrived[1]!)).toEqual([lineKeys(server.arrived[0]!)[2]]);
    });

    it('takes the outcome of each line from a refusal of all', async () => {
      const items = ['INPUT_INVALID', 'TASK_TYPE_UNKNOWN'].map((code) => ({
        ok: false,
        error: { code, detail: 'no' },
      }));
      server.answer(problem(422, 'REQUEST_INVALID', { items }));
      const outcomes = await (await connect()).task('divide').submitMany([DIVIDE, DIVIDE]);
      expect(outcomes).toMatchObject([
        { error: { code: 'INPUT_INVALID' } },
        { error: { code: 'TASK_TYPE_UNKNOWN' } },
      ]);
    });

    it('reports an unknown outcome of each line, and of what was accepted before it', async () => {
      server.answer((res, arrived) => json(202, { items: accepted(arrived) })(res, arrived), lost);
      const roost = await connect({ retryForMs: 200 });
      const outcomes = await roost.task('divide').submitMany(Array.from({ length: 1002 }, () => DIVIDE));
      expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1000);
      const keys = lineKeys(server.arrived[1]!);
      for (const [i, outcome] of outcomes.slice(1000).entries()) {
        const error = outcome.ok ? undefined : outcome.error;
        expect(error).toBeInstanceOf(OutcomeUnknownError);
        expect((error as OutcomeUnknownError).idempotencyKey).toBe(keys[i]);
        expect(error!.message).toMatch(/Submit it again with the same idempotencyKey\.$/);
      }
    });

    it('takes keys and options per task in `submitEach`', async () => {
      server.answer((res, arrived) => json(202, { items: accepted(arrived) })(res, arrived));
      await (await connect()).task('divide').submitEach(
        [
          { input: DIVIDE, idempotencyKey: 'a', priority: 1 },
          { input: DIVIDE, idempotencyKey: 'b' },
        ],
        { tags: ['each'] },
      );
      expect(server.arrived[0]!.body).toMatchObject([
        { idempotencyKey: 'a', options: { priority: 1, tags: ['each'] } },
        { idempotencyKey: 'b', options: { tags: ['each'] } },
      ]);
    });
  });
});
