import { describe, expect, it } from '@jest/globals';
import type { StateCounts } from '../../../../src/contract/states.js';
import {
  type ShownOverview,
  type ShownWorker,
  toMonitorPage,
} from '../../../../src/web/page-models/monitor-page.js';
import { ago, sampleTask } from './samples.js';

const counts = (some: Partial<StateCounts> = {}): StateCounts => ({
  waiting: 0,
  delayed: 0,
  active: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  expired: 0,
  ...some,
});
const minutes = (finished: (i: number) => { completed: number; failed: number }) =>
  Array.from({ length: 60 }, (_, i) => ({ at: ago((59 - i) * 60_000), ...finished(i) }));

function overview(parts: Partial<ShownOverview> = {}): ShownOverview {
  const quiet = minutes(() => ({ completed: 0, failed: 0 }));
  return {
    at: ago(0),
    queues: [{ name: 'default', counts: counts(), oldestWaitingMs: null, paused: false, workers: 0 }],
    totals: counts(),
    lastHour: { minutes: quiet, completed: 0, failed: 0 },
    workers: [],
    redis: {
      version: '7.0.15',
      usedMemoryBytes: 1_048_576,
      peakMemoryBytes: 2_097_152,
      maxMemoryBytes: 0,
      clients: 4,
      uptimeSeconds: 60,
      opsPerSecond: 3,
      aofEnabled: true,
      aofOk: true,
      evictionPolicy: 'noeviction',
    },
    warnings: [],
    newestFailures: [],
    ...parts,
  };
}

const worker = (parts: Partial<ShownWorker>): ShownWorker => ({
  id: 'w1',
  name: 'host-1',
  status: 'online',
  lastSeenAt: ago(500),
  consumers: [{ concurrency: 6 }, { concurrency: 4 }],
  active: 5,
  ...parts,
});
const number = (page: ReturnType<typeof toMonitorPage>, id: string) =>
  page.numbers.find((one) => one.id === `number-${id}`)!;

describe('the monitor', () => {
  it('has six numbers, each a door', () => {
    const { numbers } = toMonitorPage(overview());
    expect(numbers).toHaveLength(6);
    expect(numbers.every((one) => one.href.startsWith('/'))).toBe(true);
  });

  it('says nothing alarming of a system at rest', () => {
    const page = toMonitorPage(overview({ workers: [worker({ active: 0 })] }));
    expect(page.numbers.filter((one) => one.tone)).toEqual([]);
    expect(number(page, 'oldest')).toMatchObject({ value: '–', note: 'nothing waits' });
    expect(page.redis.filter((fact) => fact.warn)).toEqual([]);
  });

  it('shares out the failures of the hour', () => {
    const hour = minutes((i) => ({ completed: 2, failed: i === 30 ? 6 : 0 }));
    const page = toMonitorPage(overview({ lastHour: { minutes: hour, completed: 120, failed: 6 } }));
    expect(number(page, 'throughput')).toMatchObject({ value: '126', note: '2.1 a minute' });
    expect(number(page, 'failures')).toMatchObject({
      value: '4.8',
      unit: '%',
      note: '6 tasks',
      tone: 'failed',
    });
  });

  it('takes the oldest of all queues, and marks a long wait', () => {
    const queues = [8_200, 71_400, null].map((oldestWaitingMs, i) => ({
      name: `q${i}`,
      counts: counts({ waiting: 1 }),
      oldestWaitingMs,
      paused: false,
      workers: 1,
    }));
    const page = toMonitorPage(overview({ queues }));
    expect(number(page, 'oldest')).toMatchObject({ value: '1 m 11 s', tone: 'warning' });
    expect(page.queues.map((queue) => [queue.oldest, queue.late])).toEqual([
      ['8.20 s', false],
      ['1 m 11 s', true],
      [undefined, false],
    ]);
  });

  it('counts slots of workers that are there', () => {
    const page = toMonitorPage(
      overview({ workers: [worker({}), worker({ id: 'w2', status: 'offline', active: 0 })] }),
    );
    expect(number(page, 'active').note).toBe('5 of 10 slots in use');
    expect(number(page, 'workers')).toMatchObject({ value: '1', note: 'of 2 seen' });
    expect(page.workers.map((one) => [one.online, one.slots])).toEqual([
      [true, 10],
      [false, 10],
    ]);
  });

  it('counts a paused worker as there', () => {
    const page = toMonitorPage(overview({ workers: [worker({ status: 'paused' })] }));
    expect(number(page, 'workers').value).toBe('1');
    expect(page.workers[0]).toMatchObject({ status: 'paused', icon: 'pause', online: true });
  });

  it('draws the open states of a queue to the scale of the fullest', () => {
    const queue = (name: string, some: Partial<StateCounts>) => ({
      name,
      counts: counts(some),
      oldestWaitingMs: 0,
      paused: false,
      workers: 1,
    });
    const page = toMonitorPage(
      overview({ queues: [queue('a', { waiting: 100 }), queue('b', { waiting: 25, active: 25 })] }),
    );
    expect(page.queues.map((one) => one.bar.map((part) => `${part.state} ${part.width}`))).toEqual([
      ['waiting 97%'],
      ['active 24.25%', 'waiting 24.25%'],
    ]);
    expect(page.queues[0]!.counts[0]!.href).toBe('/tasks?queue=a&state=waiting');
  });

  it('marks the settings of Redis that endanger tasks', () => {
    const redis = { ...overview().redis, aofEnabled: false, evictionPolicy: 'allkeys-lru' };
    const marked = toMonitorPage(overview({ redis })).redis.filter((fact) => fact.warn);
    expect(marked.map((fact) => fact.name)).toEqual(['Append-only file', 'Eviction policy']);
  });

  it('tells why the newest failures failed', () => {
    const newestFailures = [sampleTask({ state: 'failed', error: { name: 'Error', message: 'boom' } })];
    expect(toMonitorPage(overview({ newestFailures })).failures[0]).toMatchObject({ problem: 'boom' });
  });

  it('knows the command that starts a worker from the warning', () => {
    const warnings = [
      { code: 'NO_WORKER', message: 'None.', cure: 'Start one: REDIS_URL=x npm run start:worker' },
    ];
    expect(toMonitorPage(overview({ warnings })).workerCommand).toBe('REDIS_URL=x npm run start:worker');
  });
});
