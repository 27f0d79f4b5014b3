import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { TASK_STATES } from '../../src/model/states.js';
import { ApiClient } from '../support/api-client.js';
import type { RunningApp } from '../support/processes.js';
import { registeredRoutes } from '../support/registered-routes.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

const BASE = 'roost:default:';
const TIMES = 50;
const LATER = { delayMs: 3_600_000 };
const FORGED = '\n\nevent: forged\nid: forged\ndata: {"forged":true}\n\n';
/** Valid lines of a stream. */
const SSE_LINE =
  /^$|^retry: \d+$|^id: [\w.:,~-]+$|^event: (snapshot|change|state|task|progress|log|end|bye)$|^data: \{.*\}$|^: still here$/;

describe('tasks in hostile hands', () => {
  let roost: Roost;
  let second: RunningApp;
  let apis: ApiClient[];
  let api: ApiClient;
  let redis: Redis;

  beforeAll(async () => {
    roost = await Roost.start({ twoWebs: true, env: { LOG_LEVEL: 'debug', ...DEFAULT_QUEUE_ONLY } });
    second = roost.second;
    apis = [roost.url, second.url!].map((url) => new ApiClient(url));
    api = apis[0]!;
    redis = new Redis(roost.redis.url);
  });

  afterAll(async () => {
    redis.disconnect();
    await roost.stop();
  });

  describe(`${TIMES} at once do the same to one task, through two web processes (S21)`, () => {
    const all = async (method: string, path: string, body?: object) => {
      const calls = Array.from({ length: TIMES }, (_, i) => apis[i % 2]!.call(method, path, body));
      return Promise.all(
        (await Promise.all(calls)).map(async (answer) => {
          const text = await answer.text();
          return {
            status: answer.status,
            code: text ? (JSON.parse(text) as { code?: string }).code : undefined,
          };
        }),
      );
    };
    const failed = async () => {
      const { id } = await api.submit('divide', { x: 1, y: 0 });
      await api.inState(id, ['failed']);
      return id;
    };
    const events = async (id: string, name: string) =>
      (await redis.xrange(`${BASE}events`, '-', '+')).filter(([, fields]) => {
        const of = (field: string) => fields[fields.indexOf(field) + 1];
        return of('jobId') === id && of('event') === name;
      }).length;

    it('and a retry puts it back once', async () => {
      const id = await failed();
      await api.call('POST', '/api/v1/queues/default/pause');
      const answers = await all('POST', `/api/v1/tasks/${id}/retry`);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(TIMES - 1);
      expect(await redis.lrange(`${BASE}wait`, 0, -1)).toEqual([id]);
      await api.call('POST', '/api/v1/queues/default/resume');
      await api.inState(id, ['failed']);
      const { items } = await api.get<{ items: unknown[] }>(`/api/v1/tasks/${id}/attempts`);
      expect(items).toHaveLength(2);
    });

    it('and a cancel ends it once', async () => {
      const { id } = await api.submit('divide', { x: 1, y: 2 }, LATER);
      const answers = await all('POST', `/api/v1/tasks/${id}/cancel`, { reason: 'a race' });
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(
        answers.filter(({ status, code }) => status === 409 && code === 'TASK_STATE_CONFLICT'),
      ).toHaveLength(TIMES - 1);
      expect(await events(id, 'cancelled')).toBe(1);
      expect(await redis.zscore(`${BASE}delayed`, id)).toBeNull();
    });

    it('and a promote lets it run once', async () => {
      const { id } = await api.submit('divide', { x: 1, y: 2 }, LATER);
      const answers = await all('POST', `/api/v1/tasks/${id}/promote`);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(TIMES - 1);
      await api.inState(id, ['completed']);
      expect(await events(id, 'active')).toBe(1);
    });

    it('and a removal takes it away once', async () => {
      const id = await failed();
      const answers = await all('DELETE', `/api/v1/tasks/${id}`);
      expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
      // It is gone for all others: that is what there is to tell them.
      expect(answers.filter(({ status }) => status === 410 || status === 409)).toHaveLength(TIMES - 1);
      expect(await events(id, 'removed')).toBe(1);
      expect(await redis.exists(`${BASE}${id}`)).toBe(0);
    });

    it('and a bit of everything leaves it in one state, in one list', async () => {
      const id = await failed();
      const verbs = ['retry', 'cancel', 'promote', 'retry', 'cancel'];
      const calls = Array.from({ length: TIMES }, (_, i) =>
        apis[i % 2]!.call('POST', `/api/v1/tasks/${id}/${verbs[i % verbs.length]}`),
      );
      const statuses = (await Promise.all(calls)).map(({ status }) => status);
      // 202: it ran just then, and its worker has been asked to let go.
      expect(statuses.filter((status) => ![200, 202, 409].includes(status))).toEqual([]);
      await api.inState(id, ['failed', 'cancelled']);
      const sets = ['completed', 'failed', 'delayed', 'prioritized', 'cancelled', 'expired'];
      const places = await Promise.all([
        ...sets.map(async (set) => ((await redis.zscore(BASE + set, id)) === null ? 0 : 1)),
        ...['wait', 'active'].map(
          async (list) => (await redis.lrange(BASE + list, 0, -1)).filter((one) => one === id).length,
        ),
      ]);
      expect(places.reduce((sum, n) => sum + n, 0)).toBe(1);
    });
  });

  it('forge no server-sent event by what stands in names, ids and progress (S24)', async () => {
    const listen = async (path: string, headers = {}) => {
      const controller = new AbortController();
      const answer = await fetch(roost.url + path, { headers, signal: controller.signal });
      const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = '';
      return {
        hear: async (what: string) => {
          while (!text.includes(what)) {
            const { value, done } = await reader.read();
            if (done) throw new Error(`The stream ended without ${what}: ${text}`);
            text += value;
          }
          return text;
        },
        end: () => controller.abort(),
      };
    };
    const { id } = await api.submit('divide', { x: 1, y: 7, digits: 5 }, LATER);
    const streams = await Promise.all([
      listen('/api/v1/events'),
      listen(`/api/v1/tasks/${id}/events`),
      listen('/api/v1/events', { 'last-event-id': 'forged: default=1-1,\\n\\nevent: forged' }),
    ]);
    await Promise.all(streams.map(({ hear }) => hear('event: snapshot')));
    const add = (...fields: string[]) => redis.xadd(`${BASE}events`, '*', ...fields);
    await redis.hset(
      `${BASE}${id}`,
      'name',
      `divide${FORGED}`,
      'progress',
      JSON.stringify({ done: 1, total: 2, message: FORGED }),
    );
    await add(
      'event',
      'progress',
      'jobId',
      id,
      'data',
      JSON.stringify({ done: 1, total: 2, message: FORGED }),
    );
    await add('event', 'progress', 'jobId', id, 'data', FORGED);
    await add('event', 'waiting', 'jobId', `x${FORGED}`, 'prev', FORGED);
    await add('event', FORGED, 'jobId', id);
    await redis.rpush(`${BASE}${id}:logs`, FORGED, JSON.stringify({ text: FORGED, at: 5, level: FORGED }));
    await add('event', 'log', 'jobId', id);
    await redis.hset(`${BASE}${id}`, 'name', 'divide');
    const last = await api.submit('divide', { x: 1, y: 2 });
    await api.call('POST', `/api/v1/tasks/${id}/promote`);
    const heard = [
      await streams[0]!.hear(last.id),
      await streams[1]!.hear('"state":"completed"'),
      await streams[2]!.hear(last.id),
    ];
    streams.forEach(({ end }) => end());
    // It was told, as text inside of JSON.
    expect(heard.join()).toContain('event: forged\\nid: forged');
    for (const text of heard) {
      const whole = text.slice(0, text.lastIndexOf('\n\n') + 2);
      expect(whole.split('\n').filter((line) => !SSE_LINE.test(line))).toEqual([]);
      for (const line of whole.split('\n').filter((one) => one.startsWith('data: ')))
        JSON.parse(line.slice(6));
      expect(whole).not.toContain('\r');
    }
  });

  it('are inert on every page and harmless to the worker when written straight into Redis, in every state (S22)', async () => {
    const values = [
      '',
      '{',
      'null',
      '[]',
      '5',
      '"text"',
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
      '{"roost":1,"input":{"__proto__":{"polluted":1}},"tags":{}}',
      `${'['.repeat(5000)}${']'.repeat(5000)}`,
      JSON.stringify({ roost: 1, input: { x: 'x'.repeat(300_000) } }),
      '<script>alert(1)</script>',
      '\u0000\r\n\u001b[2J',
    ];
    const names = [
      '__proto__',
      'constructor',
      'toString',
      '../../../etc/passwd',
      '../x/x.task.js',
      '<script>alert(1)</script>',
      'divide',
      '',
      `divide\r\n[00:00:00.000] INFO: forged line`,
      'x'.repeat(100_000),
    ];
    const stack = JSON.stringify(
      Array.from({ length: 20 }, () => `Error: <script>alert(1)</script>\n    at ${'x'.repeat(2000)}`),
    );
    const lists: Record<string, (id: string) => Promise<unknown>> = {
      waiting: (id) => redis.lpush(`${BASE}wait`, id),
      active: (id) => redis.lpush(`${BASE}active`, id),
      delayed: (id) => redis.zadd(`${BASE}delayed`, (Date.now() + 3_600_000) * 4096, id),
      ...Object.fromEntries(
        ['completed', 'failed', 'cancelled', 'expired', 'waiting-children'].map((state) => [
          state,
          (id: string) => redis.zadd(BASE + state, Date.now(), id),
        ]),
      ),
    };
    expect(Object.keys(lists).sort()).toEqual([...TASK_STATES].sort());
    await api.call('POST', '/api/v1/queues/default/pause');
    const ids: string[] = [];
    let n = 0;
    for (const [state, put] of Object.entries(lists)) {
      for (const [i, value] of values.entries()) {
        const id = `bad-${state}-${i}`;
        const hash = {
          data: value,
          opts: value,
          progress: value,
          returnvalue: value,
          failedReason: value,
          'roost:mark': value,
          'roost:attempt:1': value,
        };
        const times = {
          timestamp: i % 2 ? value : '1790000000000',
          processedOn: value,
          finishedOn: '1790000000000',
          atm: value,
          priority: value,
          delay: value,
        };
        await redis.hset(BASE + id, {
          name: names[n++ % names.length]!,
          ...hash,
          ...times,
          stacktrace: i % 3 ? value : stack,
          'roost:state': ['cancelled', 'expired'].includes(state) ? state : '',
        });
        await redis.rpush(`${BASE}${id}:logs`, value);
        await put(id);
        ids.push(id);
      }
    }
    // Names alone, with all else as it should be: only they can lead the worker anywhere.
    for (const [i, name] of names.entries()) {
      const id = `name-${i}`;
      await redis.hset(BASE + id, {
        name,
        data: '{"x":1,"y":2}',
        opts: '{"attempts":1}',
        timestamp: String(Date.now()),
        delay: '0',
        priority: '0',
      });
      await redis.lpush(`${BASE}wait`, id);
      ids.push(id);
    }
    const faults: string[] = [];
    const look = async (path: string, tries = 1): Promise<void> => {
      const answer = await api.call('GET', path, undefined, { accept: 'text/html, */*' });
      const text = await answer.text();
      // Redis was late: this is about answers, not about a busy machine.
      if (answer.status === 503 && tries < 10) return look(path, tries + 1);
      if (answer.status >= 500)
        faults.push(`${path}: ${answer.status} ${text.replaceAll(/\s+/g, ' ').slice(0, 200)}`);
      if (
        /text\/html/.test(answer.headers.get('content-type') ?? '') &&
        /<script>alert|polluted":1}<\//.test(text)
      )
        faults.push(`${path} shows a script as it came`);
    };
    const pages = (await registeredRoutes(roost))
      .filter((route) => /^GET /.test(route) && !/events|login|\{/.test(route))
      .map((route) => route.slice(4));
    const everywhere = async (tasks: string[]) => {
      const parts = [
        '/tasks/ID',
        '/api/v1/tasks/ID',
        '/submit?from=ID',
        '/api/v1/tasks/ID/why',
        '/api/v1/tasks/ID/logs',
      ];
      const paths = [
        ...pages,
        ...TASK_STATES.flatMap((state) => [
          `/tasks?state=${state}`,
          `/api/v1/tasks?state=${state}&limit=200`,
        ]),
        ...['csv', 'ndjson'].map((format) => `/api/v1/tasks/export?format=${format}`),
        ...tasks.flatMap((id) => parts.map((part) => part.replace('ID', id))),
      ];
      while (paths.length > 0) await Promise.all(paths.splice(0, 3).map((path) => look(path)));
    };
    await everywhere(ids);
    expect(faults.slice(0, 20)).toEqual([]);

    await api.call('POST', '/api/v1/queues/default/resume');
    const good = await api.submit('divide', { x: 10, y: 2 });
    expect(await api.inState(good.id, ['completed', 'failed'])).toMatchObject({ state: 'completed' });
    for (const i of names.keys()) {
      if (names[i] === 'divide') continue;
      const { error } = await api.inState(`name-${i}`, ['failed']);
      expect(error?.message).toMatch(/task type|not known|no type|unknown/i);
    }
    await until('nothing waits', async () => (await redis.llen(`${BASE}wait`)) === 0);
    // Results of the tasks that waited, and of those whose worker seemed gone.
    await everywhere(ids.filter((id) => /^name|waiting|active/.test(id)));
    expect(faults.slice(0, 20)).toEqual([]);
    const { worker, web, terminal } = roost.logs();
    expect([roost.web.isRunning, second.isRunning, roost.workerIsRunning]).toEqual([true, true, true]);
    for (const line of `${worker}${web}`.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('time');
    // Nor does a name begin a line of its own on the terminal, or move its cursor (S17).
    expect(terminal.split('\n').filter((line) => /^\[00:00:00\.000\]|\u001b\[2J/.test(line))).toEqual([]);
  });
});
