import { describe, expect, it } from '@jest/globals';
import { toDoneLabel, toReplies } from '../../../../src/web/workers/fleet-command.js';
import { CHART_HEIGHT, toLoadCharts } from '../../../../src/web/workers/load-charts.js';
import { toWorkerPage, type WorkerParts } from '../../../../src/web/workers/worker-page.js';
import { toWorkersPage } from '../../../../src/web/workers/workers-page.js';
import { sampleTypeLimits, sampleWorker } from './fleet-samples.js';
import { ago, NOW } from './samples.js';

const names = (page: ReturnType<typeof toWorkersPage>) => page.here.map(({ name }) => name);
const fleet = [
  sampleWorker({ id: 'a', name: 'alpha', totals: { completed: 5, failed: 1, retried: 2, cancelled: 1 } }),
  sampleWorker({
    id: 'b',
    name: 'beta',
    status: 'paused',
    paused: { by: 'api', at: ago(1), reason: 'deploy' },
  }),
  sampleWorker({
    id: 'c',
    name: 'gamma',
    status: 'offline',
    left: 'drained',
    active: 0,
    lastSeenAt: ago(9_000),
  }),
  sampleWorker({
    id: 'd',
    name: 'delta',
    status: 'offline',
    left: 'lost',
    active: 0,
    lastSeenAt: ago(1_000),
  }),
];

describe('all workers', () => {
  it('counts what is there, and what those that left have done', () => {
    const { numbers, count } = toWorkersPage(fleet, {});
    const value = (id: string) => numbers.find((one) => one.id === `number-${id}`)!;
    expect(value('online')).toMatchObject({ value: '2', note: '2 left within the hour' });
    expect(value('active')).toMatchObject({ value: '8', note: 'of 20 slots' });
    expect(value('processed').value).toBe('46');
    expect(value('failed')).toMatchObject({ value: '7', tone: 'failed' });
    expect(count).toBe('2 online');
  });

  it('sorts by a column both ways, and by name where it is asked for nothing it knows', () => {
    const three = ['x', 'y', 'z'].map((name, i) =>
      sampleWorker({ id: name, name, load: { ...sampleWorker().load, cpuPercent: [5, 50, 5][i]! } }),
    );
    expect(names(toWorkersPage(three, { sort: '-cpu' }))).toEqual(['y', 'x', 'z']);
    expect(names(toWorkersPage(three, { sort: 'cpu' }))).toEqual(['x', 'z', 'y']);
    expect(names(toWorkersPage(three, { sort: 'constructor' }))).toEqual(['x', 'y', 'z']);
  });

  it('turns the order round at the second click, and keeps the search', () => {
    const column = (sort?: string) =>
      toWorkersPage(fleet, { q: 'a', sort }).columns.find(({ label }) => label === 'CPU');
    expect(column()).toMatchObject({ href: '/monitor/workers?q=a&sort=-cpu', order: undefined });
    expect(column('-cpu')).toMatchObject({ href: '/monitor/workers?q=a&sort=cpu', order: 'descending' });
  });

  it('keeps those that left below, the latest first, with why', () => {
    expect(toWorkersPage(fleet, {}).gone.map(({ name, reason }) => [name, reason])).toEqual([
      ['delta', 'lost'],
      ['gamma', 'drained'],
    ]);
  });

  it('shows who paused a worker and why', () => {
    expect(toWorkersPage(fleet, {}).here[1]).toMatchObject({ status: 'paused', reason: 'by api: deploy' });
  });

  it('knows nobody from nobody found', () => {
    expect(toWorkersPage([], {})).toMatchObject({ none: true, count: '0 online' });
    expect(toWorkersPage(fleet, { q: 'zzz' })).toMatchObject({
      none: false,
      here: [],
      count: '0 of 4 match',
    });
  });
});

describe('one worker', () => {
  const page = (parts: Partial<WorkerParts> = {}) =>
    toWorkerPage({ worker: sampleWorker(), samples: [], limits: [], queues: ['default', 'cpu'], ...parts });

  it('offers what its status allows', () => {
    const acts = (status: 'online' | 'paused' | 'draining' | 'offline') =>
      Object.entries(page({ worker: sampleWorker({ status }) }).acts)
        .filter(([, offered]) => offered)
        .map(([act]) => act);
    expect(acts('online').sort()).toEqual(['commands', 'drain', 'pause']);
    expect(acts('paused').sort()).toEqual(['commands', 'drain', 'resume']);
    expect(acts('draining')).toEqual(['commands']);
    expect(acts('offline')).toEqual([]);
  });

  it('can go one down to one, and no further', () => {
    const worker = sampleWorker({
      consumers: [
        { queue: 'default', concurrency: 1, active: 1, paused: false, autoscale: { min: 1, max: 8 } },
      ],
    });
    expect(page({ worker }).consumers[0]).toMatchObject({
      less: undefined,
      more: 2,
      used: 100,
      autoscale: '1 to 8',
    });
  });

  it('keeps the broker apart from the other settings', () => {
    const { broker, config } = page();
    expect(broker[0]).toEqual({ name: 'Address', value: 'redis://roost:***@redis:6379' });
    expect(config).toEqual([{ name: 'LOG_LEVEL', value: 'info' }]);
  });

  it('shows the limits of its own types, and where each comes from', () => {
    const { limits } = page({ limits: [sampleTypeLimits(), sampleTypeLimits({ type: 'elsewhere' })] });
    expect(limits.map(({ type }) => type)).toEqual(['divide']);
    expect(limits[0]!.limits.map(({ text, override }) => `${text}${override ? ' set' : ''}`)).toEqual([
      '30 s',
      'none',
      '10 per minute set',
      'none',
    ]);
  });

  it('shows how many tasks it does not name', () => {
    expect(page({ worker: sampleWorker({ active: 140 }) }).untold).toBe(140);
  });
});

describe('the small charts', () => {
  const at = (second: number) => ({ at: NOW + second * 1_000, cpu: 50, rssMb: 100, lagMs: 2, active: 1 });

  it('print the last value with its unit, and the range', () => {
    const charts = toLoadCharts([at(0), { ...at(1), cpu: 75.25, lagMs: 120 }], 4);
    expect(charts.map(({ label, value, unit }) => `${label} ${value} ${unit}`)).toEqual([
      'CPU 75.3 % of a core',
      'Memory 95.4 MB',
      'Event loop lag 120 ms',
      'Active tasks 1 of 4 slots',
    ]);
    expect(charts[0]).toMatchObject({ range: '50 to 75.3', tone: undefined });
    expect(charts[2]!.tone).toBe('warning');
    expect(charts[3]!.range).toBe('steady at 1');
  });

  it('leave a gap where the worker said nothing', () => {
    const [cpu] = toLoadCharts([at(0), at(1), at(20), at(21)], 1);
    expect(cpu!.line.split('M').filter(Boolean)).toHaveLength(2);
  });

  it('end at the right edge and stay in their box', () => {
    const [cpu] = toLoadCharts([at(-500), at(-100), { ...at(0), cpu: 400 }], 1);
    const points = [...cpu!.line.matchAll(/([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
    expect(points.at(-1)![0]).toBe(100);
    expect(points.every(([x, y]) => x! >= 0 && x! <= 100 && y! >= 0 && y! <= CHART_HEIGHT)).toBe(true);
    expect(points).toHaveLength(2);
  });

  it('are none before the first word', () => {
    expect(toLoadCharts([], 1)).toEqual([]);
  });
});

describe('what workers said', () => {
  it('is told of each: done, refused, silent, not asked', () => {
    const { items, summary } = toReplies(
      'pause',
      [
        { id: 'a', name: 'alpha', ok: true, result: { stillRunning: 1 } },
        { id: 'b', name: 'beta', ok: false, why: 'it is draining' },
        { id: 'c', name: 'gamma', ok: false, silent: true, why: 'The worker does not answer.' },
      ],
      [{ id: 'd', name: 'delta' }],
    );
    expect(items.map(({ word, text }) => `${word}: ${text}`)).toEqual([
      'done: It starts nothing new; 1 task still runs.',
      'refused: It is draining.',
      'no answer: The worker does not answer.',
      'not asked: It is offline.',
    ]);
    expect(summary).toBe('1 done, 1 refused, 1 no answer, 1 not asked');
  });

  it.each([
    ['drain', { stillRunning: 3 }, 'It starts nothing new; 3 tasks still run, then it ends.'],
    ['drain', {}, 'It had nothing to do and ends now.'],
    ['stop', { now: true, stillRunning: 2 }, 'It ends at once: 2 tasks will run again elsewhere.'],
    ['stop', {}, 'It is stopping.'],
    ['restart-children', { ended: 1, later: 2 }, '1 child ended, 2 more when their task is done.'],
  ] as const)('%s %j', (command, result, words) => {
    expect(toDoneLabel(command, result)).toBe(words);
  });
});
