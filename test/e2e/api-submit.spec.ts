import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ContractClient } from '../support/api-contract.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';

const TASKS = '/api/v1/tasks';
const DIVIDE = { type: 'divide', input: { x: 10, y: 2 } };
/** A result over its limit: a failure that no retry can help. */
const TOO_LONG = {
  type: 'process-text',
  input: { text: 'x'.repeat(100_000), operation: 'upper', repeat: 1000 },
};

describe('handing in tasks', () => {
  let roost: Roost;
  let api: ContractClient;

  beforeAll(async () => {
    // One at a time, so that the order of tasks can be seen.
    roost = await Roost.start({ env: { WORKER_CONCURRENCY: '1', WORKER_QUEUES: 'default' } });
    api = await ContractClient.of(roost.url);
  });

  afterAll(() => roost.stop());

  const submit = async (options?: object, headers?: Record<string, string>, body: object = DIVIDE) =>
    api.post(TASKS, { ...body, ...(options ? { options } : {}) }, headers);
  const task = async (id: string) => (await api.get(`${TASKS}/${id}`)).body;
  const pause = () => api.post('/api/v1/queues/default/pause');
  const resume = () => api.post('/api/v1/queues/default/resume');

  describe('with options', () => {
    it('runs after a delay, and at a time given in any zone', async () => {
      const delayed = (await submit({ delayMs: 150 })).body;
      expect(delayed).toMatchObject({ state: 'delayed', delayUntil: expect.any(String) });
      const inTwoHours = Date.now() + 7_200_000;
      // The same moment, told by a clock nine hours ahead.
      const elsewhere = new Date(inTwoHours + 9 * 3_600_000).toISOString().replace('Z', '+09:00');
      const later = (await submit({ runAt: elsewhere })).body;
      expect(Math.abs(Date.parse(later.delayUntil) - inTwoHours)).toBeLessThan(20_000);
      expect(Math.abs(Date.parse((await task(later.id)).delayUntil) - inTwoHours)).toBeLessThan(20_000);
      const done = (await api.get(`${TASKS}/${delayed.id}?wait=10`)).body;
      expect(done.state).toBe('completed');
      expect(Date.parse(done.startedAt) - Date.parse(done.createdAt)).toBeGreaterThanOrEqual(149);
      expect((await api.post(`${TASKS}/${later.id}/promote`)).status).toBe(200);
      expect((await api.get(`${TASKS}/${later.id}?wait=10`)).body.state).toBe('completed');
    });

    it('runs those without priority first, then 1 before 2', async () => {
      await pause();
      const ids: string[] = [];
      for (const priority of [2, 1, 0, 2]) ids.push((await submit({ priority })).body.id);
      await resume();
      const done = await Promise.all(ids.map(async (id) => (await api.get(`${TASKS}/${id}?wait=10`)).body));
      const order = done.sort((a, b) => a.startedAt.localeCompare(b.startedAt)).map((one) => one.priority);
      expect(order).toEqual([0, 1, 2, 2]);
    });

    it('does not try again what cannot be helped, whatever attempts are left', async () => {
      const failed = (await submit({ attempts: 5, backoff: { type: 'fixed', delayMs: 0 } }, {}, TOO_LONG))
        .body;
      const ended = (await api.get(`${TASKS}/${failed.id}?wait=20`)).body;
      expect(ended).toMatchObject({ state: 'failed', attempts: { made: 1, max: 5 } });
      expect(ended.error.name).not.toBe('UnrecoverableError');
      expect(ended.error.message).toMatch(/limit/);
    });

    it('ends as expired what has not started in time', async () => {
      await pause();
      const { id } = (await submit({ expiresAt: new Date(Date.now() + 100).toISOString(), tags: ['late'] }))
        .body;
      await until('it is expired', async () => (await task(id)).state === 'expired');
      await resume();
      expect(await task(id)).toMatchObject({ state: 'expired', tags: ['late'], attempts: { made: 0 } });
      const again = (await api.post(`${TASKS}/${id}/retry`)).body;
      expect(['waiting', 'active', 'completed']).toContain(again.state);
      expect((await api.get(`${TASKS}/${id}?wait=10`)).body.state).toBe('completed');
    });

    it('keeps tags, and who cancelled and why', async () => {
      const { id } = (await submit({ delayMs: 60_000, tags: [' one ', 'one', 'größer'] })).body;
      const cancelled = (await api.post(`${TASKS}/${id}/cancel`, { reason: 'by mistake' })).body;
      expect(cancelled).toMatchObject({
        state: 'cancelled',
        tags: ['one', 'größer'],
        cancelled: { by: 'api', reason: 'by mistake' },
      });
      expect((await api.get(`${TASKS}?state=cancelled`)).body.items[0]).toMatchObject({ id });
      expect((await api.post(`${TASKS}/${id}/cancel`)).body.state).toBe('cancelled');
    });

    it('names all that is wrong at once, in words that help', async () => {
      const options = {
        delayms: 5,
        runAt: '2026-01-01T00:00',
        priority: 1001,
        attempts: 0,
        backoff: 5,
        tags: ['', 5],
        expiresAt: 'x',
      };
      const { body } = await submit(options);
      expect(body.code).toBe('OPTIONS_INVALID');
      expect((body.fields as { path: string }[]).map(({ path }) => path).sort()).toEqual(
        ['attempts', 'backoff', 'delayms', 'expiresAt', 'priority', 'runAt', 'tags[0]', 'tags[1]'].map(
          (name) => `options.${name}`,
        ),
      );
      expect(body.detail).toMatch(/Did you mean `delayMs`\?/);
      const past = (await submit({ runAt: '2020-01-01T00:00:00Z' })).body;
      expect(past.fields).toEqual([
        { path: 'options.runAt', message: expect.stringMatching(/lies in the past/) },
      ]);
    });
  });

  describe('with an Idempotency-Key', () => {
    it('is the same task however often it comes, and another body is refused', async () => {
      const key = { 'idempotency-key': 'order 17' };
      const first = await submit(undefined, key);
      const second = await api.post(TASKS, { input: { y: 2, x: 10 }, type: 'divide' }, key);
      expect([first.status, second.status]).toEqual([202, 200]);
      expect(second.body.id).toBe(first.body.id);
      expect(second.headers.get('location')).toBe(first.headers.get('location'));
      const other = await submit({ priority: 1 }, key);
      expect(other.body).toMatchObject({ status: 409, code: 'IDEMPOTENCY_CONFLICT', task: first.body.links });
    });

    it('makes one task of twenty requests at once, and of twenty with different bodies', async () => {
      await pause();
      const before = (await api.get(`${TASKS}?limit=1`)).body.total;
      const same = await Promise.all(
        Array.from({ length: 20 }, () => submit(undefined, { 'idempotency-key': 'same' })),
      );
      expect(new Set(same.map(({ body }) => body.id)).size).toBe(1);
      const bodies = Array.from({ length: 20 }, (_, i) =>
        i % 2 ? { type: 'divide', input: { x: i, y: 1 } } : { type: 'count-primes', input: { upTo: i } },
      );
      const different = await Promise.all(
        bodies.map((body) => submit(undefined, { 'idempotency-key': 'different' }, body)),
      );
      const accepted = different.filter(({ status }) => status < 300);
      expect(accepted).toHaveLength(1);
      expect(different.filter(({ status }) => status === 409)).toHaveLength(19);
      expect((await api.get(`${TASKS}?limit=1`)).body.total).toBe(before + 2);
      await resume();
    });
  });

  describe('with ?wait', () => {
    it('answers 200 once it is settled and 202 with what there is when time is up', async () => {
      const done = await api.post(`${TASKS}?wait=10`, DIVIDE);
      expect(done).toMatchObject({ status: 200, body: { state: 'completed', result: { quotient: 5 } } });
      expect(done.ms).toBeLessThan(20_000);
      const slow = await api.post(`${TASKS}?wait=1`, { ...DIVIDE, options: { delayMs: 60_000 } });
      expect(slow).toMatchObject({ status: 202, body: { state: 'delayed' } });
      expect(slow.ms).toBeGreaterThan(900);
      await api.call('DELETE', `${TASKS}/${slow.body.id}`);
    });
  });

  describe('in bulk', () => {
    const bulk = (body: unknown, type = 'application/json', headers: Record<string, string> = {}) =>
      api.post(`${TASKS}/bulk`, body, { 'content-type': type, ...headers });

    it('accepts good lines and names bad ones, as JSON', async () => {
      const { status, body } = await bulk([
        DIVIDE,
        { type: 'devide', input: {} },
        { ...DIVIDE, input: { x: 1 } },
        5,
        DIVIDE,
      ]);
      expect(status).toBe(202);
      expect(body).toMatchObject({ accepted: 2, refused: 3 });
      expect(
        (body.items as { line: number; error?: { code: string } }[]).map(({ line, error }) => [
          line,
          error?.code,
        ]),
      ).toEqual([
        [1, undefined],
        [2, 'TASK_TYPE_UNKNOWN'],
        [3, 'INPUT_INVALID'],
        [4, 'REQUEST_INVALID'],
        [5, undefined],
      ]);
      for (const { id } of (body.items as { id?: string }[]).filter((item) => item.id)) {
        expect((await api.get(`${TASKS}/${id}?wait=10`)).body.state).toBe('completed');
      }
    });

    it('takes NDJSON, where a broken line is only its own failure', async () => {
      const line = JSON.stringify(DIVIDE);
      const { body } = await bulk(
        [line, '{"type":', '', `${line}\r`, '{"__proto__":{}}'].join('\n'),
        'application/x-ndjson',
      );
      expect(body).toMatchObject({ accepted: 2, refused: 2 });
      expect(body.items[1].error).toMatchObject({ code: 'BODY_MALFORMED', fields: [{ path: 'line' }] });
    });

    it.each(['application/json', 'application/x-ndjson'])(
      'refuses the line of which something would be changed, and takes the others: %s',
      async (type) => {
        const good = JSON.stringify(DIVIDE);
        const lines = [
          good,
          '{"type":"divide","input":{"x":1,"y":2,"x":3}}',
          '{"type":"divide","input":{"x":9007199254740993,"y":1e400}}',
          '{"type":"divide","input":{"constructor":{}}}',
          good,
        ];
        const { status, body } = await bulk(
          type === 'application/json' ? `[${lines.join(',\n')}]` : lines.join('\n'),
          type,
        );
        expect([status, body.accepted]).toEqual([202, 2]);
        expect(body.items).toMatchObject([
          { ok: true },
          { error: { code: 'BODY_MALFORMED', fields: [{ path: 'line.input.x' }] } },
          { error: { code: 'INPUT_INVALID', fields: [{ path: 'input.x' }, { path: 'input.y' }] } },
          { error: { code: 'BODY_MALFORMED', fields: [{ path: 'line.input.constructor' }] } },
          { ok: true },
        ]);
      },
    );

    it('accepts nothing twice when it is repeated with its key', async () => {
      const key = { 'idempotency-key': 'batch 1' };
      const ids = async () =>
        (await bulk([DIVIDE, DIVIDE], undefined, key)).body.items.map(({ id }: { id: string }) => id);
      const first = await ids();
      expect(new Set(first).size).toBe(2);
      expect(await ids()).toEqual(first);
    });

    it('takes keys up to their full length, and refuses a wrong one once for all lines', async () => {
      const send = (key: string) => bulk([DIVIDE, DIVIDE], undefined, { 'idempotency-key': key });
      const ids = async (key: string) => (await send(key)).body.items.map(({ id }: { id: string }) => id);
      const long = 'k'.repeat(255);
      const first = await ids(long);
      expect(new Set([...first, ...(await ids(long.slice(1)))]).size).toBe(4);
      expect(await ids(long)).toEqual(first);
      expect(await send('two  blanks')).toMatchObject({
        status: 400,
        body: { code: 'HEADER_INVALID', fields: [{ path: 'Idempotency-Key' }] },
      });
    });

    it('answers 422 with what is wrong with each line where none of them is accepted', async () => {
      const lines = [{ ...DIVIDE, input: {} }, { ...DIVIDE, idempotencyKey: '' }, 5];
      expect(await bulk(lines)).toMatchObject({
        status: 422,
        body: {
          code: 'REQUEST_INVALID',
          detail: expect.stringMatching(/^None of the 3 tasks was accepted/),
          accepted: 0,
          refused: 3,
          items: [
            { line: 1, ok: false, error: { code: 'INPUT_INVALID' } },
            { line: 2, ok: false, error: { code: 'HEADER_INVALID', fields: [{ path: 'idempotencyKey' }] } },
            { line: 3, ok: false, error: { code: 'REQUEST_INVALID' } },
          ],
        },
      });
      expect((await bulk('{}', 'application/x-ndjson')).status).toBe(422);
    });

    it('takes 1 to 1,000 tasks', async () => {
      const tasks = (count: number) => Array<object>(count).fill({ type: 'divide', input: { x: 1 } });
      const full = await bulk(tasks(1000));
      expect(full).toMatchObject({ status: 422, body: { accepted: 0, refused: 1000 } });
      for (const [body, type] of [[tasks(1001)], [[]], [{}], ['\n\n', 'application/x-ndjson']] as [
        unknown,
        string?,
      ][]) {
        const { status, body: problem } = await bulk(body, type);
        expect([status, problem.code, problem.fields[0].path]).toEqual([422, 'REQUEST_INVALID', 'body']);
      }
    });
  });
});
