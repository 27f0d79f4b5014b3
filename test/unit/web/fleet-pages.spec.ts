import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RoostError } from '../../../src/model/errors.js';
import { overviewOf } from './fake-services.js';
import { sampleQueue, sampleWorker } from './page-models/fleet-samples.js';
import { sampleTask } from './page-models/samples.js';
import { PagesBench } from './pages-bench.js';

const bench = new PagesBench();
const { fleet, queues, limits, tasks } = bench;
const BY = 'the web page';

beforeAll(() => bench.start());
afterAll(() => bench.stop());

beforeEach(() => {
  bench.monitoring.view = overviewOf('default');
  fleet.trouble = queues.trouble = undefined;
  for (const acts of [fleet.acts, queues.acts, limits.acts, tasks.acts]) acts.length = 0;
  fleet.workers = [
    sampleWorker(),
    sampleWorker({ id: 'w2', name: 'beta', host: 'host-b' }),
    sampleWorker({ id: 'w3', name: 'gamma', status: 'offline', left: 'drained' }),
  ];
  queues.queue = sampleQueue();
});

describe('the page of all workers', () => {
  it('looks again every second, as presence sends no events', async () => {
    expect((await bench.get('/monitor/workers')).html).toContain('data-idle="1000"');
  });

  it('finds workers by name, host or queue, and keeps the order that was asked for', async () => {
    const { html } = await bench.get('/monitor/workers?q=HOST-B&sort=-cpu');
    expect([html.includes('>beta<'), html.includes('>alpha<')]).toEqual([true, false]);
    expect(html).toContain('name="sort" value="-cpu"');
  });

  it('sends one command to those that are ticked and shows what each said', async () => {
    fleet.answers = [
      { id: 'w1', name: 'alpha', ok: true, result: { pong: true } },
      { id: 'w2', name: 'beta', ok: false, why: 'this worker is draining' },
    ];
    const form: [string, string][] = [
      ['command', 'ping'],
      ['id', 'w1'],
      ['id', 'w2'],
      ['id', 'w3'],
    ];
    const { status, location } = await bench.post('/monitor/workers?sort=-cpu', form);
    expect([status, location]).toEqual([
      303,
      expect.stringMatching(/^\/monitor\/workers\?sort=-cpu&replies=/),
    ]);
    expect(fleet.acts).toEqual([['commandMany', ['w1', 'w2', 'w3'], 'ping', {}, BY]]);
    const { html } = await bench.get(location!);
    expect(html).toContain('1 done, 1 refused, 1 not asked');
    expect(html).toContain('This worker is draining.');
  });

  it('reports it when none is ticked', async () => {
    const { status, html } = await bench.post('/monitor/workers', { command: 'ping' });
    expect([status, html.includes('No worker is ticked')]).toEqual([422, true]);
    const { location } = await bench.get(
      '/monitor/workers/confirm?command=stop&back=%2Fmonitor%2Fworkers%3Fq%3Da',
    );
    expect(location).toBe('/monitor/workers?q=a&none=stop');
  });

  it('asks before it stops workers, and names what that hits', async () => {
    const { html } = await bench.get('/monitor/workers/confirm?command=stop&id=w1&id=w2&id=w3');
    expect(html).toContain('Stop 2 workers?');
    expect(html).toContain('8 running tasks will be interrupted');
    expect(html).toContain('1 chosen worker left in the meantime');
    await bench.post('/monitor/workers', { command: 'stop', id: 'w1', now: 'yes', reason: ' too hot ' });
    expect(fleet.acts).toEqual([['commandMany', ['w1'], 'stop', { reason: 'too hot', now: true }, BY]]);
  });

  it('takes a worker that is gone off the list', async () => {
    const { location } = await bench.post('/monitor/workers?q=a', { dismiss: 'w3' });
    expect(location).toBe('/monitor/workers?q=a&flash=worker-dismissed');
    expect(fleet.acts).toEqual([['dismiss', 'w3']]);
  });
});

describe('the page of one worker', () => {
  it.each([
    [
      { command: 'concurrency', queue: 'default', concurrency: '12' },
      'concurrency',
      { queue: 'default', concurrency: 12 },
      'resized&n=12',
    ],
    [
      { command: 'autoscale', queue: 'default', min: '2', max: '9' },
      'autoscale',
      { queue: 'default', min: 2, max: 9 },
      'autoscaled',
    ],
    [
      { command: 'autoscale', queue: 'default', min: '2', max: '9', off: 'yes' },
      'autoscale',
      { queue: 'default', off: true },
      'autoscale-off',
    ],
    [
      { command: 'add-consumer', queue: 'cpu', concurrency: '' },
      'add-consumer',
      { queue: 'cpu' },
      'consumer-added',
    ],
    [
      { command: 'cancel-consumer', queue: 'default' },
      'cancel-consumer',
      { queue: 'default' },
      'consumer-cancelled',
    ],
    [{ command: 'pause', reason: 'deploy' }, 'pause', { reason: 'deploy' }, 'worker-paused'],
    [{ command: 'drain', reason: '' }, 'drain', {}, 'worker-draining'],
    [{ command: 'stop', now: 'yes', reason: 'hot' }, 'stop', { reason: 'hot', now: true }, 'worker-stopping'],
    [{ command: 'restart-children' }, 'restart-children', {}, 'children-restarted'],
  ])('%j', async (form, name, args, flash) => {
    const { status, location } = await bench.post('/monitor/workers/w1', form as Record<string, string>);
    expect([status, location]).toEqual([303, `/monitor/workers/w1?flash=${flash}`]);
    expect(fleet.acts).toEqual([['command', 'w1', name, args, BY]]);
  });

  it('keeps a wrong number in its field, and shows beside it what would be right', async () => {
    const form = { command: 'concurrency', queue: 'default', concurrency: '5000' };
    const { status, html } = await bench.post('/monitor/workers/w1', form);
    expect(status).toBe(422);
    expect(html).toMatch(/id="concurrency-default"[^>]* value="5000"[^>]* aria-invalid="true"/);
    expect(html).toMatch(/id="trouble-consumer-default"[^]*whole number from 1 to 1000/);
    expect(fleet.acts).toEqual([]);
  });

  it.each([
    ['COMMAND_REFUSED', 409, 'The worker refused'],
    ['WORKER_NO_ANSWER', 504, 'The worker does not answer'],
  ] as const)('stays, and reports it, on %s', async (code, status, words) => {
    fleet.trouble = new RoostError(code, 'So it was not done.');
    const answer = await bench.post('/monitor/workers/w1', { command: 'ping' });
    expect(answer.status).toBe(status);
    expect(answer.html).toMatch(new RegExp(`id="trouble-head"[^]*${words}[^]*So it was not done\\.`));
    expect(answer.html).toContain('id="worker-page"');
  });

  it('offers the queues that it does not serve yet', async () => {
    const { html } = await bench.get('/monitor/workers/w1');
    expect(html).toMatch(/id="add-queue"[^>]*><option>cpu<\/option><\/select>/);
  });

  it('masks what its settings keep secret', async () => {
    expect((await bench.get('/monitor/workers/w1')).html).toContain('redis://roost:***@redis:6379');
  });

  it('offers nothing but to be dismissed once it is gone', async () => {
    const { html } = await bench.get('/monitor/workers/w3');
    expect([html.includes('value="dismiss"'), html.includes('value="stop"')]).toEqual([true, false]);
  });
});

describe('the page of a queue', () => {
  const order = (more: object = {}) => ({ by: BY, ...more });

  it.each([
    [
      { command: 'pause', reason: 'deploy', for: '1.5', forUnit: 'h' },
      ['pause', 'default', order({ reason: 'deploy', forMs: 5_400_000 })],
    ],
    [{ command: 'resume' }, ['resume', 'default', order()]],
    [{ command: 'concurrency', concurrency: '7' }, ['setConcurrency', 'default', 7, order()]],
    [{ command: 'lift-concurrency' }, ['setConcurrency', 'default', null, order()]],
    [
      { command: 'rate-limit', max: '5', unit: 'm' },
      ['setRateLimit', 'default', { max: 5, perMs: 60_000 }, order()],
    ],
    [{ command: 'lift-rate-limit' }, ['setRateLimit', 'default', null, order()]],
  ])('%j', async (form, act) => {
    const { status, location } = await bench.post('/monitor/queues/default', form as Record<string, string>);
    expect([status, location?.startsWith('/monitor/queues/default?flash=')]).toEqual([303, true]);
    expect(queues.acts).toEqual([act]);
  });

  it('opens the form again with what was typed where something is wrong', async () => {
    const form = { command: 'pause', reason: 'deploy', for: 'soon' };
    const { status, html } = await bench.post('/monitor/queues/default', form);
    expect(status).toBe(422);
    expect(html).toMatch(/id="act-pause" open/);
    expect(html).toMatch(/name="reason" value="deploy"/);
    expect(html).toMatch(/id="trouble-pause"[^]*For how long/);
    expect(queues.acts).toEqual([]);
  });

  it('drains only when its name is typed', async () => {
    const drain = (name: string) =>
      bench.post('/monitor/queues/default/drain', { name, delayed: 'yes', reason: 'old' });
    expect((await drain('defualt')).status).toBe(422);
    expect(queues.acts).toEqual([]);
    expect((await drain('default')).location).toBe('/monitor/queues/default?flash=queue-drained&n=12');
    expect(queues.acts).toEqual([['drain', 'default', order({ reason: 'old', delayed: true })]]);
  });

  it('cleans by state and age, and shows when there is more', async () => {
    const form = { state: 'failed', age: '2', unit: 'd' };
    const { location } = await bench.post('/monitor/queues/default/clean', form);
    expect(location).toBe('/monitor/queues/default?flash=queue-cleaned-more&n=1000');
    expect(queues.acts).toEqual([['clean', 'default', order({ state: 'failed', olderThanMs: 172_800_000 })]]);
    expect((await bench.get(location!)).html).toContain('1,000 tasks removed, and there are more');
    const wrong = await bench.post('/monitor/queues/default/clean', { state: 'waiting', age: 'x' });
    expect([wrong.status, queues.acts.length]).toEqual([422, 1]);
  });

  it('names what an act on all of its tasks will hit', async () => {
    expect((await bench.get('/monitor/queues/default/drain')).html).toContain(
      '12 waiting tasks will not run',
    );
    expect((await bench.get('/monitor/queues/default/promote')).html).toContain('Promote 3 tasks');
    expect((await bench.get('/monitor/queues/default/explode')).status).toBe(404);
    expect((await bench.get('/monitor/queues/nope')).status).toBe(404);
  });
});

describe('the limits of task types', () => {
  it('are set for the whole fleet', async () => {
    const form = {
      type: 'divide',
      softTimeout: '1.5',
      hardTimeout: 'none',
      rateMax: '',
      concurrency: '3',
      reason: 'slow',
    };
    expect((await bench.post('/monitor/limits', form)).location).toBe('/monitor/limits?flash=type-limited');
    const values = { softTimeoutMs: 1_500, hardTimeoutMs: null, concurrency: 3 };
    expect(limits.acts).toEqual([['set', 'divide', values, { by: BY, reason: 'slow' }]]);
  });

  it('go back to those of the type', async () => {
    await bench.post('/monitor/limits', { type: 'divide', reset: 'yes' });
    expect(limits.acts).toEqual([['reset', 'divide']]);
  });

  it('are refused beside the field', async () => {
    const { status, html } = await bench.post('/monitor/limits', { type: 'divide', concurrency: 'many' });
    expect(status).toBe(422);
    expect(html).toMatch(/id="divide-concurrency"[^>]* value="many"[^>]* aria-invalid="true"/);
    expect(limits.acts).toEqual([]);
  });
});

describe('cancelling a running task', () => {
  it('passes on force and the reason', async () => {
    tasks.add(sampleTask({ id: 'task-9', state: 'active' }));
    await bench.post('/tasks/task-9/cancel', {
      reason: 'wrong file',
      force: 'yes',
      back: '/monitor/workers/w1',
    });
    expect(tasks.acts).toEqual([['cancel', 'task-9', { reason: 'wrong file', force: true, by: BY }]]);
  });
});
