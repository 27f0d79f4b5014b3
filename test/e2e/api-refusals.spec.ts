import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { newTaskId } from '../../src/bullmq/task-ids.js';
import { ContractClient, type Answer } from '../support/api-contract.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

const TASKS = '/api/v1/tasks';
const JSON_TYPE = { 'content-type': 'application/json' };
const input = (more: object = {}) => ({ type: 'divide', input: { x: 10, y: 2, ...more } });
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
/** Words that must turn up in no log: they stand for what people hand in and for what is secret. */
const CANARY = 'canary7f3a';

describe('a request that is not right', () => {
  let roost: Roost;
  let api: ContractClient;

  beforeAll(async () => {
    roost = await Roost.start({
      password: `${CANARY}-password`,
      env: { LOG_LEVEL: 'info', ...DEFAULT_QUEUE_ONLY },
    });
    api = await ContractClient.of(roost.url);
  });

  afterAll(() => roost.stop());

  it.each<[what: string, body: unknown, status: number, code: string, path: string, words: RegExp]>([
    ['an unknown type', { type: 'nope', input: {} }, 422, 'TASK_TYPE_UNKNOWN', 'type', /There are: .*divide/],
    [
      'a type with a typo',
      { type: 'devide', input: {} },
      422,
      'TASK_TYPE_UNKNOWN',
      'type',
      /Did you mean `divide`\?/,
    ],
    ['no type', { input: {} }, 422, 'REQUEST_INVALID', 'type', /is missing; GET \/api\/v1\/task-types/],
    ['a type that is no text', { type: 5, input: {} }, 422, 'REQUEST_INVALID', 'type', /must be the name/],
    ['no input', { type: 'divide' }, 422, 'INPUT_INVALID', 'input', /such as \{"x":10,"y":2\}/],
    [
      'a missing field',
      { type: 'divide', input: { x: 1 } },
      422,
      'INPUT_INVALID',
      'input.y',
      /is required, for example 2/,
    ],
    [
      'a wrong type of field',
      input({ digits: 'many' }),
      422,
      'INPUT_INVALID',
      'input.digits',
      /whole number from 0 to 100000/,
    ],
    ['a list for a number', input({ x: [1] }), 422, 'INPUT_INVALID', 'input.x', /must be a number/],
    ['a field too many', input({ digit: 3 }), 422, 'INPUT_INVALID', 'input.digit', /Did you mean `digits`\?/],
    [
      'a number without end',
      '{"type":"divide","input":{"x":1e999,"y":2}}',
      422,
      'INPUT_INVALID',
      'input.x',
      /not Infinity/,
    ],
    [
      'a whole number with too many digits',
      '{"type":"divide","input":{"x":9007199254740993,"y":2}}',
      422,
      'INPUT_INVALID',
      'input.x',
      /9007199254740993 would become 9007199254740992/,
    ],
    [
      'an option with too many digits',
      '{"type":"divide","input":{"x":1,"y":2},"options":{"delayMs":0.1234567890123456789}}',
      422,
      'OPTIONS_INVALID',
      'options.delayMs',
      /would become 0.12345678901234568/,
    ],
    [
      'a name twice',
      '{"type":"divide","input":{"x":1,"y":2,"x":3}}',
      400,
      'BODY_MALFORMED',
      'body.input.x',
      /stands twice/,
    ],
    [
      'a name twice, once with escapes',
      '{"type":"divide","input":{"x":1,"y":2},"\\u0074ype":"divide"}',
      400,
      'BODY_MALFORMED',
      'body.type',
      /stands twice/,
    ],
    [
      'a time that no calendar has',
      { ...input(), options: { runAt: '2027-02-30T10:00:00Z' } },
      422,
      'OPTIONS_INVALID',
      'options.runAt',
      /is no date, as that month ends with 2027-02-28/,
    ],
    [
      'BullMQ options',
      { ...input(), opts: { jobId: 'x' } },
      422,
      'REQUEST_INVALID',
      'opts',
      /Known: type, input, options/,
    ],
    ['a list', [input()], 422, 'REQUEST_INVALID', 'body', /must be an object/],
    ['null', null, 422, 'REQUEST_INVALID', 'body', /must be an object/],
    ['broken JSON', '{"type":', 400, 'BODY_MALFORMED', 'body', /is not JSON/],
    ['NaN', '{"type":"divide","input":{"x":NaN,"y":2}}', 400, 'BODY_MALFORMED', 'body', /is not JSON/],
    ['40 levels', nested(40), 400, 'BODY_MALFORMED', 'body', /more than 32 levels/],
    ['100,000 levels', nested(100_000), 400, 'BODY_MALFORMED', 'body', /more than 32 levels/],
    [
      '__proto__',
      '{"type":"divide","input":{"__proto__":{"a":1}}}',
      400,
      'BODY_MALFORMED',
      'body.input.__proto__',
      /not allowed/,
    ],
    [
      'constructor',
      '{"type":"divide","input":{"constructor":{}}}',
      400,
      'BODY_MALFORMED',
      'body.input.constructor',
      /not allowed/,
    ],
    ['nothing', '', 400, 'BODY_MALFORMED', 'body', /is missing; send application\/json/],
    ['cut-off UTF-8', Buffer.from('"\xe2\x82"', 'latin1'), 400, 'BODY_MALFORMED', 'body', /not whole UTF-8/],
    ['257 kB', `"${'x'.repeat(257 * 1024)}"`, 413, 'BODY_TOO_LARGE', 'body', /at most 262144 bytes/],
  ])('%s is refused with what would be right', async (_what, body, status, code, path, words) => {
    const answer = await api.post(TASKS, body, JSON_TYPE);
    expectRefusal(answer, status, code, path, words);
    expect(answer.ms).toBeLessThan(20_000);
  });

  it.each<
    [
      what: string,
      headers: Record<string, string>,
      body: string | Uint8Array,
      status: number,
      code: string,
      path: string,
    ]
  >([
    ['text/plain', { 'content-type': 'text/plain' }, '{}', 415, 'CONTENT_TYPE_UNSUPPORTED', 'content-type'],
    [
      'a form',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'type=divide',
      415,
      'CONTENT_TYPE_UNSUPPORTED',
      'content-type',
    ],
    [
      'latin1',
      { 'content-type': 'application/json; charset=latin1' },
      '{}',
      415,
      'CONTENT_TYPE_UNSUPPORTED',
      'content-type',
    ],
    [
      'an unknown packing',
      { ...JSON_TYPE, 'content-encoding': 'compress' },
      '{}',
      415,
      'CONTENT_TYPE_UNSUPPORTED',
      'content-encoding',
    ],
    ['gzip that is none', { ...JSON_TYPE, 'content-encoding': 'gzip' }, '{}', 400, 'BODY_MALFORMED', 'body'],
    [
      'a gzip bomb',
      { ...JSON_TYPE, 'content-encoding': 'gzip' },
      gzipSync(Buffer.alloc(20e6, 32)),
      413,
      'BODY_TOO_LARGE',
      'body',
    ],
    [
      'a key of two words too far apart',
      { ...JSON_TYPE, 'idempotency-key': 'a  b' },
      '{"type":"divide","input":{"x":1,"y":2}}',
      400,
      'HEADER_INVALID',
      'Idempotency-Key',
    ],
  ])('%s is refused', async (_what, headers, body, status, code, path) => {
    expectRefusal(await api.post(TASKS, body, headers), status, code, path, /./);
  });

  it.each(['utf-8', 'UTF8', 'utf8', '"Utf-8"', 'US-ASCII', '"utf8"; x=y'])(
    'takes a body with the charset %s',
    async (charset) => {
      const text = JSON.stringify({ type: 'process-text', input: { text: 'größer', operation: 'upper' } });
      const headers = { 'content-type': `application/json; charset=${charset}` };
      const answer = await api.post(`${TASKS}?wait=10`, text, headers);
      expect(answer.body).toMatchObject({ state: 'completed', result: { text: 'GRÖSSER' } });
    },
  );

  it.each(['iso-8859-1', 'utf-16', 'utf-7', 'nonsense'])(
    'refuses the charset %s by name',
    async (charset) => {
      for (const type of ['application/json', 'application/x-ndjson']) {
        const headers = { 'content-type': `${type}; charset=${charset}` };
        const answer = await api.post(type.endsWith('ndjson') ? `${TASKS}/bulk` : TASKS, '{}', headers);
        const words = new RegExp(`charset ${charset}; bodies are read as UTF-8`);
        expectRefusal(answer, 415, 'CONTENT_TYPE_UNSUPPORTED', 'content-type', words);
      }
    },
  );

  it('refuses altered numbers and repeated names in every other body', async () => {
    const put = (body: string) => api.call('PUT', '/api/v1/limits/divide', body, JSON_TYPE);
    expectRefusal(await put('{"concurrency":1e400}'), 422, 'REQUEST_INVALID', 'concurrency', /not Infinity/);
    expectRefusal(await put('{"reason":"a","reason":"b"}'), 400, 'BODY_MALFORMED', 'body.reason', /twice/);
    const until = '{"concurrency":1,"until":"2027-02-30T10:00:00Z"}';
    expectRefusal(await put(until), 422, 'REQUEST_INVALID', 'until', /is no date/);
  });

  it('takes a byte order mark and gzip for what they are', async () => {
    const text = JSON.stringify(input());
    expect((await api.post(TASKS, `\ufeff${text}`, JSON_TYPE)).status).toBe(202);
    expect((await api.post(TASKS, gzipSync(text), { ...JSON_TYPE, 'content-encoding': 'gzip' })).status).toBe(
      202,
    );
  });

  it.each([
    ['limit=0', 'limit', /from 1 to 200/],
    ['limit=-1', 'limit', /from 1 to 200/],
    ['limit=1e9', 'limit', /from 1 to 200/],
    ['limit=5&limit=6', 'limit', /given once only/],
    ['limt=5', 'limt', /Did you mean `limit`\?/],
    ['__proto__=1', '__proto__', /is not known here/],
    ['state=nope', 'state', /must be some of: waiting/],
    ['cursor=zzz', 'cursor', /not a cursor of this list/],
    [
      `cursor=${Buffer.from('{"before":1,"skip":1e9}').toString('base64url')}`,
      'cursor',
      /not a cursor of this list/,
    ],
  ])('a list with ?%s is refused', async (query, path, words) => {
    expectRefusal(await api.get(`${TASKS}?${query}`), 400, 'QUERY_INVALID', path, words);
  });

  it('distinguishes an id it never gave out from one it has forgotten', async () => {
    const { id } = (await api.post(`${TASKS}?wait=10`, input())).body as { id: string };
    expect((await api.call('DELETE', `${TASKS}/${id}`)).status).toBe(204);
    for (const call of ['', '/logs', '/attempts', '/transitions']) {
      expect((await api.get(`${TASKS}/${id}${call}`)).body.code).toBe('TASK_GONE');
      expect((await api.get(`${TASKS}/${newTaskId()}${call}`)).body.code).toBe('TASK_GONE');
    }
    const forged = id.slice(0, -1) + (id.endsWith('0') ? '1' : '0');
    for (const never of [
      forged,
      'nope',
      '1',
      '__proto__',
      'constructor',
      '..%2f..',
      '%00',
      'x'.repeat(5000),
    ]) {
      expect([never, (await api.get(`${TASKS}/${never}`)).status]).toEqual([never, 404]);
    }
  });

  it('names the present state where an act does not apply', async () => {
    const { id } = (await api.post(`${TASKS}?wait=10`, input())).body as { id: string };
    for (const verb of ['cancel', 'retry', 'promote']) {
      const answer = await api.post(`${TASKS}/${id}/${verb}`);
      expect(answer.body).toMatchObject({ status: 409, code: 'TASK_STATE_CONFLICT', state: 'completed' });
      expect(answer.body.detail).toMatch(
        /^The task is completed, so it cannot be (cancelled|retried|promoted)\. Only /,
      );
    }
  });

  it('has the same request id in the answer and in the logs of web and worker, and nothing of what was submitted', async () => {
    const requestId = 'spec.request:1';
    const secret = {
      'x-request-id': requestId,
      authorization: `Bearer ${CANARY}-token`,
      cookie: `session=${CANARY}-cookie`,
      'idempotency-key': `${CANARY}-key`,
    };
    const text = { text: `${CANARY} text`, operation: 'upper' };
    const done = await api.post(
      `${TASKS}?wait=10`,
      { type: 'process-text', input: text, options: { tags: [CANARY] } },
      secret,
    );
    expect(done.body).toMatchObject({ state: 'completed', result: { text: `${CANARY} TEXT`.toUpperCase() } });
    expect(done.headers.get('x-request-id')).toBe(requestId);
    // A task that has only what most tasks have: its request's id is stored in another form.
    const plain = await api.post(`${TASKS}?wait=10`, input());
    const givenId = plain.headers.get('x-request-id')!;
    const big = { text: CANARY.repeat(5000), operation: 'upper', repeat: 100 };
    const failed = await api.post(`${TASKS}?wait=10`, { type: 'process-text', input: big }, secret);
    expect(failed.body.code ?? failed.body.state).toMatch(/IDEMPOTENCY_CONFLICT/);
    await api.post(TASKS, { type: `${CANARY}-type`, input: {} }, secret);
    await api.post(TASKS, `{"${CANARY}`, { ...JSON_TYPE, ...secret });
    await api.call('GET', `${TASKS}?cursor=${CANARY}`);
    await api.post(`${TASKS}/${done.body.id}/cancel`, { reason: `${CANARY} reason` });
    const odd = await api.call('GET', '/health/live', undefined, { 'x-request-id': `${CANARY} "quoted"` });
    expect(odd.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);

    await until('both have logged it', () => {
      const { web, worker } = roost.logs();
      return [requestId, givenId].every((id) =>
        [web, worker].every((log) => log.includes(`"requestId":"${id}"`)),
      );
    });
    const { web, worker, terminal } = roost.logs();
    for (const log of [web, worker, terminal]) expect(log.toLowerCase()).not.toContain(CANARY);
    for (const line of `${web}${worker}`.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('time');
  });
});

function expectRefusal(
  { status, headers, body }: Answer,
  wanted: number,
  code: string,
  path: string,
  words: RegExp,
): void {
  expect({ status, code: body.code }).toEqual({ status: wanted, code });
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const field = (body.fields as { path: string; message: string }[]).find((one) => one.path.startsWith(path));
  expect(field?.message).toMatch(words);
  expect(body.detail).toBeTruthy();
  expect(JSON.stringify(body)).not.toMatch(/node_modules|\.[jt]s:\d|redis:\/\/|\/dist\/|canary/);
}
