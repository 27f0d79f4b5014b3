import { describe, expect, it } from '@jest/globals';
import type { WorkerView } from '../../../src/workers/workers.openapi.js';
import { toAction, toQueueView, type QueueFacts } from '../../../src/queues/queue-view.js';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const COUNTS = {
  waiting: 0,
  delayed: 0,
  'waiting-children': 0,
  active: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  expired: 0,
};

function worker(
  name: string,
  status: WorkerView['status'],
  consumers: Partial<WorkerView['consumers'][number]>[],
): WorkerView {
  const all = consumers.map((one) => ({
    queue: 'default',
    concurrency: 5,
    active: 0,
    paused: false,
    autoscale: null,
    ...one,
  }));
  return { id: `id-${name}`, name, status, consumers: all } as unknown as WorkerView;
}

function view(more: Partial<QueueFacts> = {}) {
  return toQueueView({
    name: 'default',
    counts: COUNTS,
    oldestWaitingSince: null,
    hold: { paused: null, concurrency: null, rateLimit: null, active: 0 },
    flow: undefined,
    workers: [worker('a', 'online', [{}])],
    sample: [],
    now: NOW,
    ...more,
  });
}

describe('toQueueView', () => {
  it('shows a queue without a pause or limits', () => {
    expect(view()).toMatchObject({
      oldestWaitingMs: null,
      inPerMinute: null,
      paused: null,
      workers: 1,
      globalConcurrency: { value: null, origin: 'default' },
      rateLimit: null,
      warnings: [],
    });
  });

  it('counts the slots of online workers that serve it', () => {
    const workers = [
      worker('a', 'online', [{ active: 2 }, { queue: 'cpu', active: 9 }]),
      worker('b', 'paused', [{ concurrency: 3, active: 1, paused: true }]),
      worker('c', 'offline', [{ active: 5 }]),
    ];
    const { consumers, slots, workers: count } = view({ workers });
    expect(consumers.map(({ worker }) => worker)).toEqual(['a', 'b']);
    expect([slots, count]).toEqual([{ used: 3, total: 8 }, 2]);
  });

  it("shows author and end of each setting, and none for another program's setting", () => {
    const set = { by: 'ada', at: NOW, until: NOW + 1000 };
    const hold = {
      paused: { ...set, reason: 'why' },
      concurrency: { value: 3 },
      rateLimit: { max: 5, perMs: 100, waitMs: 7, ...set },
      active: 0,
    };
    const until = '2026-03-01T12:00:01.000Z';
    expect(view({ hold })).toMatchObject({
      paused: { by: 'ada', since: '2026-03-01T12:00:00.000Z', reason: 'why', until },
      globalConcurrency: { value: 3, origin: 'override' },
      rateLimit: { max: 5, perMs: 100, waitMs: 7, by: 'ada', until },
    });
  });

  it.each<[string, Partial<QueueFacts>, string[]]>([
    ['nobody serves it', { workers: [] }, ['NO_WORKER']],
    ['only offline ones', { workers: [worker('a', 'offline', [{}])] }, ['NO_WORKER']],
    ['all are paused', { workers: [worker('a', 'paused', [{ paused: true }])] }, ['WORKERS_PAUSED']],
    ['one is not', { workers: [worker('a', 'paused', [{ paused: true }]), worker('b', 'online', [{}])] }, []],
    [
      'it is paused itself',
      { workers: [], hold: { paused: {}, concurrency: null, rateLimit: null, active: 0 } },
      [],
    ],
  ])('warns where %s', (_what, more, codes) => {
    expect(view(more).warnings.map(({ code }) => code)).toEqual(codes);
  });

  it('shows rates per minute and the composition of the sample', () => {
    const flow = { overMs: 30_000, finished: 5, out: 6, in: 10 };
    expect(
      view({
        flow,
        sample: ['b', 'a', 'b'],
        counts: { ...COUNTS, waiting: 900 },
        oldestWaitingSince: NOW - 5,
      }),
    ).toMatchObject({
      inPerMinute: 20,
      outPerMinute: 12,
      oldestWaitingMs: 5,
      composition: {
        sampled: 3,
        of: 900,
        types: [
          { type: 'b', count: 2 },
          { type: 'a', count: 1 },
        ],
      },
    });
  });
});

describe('toAction', () => {
  it('omits fields that do not apply to the action', () => {
    expect(toAction({ action: 'drain', at: NOW, by: 'ada', done: 5 })).toEqual({
      action: 'drain',
      at: '2026-03-01T12:00:00.000Z',
      by: 'ada',
      done: 5,
    });
  });
});
