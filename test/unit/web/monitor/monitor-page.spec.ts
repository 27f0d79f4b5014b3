import { describe, expect, it } from '@jest/globals';
import type { StateCounts } from '../../../../src/model/states.js';
import {
  type ShownNow,
  type ShownWorker,
  toNowNumbers,
  toNowPanels,
  toQueueRows,
  toWorkerRow,
} from '../../../../src/web/monitor/monitor-page.js';
import { toCapacity } from '../../../../src/web/monitor/capacity.js';
import { ago } from '../page-models/samples.js';

const counts = (some: Partial<StateCounts> = {}): StateCounts => ({
  waiting: 0,
  delayed: 0,
  'waiting-children': 0,
  active: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  expired: 0,
  ...some,
});
function overview(parts: Partial<ShownNow> = {}): ShownNow {
  return {
    at: ago(0),
    queues: [{ name: 'default', counts: counts(), oldestWaitingMs: null, paused: false, workers: 0 }],
    totals: counts(),
    otherQueues: [],
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
      role: 'primary',
      writes: 'accepted',
      evictionPolicy: 'noeviction',
    },
    warnings: [],
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
const toMonitorPage = (now: ShownNow) => ({
  ...toNowPanels(now),
  numbers: toNowNumbers(now),
  queues: toQueueRows(now.queues),
  workers: now.workers.map(toWorkerRow),
});
const number = (page: ReturnType<typeof toMonitorPage>, id: string) =>
  page.numbers.find((one) => one.id === `number-${id}`)!;

describe('the monitor', () => {
  it('has a dash for what cannot be known while Redis is away', () => {
    expect(toNowNumbers(undefined).map(({ value, note }) => [value, note])).toEqual([
      ['–', 'Redis does not answer'],
      ['–', 'Redis does not answer'],
    ]);
  });

  it('shows queues of other programs, and leads to their tasks', () => {
    const otherQueues = [
      { name: 'bull:mail', counts: counts({ waiting: 3 }), oldestWaitingMs: 90_000, paused: false },
    ];
    const page = toMonitorPage(overview({ otherQueues }));
    expect(toCapacity(overview({ otherQueues }), []).queues).toMatchObject([
      { name: 'bull:mail', href: '/tasks?queue=bull%3Amail', backlog: '3 tasks wait' },
    ]);
    expect(number(page, 'oldest')).toMatchObject({ value: '1 m 30 s', note: '3 tasks wait now' });
  });

  it('shows nothing alarming of a system at rest', () => {
    const page = toMonitorPage(overview({ workers: [worker({ active: 0 })] }));
    expect(page.numbers.filter((one) => one.tone)).toEqual([]);
    expect(number(page, 'oldest')).toMatchObject({ value: '–', note: 'nothing waits' });
    expect(page.redis.filter((fact) => fact.warn)).toEqual([]);
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
      overview({
        workers: [
          worker({}),
          worker({ id: 'w2', name: 'host-2', status: 'offline', left: 'lost', active: 0 }),
        ],
      }),
    );
    expect(number(page, 'workers')).toMatchObject({
      value: '1',
      unit: '/ 2',
      note: '5 of 10 slots in use',
    });
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

  it('knows the command that starts a worker from the warning', () => {
    const warnings = [
      { code: 'NO_WORKER', message: 'None.', cure: 'Start one: REDIS_URL=x npm run start:worker' },
    ];
    expect(toMonitorPage(overview({ warnings })).workerCommand).toBe('REDIS_URL=x npm run start:worker');
  });
});
