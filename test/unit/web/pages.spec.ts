import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RoostError } from '../../../src/model/errors.js';
import { newTaskId } from '../../../src/bullmq/task-ids.js';
import type { TaskState } from '../../../src/model/states.js';
import { textWorker } from './fake-fleet.js';
import { overviewOf } from './fake-services.js';
import { sampleQueue, sampleTypeLimits } from './page-models/fleet-samples.js';
import { sampleTask } from './page-models/samples.js';
import { HOSTILE, PagesBench } from './pages-bench.js';

const STATES: TaskState[] = ['waiting', 'delayed', 'active', 'completed', 'failed', 'cancelled', 'expired'];

const bench = new PagesBench();
const { tasks, monitoring } = bench;
const get = (path: string) => bench.get(path);
const post = (path: string, form: Record<string, string>) => bench.post(path, form);

beforeAll(() => bench.start());

afterAll(() => bench.stop());

beforeEach(() => {
  tasks.trouble = undefined;
  tasks.tasks.clear();
  tasks.submitted.length = tasks.acts.length = 0;
  tasks.add(...STATES.map((state) => hostileTask(state)));
  monitoring.view = overviewOf(HOSTILE);
  tasks.logLines = (['debug', 'warn', 'error'] as const).map((level, n) => ({
    n,
    level,
    at: new Date().toISOString(),
    attempt: 1,
    text: HOSTILE,
  }));
  writeHostile();
});

function writeHostile(): void {
  const at = new Date().toISOString();
  const set = { by: HOSTILE, since: at, reason: HOSTILE, until: at };
  bench.fleet.workers = [
    textWorker(HOSTILE, { id: 'here', status: 'paused' }),
    textWorker(HOSTILE, { id: 'gone', status: 'offline', left: HOSTILE }),
  ];
  bench.queues.queue = sampleQueue({
    paused: set,
    consumers: [{ workerId: 'here', worker: HOSTILE, concurrency: 1, active: 1, paused: true }],
    globalConcurrency: { value: 2, origin: 'override', ...set },
    rateLimit: { max: 1, perMs: 1_000, waitMs: 0, ...set },
    composition: { sampled: 1, of: 2, types: [{ type: HOSTILE, count: 1 }] },
    warnings: [{ code: 'NO_WORKER', message: HOSTILE, cure: HOSTILE }],
    actions: [{ action: HOSTILE, at, by: HOSTILE, reason: HOSTILE, until: at }],
  });
  bench.limits.limits = [sampleTypeLimits({ title: HOSTILE, queue: HOSTILE, override: set })];
  bench.whys.why = async () => ({
    id: HOSTILE,
    state: 'waiting',
    summary: HOSTILE,
    position: { ahead: 1, atLeast: true },
    blockers: [
      {
        code: 'CONCURRENCY_FULL',
        message: HOSTILE,
        since: at,
        cure: HOSTILE,
        href: '/monitor/workers',
        tasks: [{ id: HOSTILE, type: HOSTILE, worker: HOSTILE, runMs: 1, href: '/tasks/x' }],
      },
    ],
    unknown: [HOSTILE],
    estimate: { startInMs: null, startAt: null, basis: HOSTILE },
  });
  bench.redis.details = {
    at,
    info: { refused: 'INFO' },
    slowLog: {
      value: { calls: [{ id: 1, at, micros: 20_000, command: HOSTILE, key: HOSTILE, client: HOSTILE }] },
    },
    queues: { value: [{ name: HOSTILE, bytes: 1, tasks: 1, sampled: 1, structureBytes: 0 }] },
  };
}

const THROWN = {
  name: HOSTILE,
  message: HOSTILE,
  stack: HOSTILE,
  code: HOSTILE,
  details: { [HOSTILE]: HOSTILE },
};

function hostileTask(state: TaskState) {
  const error =
    state === 'failed' ? { ...THROWN, errors: [THROWN], cause: { ...THROWN, cause: THROWN } } : null;
  return sampleTask({
    id: `task-${state}`,
    type: HOSTILE,
    queue: HOSTILE,
    worker: HOSTILE,
    state,
    error,
    input: { [HOSTILE]: HOSTILE },
    result: { [HOSTILE]: [HOSTILE] },
    progress: { percent: 50, done: 1, total: 2, message: HOSTILE },
    tags: [HOSTILE],
    rerunOf: HOSTILE,
    cancelled: { by: HOSTILE, at: new Date().toISOString(), reason: HOSTILE },
    delayUntil: new Date(Date.now() + 60_000).toISOString(),
  });
}

const PAGES = [
  '/',
  '/submit',
  '/submit?type=divide&from=task-completed',
  '/tasks',
  `/tasks?q=${encodeURIComponent(HOSTILE)}`,
  `/tasks?q=${encodeURIComponent(`"${HOSTILE.replaceAll('"', '')}"`)}`,
  '/tasks?cursor=c1&trail=c0&page=3&columns=state,type,id,input,result,error,queue,worker,attempts,priority,tags,waited,ran,created,finished',
  ...STATES.map((state) => `/tasks/task-${state}`),
  '/monitor',
  '/monitor?range=24h&by=worker&sort=run-p95Ms',
  '/monitor?range=30d&by=queue&sort=name',
  '/monitor/errors',
  `/monitor/errors?state=all&sort=count&q=${encodeURIComponent(HOSTILE)}`,
  '/monitor/errors/0123456789abcdef',
  '/monitor/queues',
  '/monitor/workers',
  '/monitor/workers?q=nobody&sort=-cpu',
  '/monitor/workers/here',
  '/monitor/workers/gone',
  '/monitor/workers/confirm?command=stop&id=here',
  '/monitor/queues/default',
  '/monitor/queues/default/drain',
  '/monitor/queues/default/clean',
  '/monitor/queues/default/promote',
  '/monitor/limits',
  '/monitor/redis',
  `/monitor/workers?q=${encodeURIComponent(HOSTILE)}`,
  `/tasks/${encodeURIComponent(HOSTILE)}`,
  '/nowhere',
];

describe('every page', () => {
  it.each(PAGES)('%s escapes all that others wrote', async (path) => {
    const { html } = await get(path);
    expect(html).toContain('</html>');
    expect(html).not.toContain('<img');
    expect(html).not.toMatch(/[\s"']onerror=/);
    expect(html).not.toContain('[object Object]');
    expect(html).not.toContain('undefined');
  });

  it.each(PAGES)('%s keeps to the content security policy', async (path) => {
    const { html } = await get(path);
    expect(html).not.toMatch(/<[a-z][^>]*\sstyle=/);
    expect(html).not.toMatch(/<style/);
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)/);
  });

  it.each(PAGES)('%s has ids that are there once, so that it can be morphed', async (path) => {
    const ids = [...(await get(path)).html.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  });

  it('carries what endangers tasks, and a title of its own', async () => {
    const { html } = await get('/tasks/task-active');
    expect(html).toContain('id="warning-0"');
    expect(html).toMatch(/<title>[^<]+ · active · Roost<\/title>/);
  });

  it('asks only for assets and icons that exist', async () => {
    const pages = await Promise.all(PAGES.map(async (path) => (await get(path)).html));
    const addresses = [...new Set(pages.join('').match(/\/assets\/[^"#]+/g))];
    for (const address of addresses) {
      const response = await fetch(bench.address(address));
      expect([address, response.status]).toEqual([address, 200]);
      expect(response.headers.get('cache-control')).toContain('immutable');
    }
    const sprite = await (await fetch(bench.address('/assets/icons.svg'))).text();
    const icons = new Set(
      [...pages.join('').matchAll(/icons\.svg[^#]*#([a-z0-9-]+)/g)].map((match) => match[1]!),
    );
    expect([...icons].filter((name) => !sprite.includes(`id="${name}"`))).toEqual([]);
    expect(sprite).toContain('ISC License');
  });
});

describe('submitting', () => {
  const good = { type: 'divide', key: 'k1', 'input.x': '10', 'input.y': '4', 'input.digits': '5' };

  it('hands the form to the one door and goes to the task', async () => {
    const form = { ...good, from: 'task-failed', 'options.delay': '2', 'options.delayUnit': 'm' };
    const { status, location } = await post('/submit?type=divide', form);
    expect([status, location]).toEqual([303, '/tasks/task-waiting?flash=submitted']);
    expect(tasks.submitted).toEqual([
      {
        type: 'divide',
        input: expect.objectContaining({ digits: 5 }),
        options: { delayMs: 120_000 },
        idempotencyKey: { text: 'k1', owner: '' },
        origin: 'task-failed',
      },
    ]);
  });

  it('brings wrong fields of every kind back at once, as they were typed, under a new key', async () => {
    const form = { ...good, 'input.digits': 'many "&', 'options.delay': 'soon', 'options.priority': '5000' };
    const { status, html } = await post('/submit?type=divide', form);
    expect(status).toBe(422);
    expect(html).toContain('value="many &quot;&amp;"');
    for (const id of ['input-digits', 'options-delay', 'options-priority']) {
      expect(html).toMatch(new RegExp(`<a href="#divide-${id}">`));
      expect(html).toMatch(new RegExp(`id="divide-${id}"[^>]*aria-invalid="true"`));
      expect(html).toContain(`id="divide-${id}-problem"`);
    }
    expect(html).not.toContain('value="k1"');
    expect(tasks.submitted).toEqual([]);
  });

  it('keeps the form and its key while Redis is away, so that sending again is safe', async () => {
    tasks.trouble = new RoostError('REDIS_UNAVAILABLE', 'Repeat it with the same Idempotency-Key.');
    const { status, html } = await post('/submit?type=divide', good);
    expect(status).toBe(503);
    expect(html).toContain('value="k1"');
    expect(html).toContain('it makes one task at most');
    expect(html).toContain('Redis does not answer');
  });

  it('takes a form whose page was opened before an upgrade, and leads to it from its former address', async () => {
    expect((await post('/?type=divide', good)).location).toBe('/tasks/task-waiting?flash=submitted');
    for (const query of ['type=divide', 'from=task-failed', 'type=divide&from=task-failed'])
      expect(await get(`/?${query}`)).toMatchObject({ status: 302, location: `/submit?${query}` });
  });

  it('shows the forms at / while neither the history nor Redis has a task', async () => {
    const first = async () => {
      const { html } = await get('/');
      return [html.includes('id="form-divide"'), html.includes('id="monitor"')];
    };
    expect(await first()).toEqual([false, true]);
    bench.numbers.first = null;
    bench.monitoring.isEmpty = true;
    try {
      expect(await first()).toEqual([true, false]);
      // A redraw of these forms must not turn into the overview when the first task comes.
      expect((await get('/')).html).toContain('data-page="/submit"');
      bench.monitoring.isEmpty = false;
      expect(await first()).toEqual([false, true]);
    } finally {
      bench.numbers.first = 0;
      bench.monitoring.isEmpty = false;
    }
  });

  it('does not know a type that is not there', async () => {
    expect((await post('/submit', { type: 'nope' })).status).toBe(422);
  });
});

describe('acting on a task', () => {
  it('cancels with a reason', async () => {
    const { status, location } = await post('/tasks/task-waiting/cancel', { reason: ' wrong file ' });
    expect([status, location]).toEqual([303, '/tasks/task-waiting?flash=cancelled']);
    expect(tasks.acts).toEqual([
      ['cancel', 'task-waiting', { reason: 'wrong file', force: false, by: expect.any(String) }],
    ]);
  });

  it('goes back to the list it came from, and nowhere else', async () => {
    const back = (address: string) => post('/tasks/task-failed/retry', { back: address });
    expect((await back('/tasks?state=failed')).location).toBe('/tasks?state=failed&flash=retried');
    expect((await back('//evil.example')).location).toBe('/tasks/task-failed?flash=retried');
  });

  it('deletes by an action that can be undone for a while', async () => {
    expect((await post('/tasks/task-completed/delete', {})).location).toBe('/tasks/bulk/b1');
    expect(bench.bulks.started.at(-1)).toMatchObject({
      action: 'delete',
      ids: [expect.stringMatching(/\/task-completed$/)],
      undoMs: 10_000,
    });
  });

  it('shows when the task had moved on, and shows where it is now', async () => {
    tasks.trouble = new RoostError('TASK_STATE_CONFLICT', 'It runs.');
    expect((await post('/tasks/task-delayed/promote', {})).location).toBe(
      '/tasks/task-delayed?flash=conflict',
    );
  });
});

describe('the list of tasks', () => {
  it('opens the task whose id was entered', async () => {
    const id = newTaskId();
    expect((await get(`/tasks?q=%23${id.toUpperCase()}`)).location).toBe(`/tasks/${id}`);
  });

  it('writes what links and selects ask for into the query', async () => {
    const to = async (query: string) => decodeURIComponent((await get(`/tasks?${query}`)).location ?? '');
    expect(await to('state=failed&queue=cpu')).toBe('/tasks?q=queue:cpu+state:failed');
    expect(await to('state=failed&state=expired')).toBe('/tasks?q=state:failed+OR+state:expired');
    expect(await to('q=ada+type:divide+state:failed&type=mail&queue=&period=24h')).toBe(
      '/tasks?q=ada+type:mail+state:failed+created:<1d',
    );
    expect(await to('q=ada+type:divide+created:<1h&type=&period=')).toBe('/tasks?q=ada');
    expect((await get('/tasks?state=faild')).status).toBe(400);
  });

  it('keeps columns in the address and in the browser', async () => {
    const response = await fetch(bench.address('/tasks?q=ada&remember=yes&columns=type&columns=error'), {
      redirect: 'manual',
    });
    expect(response.headers.get('location')).toBe('/tasks?q=ada&columns=type%2Cerror');
    const cookie = response.headers.get('set-cookie')!;
    expect(cookie).toMatch(/^roost-columns=type\.error; Path=\/tasks; Max-Age=\d+; HttpOnly; SameSite=Lax$/);
    const heads = async (init: RequestInit, path = '/tasks') => {
      const html = await (await fetch(bench.address(path), init)).text();
      return [...html.matchAll(/<th scope="col" class="c-(\w+)/g)].map((match) => match[1]);
    };
    const headers = { cookie: `a=b; ${cookie.split(';')[0]}` };
    expect(await heads({ headers })).toEqual(['tick', 'type', 'error', 'acts']);
    expect(await heads({ headers }, '/tasks?columns=id,state')).toEqual(['tick', 'id', 'state', 'acts']);
    const reset = await fetch(bench.address('/tasks?q=ada&columns=usual'), { redirect: 'manual' });
    expect(reset.headers.get('set-cookie')).toContain('Max-Age=0');
  });

  it('points at the column where a query goes wrong', async () => {
    const { status, html } = await get('/tasks?q=type:divide+state:faild');
    expect(status).toBe(400);
    expect(html).toContain('The search stops at column 13');
    expect(html).toContain('type:divide <mark>state:faild</mark>');
    expect(html).toContain('Did you mean failed?');
    expect(html).toMatch(
      /<input id="search" [^\n]*value="type:divide state:faild" [^\n]*aria-invalid="true"/,
    );
  });

  it('shows what would loosen a query that nothing matches', async () => {
    bench.search.isEmpty = true;
    const { html } = await get('/tasks?q=ada+state:failed');
    bench.search.isEmpty = false;
    expect(html).toContain('No task matches <code>ada state:failed</code>');
    expect(html).toContain(
      '<span class="num">12</span> <a href="/tasks?q&#x3D;ada">without <code>state:failed</code></a>',
    );
  });

  it('shows that it is behind, and why', async () => {
    bench.search.recorder = { ...bench.search.recorder, state: 'away' };
    const { status, html } = await get('/tasks');
    bench.search.recorder = { ...bench.search.recorder, state: 'recording' };
    expect([status, html.includes('Redis does not answer. This is what the history knows')]).toEqual([
      200,
      true,
    ]);
  });

  it('saves and deletes searches', async () => {
    const { status, location } = await post('/tasks/searches', {
      name: 'Ada',
      q: 'ada',
      columns: 'type,error',
    });
    expect([status, location]).toEqual([303, '/tasks?q=ada&flash=search-saved']);
    expect(bench.searches.saved).toEqual([{ name: 'Ada', q: 'ada', columns: ['type', 'error'] }]);
    const deleted = await post('/tasks/searches/s1/delete', { back: '/tasks?q=ada' });
    expect(deleted.location).toBe('/tasks?q=ada&flash=search-deleted');
  });
});

describe('while nothing can be read from Redis', () => {
  const LIVE = ['/', '/submit', '/tasks', '/tasks/task-active', '/monitor', '/monitor?range=30d'];
  const MORE = ['redis', 'errors', 'limits', 'queues', 'queues/default', 'workers'];
  const since = 1_790_000_000_000;

  afterEach(() => {
    delete bench.health.unreadableProblem;
    delete bench.health.workersHiddenSince;
  });

  it.each([...LIVE, ...MORE.map((name) => `/monitor/${name}`)])(
    '%s shows since when it is stale',
    async (path) => {
      expect((await get(path)).html).toContain('data-events=');
      expect((await get(path)).html).not.toContain('data-stale-since');
      bench.health.unreadableProblem = {
        ...{ code: 'REDIS_UNAVAILABLE', what: 'Redis does not answer', so: '', cure: '', canRead: false },
        since,
      };
      const { html } = await get(path);
      expect(html).toContain(`data-stale-since="${since}" data-stale-why="Redis does not answer."`);
      // The badge has a look at it every 5 s at least.
      expect(Number(/data-every="(\d+)"/.exec(html)![1])).toBeLessThanOrEqual(5_000);
    },
  );

  it('does not show that no worker is running', async () => {
    bench.fleet.workers = [];
    expect((await get('/monitor/workers')).html).toContain('No worker is running');
    bench.health.workersHiddenSince = since;
    const { html } = await get('/monitor/workers');
    expect(html).toContain('Whether a worker is running is not known');
    expect(html).not.toContain('No worker is running');
  });
});

describe('while Redis is away', () => {
  beforeEach(() => {
    tasks.trouble = new RoostError('REDIS_UNAVAILABLE', 'No answer.');
  });

  it('still shows the forms', async () => {
    const { status, html } = await get('/submit');
    expect([status, html.includes('form-divide'), html.includes('Redis does not answer')]).toEqual([
      503,
      true,
      true,
    ]);
  });

  it('reports it on every other page, which asks again by itself', async () => {
    const { status, html } = await get('/tasks/task-active');
    expect([status, html.includes('data-retry')]).toEqual([503, true]);
  });
});
