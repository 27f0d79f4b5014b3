import { describe, expect, it } from '@jest/globals';
import { toBlockers, toWhyView, type WhyFacts } from '../../../src/tasks/waiting-reasons.js';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const iso = (ms: number) => new Date(NOW + ms).toISOString();
const SET = { by: 'ada', at: NOW - 1000 };

/** A waiting task that is next, with a free slot; `more` is what stands in the way. */
function facts(more: Partial<WhyFacts> = {}, task: Partial<WhyFacts['task']> = {}): WhyFacts {
  return {
    now: NOW,
    task: {
      id: 't1',
      type: 'divide',
      queue: 'default',
      state: 'waiting',
      createdAt: NOW - 5000,
      attempts: { made: 0, max: 1 },
      ...task,
    },
    position: { ahead: 0, atLeast: false },
    queue: { paused: null, concurrency: null, rateLimit: null, active: 0 },
    type: { override: undefined, slots: [], nextStartAt: undefined },
    consumers: [{ concurrency: 2, paused: false }],
    running: [],
    typeRunning: [],
    flow: { overMs: 300_000, finished: 100, out: 100, in: 100 },
    ...more,
  };
}
const codes = (all: WhyFacts) => toBlockers(all).map(({ code }) => code);
const queue = (more: Partial<WhyFacts['queue']>) => ({
  paused: null,
  concurrency: null,
  rateLimit: null,
  active: 0,
  ...more,
});
const override = (more: object) => ({ override: { ...SET, ...more }, slots: [], nextStartAt: undefined });

describe('toBlockers', () => {
  it('finds nothing in the way of the next one', () => {
    expect(toWhyView(facts(), '')).toMatchObject({
      summary: 'Nothing blocks it: it is next.',
      blockers: [],
      estimate: { startInMs: 0, basis: 'It is next, and a worker is free.' },
    });
  });

  it('names all of it, what decides first first', () => {
    const all = facts({
      queue: queue({
        paused: {},
        concurrency: { value: 1 },
        rateLimit: { max: 1, perMs: 1000, waitMs: 500 },
        active: 1,
      }),
      consumers: [],
      position: { ahead: 4, atLeast: false },
    });
    expect(codes(all)).toEqual(['QUEUE_PAUSED', 'NO_WORKER', 'RATE_LIMITED', 'CONCURRENCY_FULL', 'BEHIND']);
  });

  it('shows what is known of a pause, and no more', () => {
    expect(toBlockers(facts({ queue: queue({ paused: {} }) }))[0]).toEqual({
      code: 'QUEUE_PAUSED',
      message: 'The queue default is paused.',
      cure: 'Resume the queue: POST /api/v1/queues/default/resume',
      href: '/monitor/queues/default',
    });
    expect(
      toBlockers(facts({ queue: queue({ paused: { ...SET, reason: 'deploy', until: NOW + 60_000 } }) }))[0],
    ).toMatchObject({
      message: 'The queue default is paused by ada: deploy.',
      since: iso(-1000),
      until: iso(60_000),
    });
  });

  it('distinguishes a delay that was asked for from a pause before another attempt', () => {
    const delayed = { state: 'delayed', delayUntil: NOW + 9000 } as const;
    expect(toBlockers(facts({}, delayed))).toMatchObject([{ code: 'DELAYED', until: iso(9000) }]);
    const failure = { message: 'no\nsecond line', at: NOW - 10 };
    expect(toBlockers(facts({}, { ...delayed, attempts: { made: 2, max: 5 }, failure }))).toMatchObject([
      {
        code: 'RETRY_WAIT',
        message: 'Attempt 2 of 5 failed with "no"; it waits to be tried again.',
        since: iso(-10),
        until: iso(9000),
      },
    ]);
  });

  it('takes a task that a limit of its type holds for held, not for delayed', () => {
    const held = {
      state: 'delayed',
      delayUntil: NOW + 9000,
      held: { limit: 'rate', since: NOW - 50 },
    } as const;
    const rate = override({ rate: { max: 10, perMs: 60_000 } });
    expect(toBlockers(facts({ type: rate }, held))).toMatchObject([
      {
        code: 'TYPE_RATE_LIMITED',
        message: 'The rate limit of divide of 10 starts per minute is used up (set by ada).',
        since: iso(-50),
        until: iso(9000),
      },
    ]);
    // It may have been lifted a moment ago.
    expect(codes(facts({}, { ...held, held: { limit: 'concurrency', since: NOW } }))).toEqual([
      'TYPE_CONCURRENCY_FULL',
    ]);
  });

  it('foresees the limits of its type for a task that still waits', () => {
    expect(
      codes(facts({ type: { ...override({ rate: { max: 1, perMs: 1000 } }), nextStartAt: NOW + 500 } })),
    ).toEqual(['TYPE_RATE_LIMITED']);
    expect(codes(facts({ type: override({ rate: { max: 1, perMs: 1000 } }) }))).toEqual([]);
    const slots = [{ queue: 'default', id: 'a' }];
    expect(codes(facts({ type: { ...override({ concurrency: 1 }), slots } }))).toEqual([
      'TYPE_CONCURRENCY_FULL',
    ]);
    expect(codes(facts({ type: { ...override({ concurrency: 2 }), slots } }))).toEqual([]);
  });

  it('counts slots of workers that are not paused', () => {
    const consumers = [
      { concurrency: 2, paused: false },
      { concurrency: 8, paused: true },
    ];
    expect(codes(facts({ consumers, queue: queue({ active: 2 }) }))).toEqual(['CONCURRENCY_FULL']);
    expect(codes(facts({ consumers, queue: queue({ active: 1 }) }))).toEqual([]);
    expect(codes(facts({ consumers: consumers.slice(1), queue: queue({ active: 0 }) }))).toEqual([
      'WORKERS_PAUSED',
    ]);
  });

  it('tells the limit of the queue before the slots of workers', () => {
    const [blocker] = toBlockers(facts({ queue: queue({ concurrency: { value: 2, ...SET }, active: 2 }) }));
    expect(blocker).toMatchObject({
      code: 'CONCURRENCY_FULL',
      message: 'The queue default runs at most 2 at once (set by ada), and 2 run.',
    });
  });

  it.each([
    [1, false, 'One task is before it in the queue default.'],
    [7, false, '7 tasks are before it in the queue default.'],
    [10_000, true, 'More than 10000 tasks are before it in the queue default.'],
  ])('shows how many are before it: %i', (ahead, atLeast, message) => {
    expect(toBlockers(facts({ position: { ahead, atLeast } }))).toMatchObject([{ code: 'BEHIND', message }]);
  });
});

describe('the estimate', () => {
  const estimate = (all: WhyFacts) => toWhyView(all, '').estimate;

  it('takes as long as what is before it takes at the pace of late', () => {
    expect(estimate(facts({ position: { ahead: 20, atLeast: false } }))).toEqual({
      startInMs: 60_000,
      startAt: iso(60_000),
      basis: '20 tasks a minute of this queue finished over the last 5 minutes; 20 are before it.',
    });
  });

  it('adds what is certain to come first', () => {
    const paused = queue({ paused: { until: NOW + 30_000 } });
    expect(estimate(facts({ queue: paused, position: { ahead: 20, atLeast: false } }))!.startInMs).toBe(
      90_000,
    );
  });

  it('waits for one to end where all slots are in use', () => {
    expect(estimate(facts({ queue: queue({ active: 2 }) }))!.startInMs).toBe(3000);
  });

  it.each<[string, Partial<WhyFacts>, RegExp]>([
    ['a pause without end', { queue: queue({ paused: {} }) }, /queue is resumed/],
    ['no worker', { consumers: [] }, /a worker starts/],
    [
      'nothing finished',
      { flow: { overMs: 1e5, finished: 0, out: 0, in: 0 }, position: { ahead: 1, atLeast: false } },
      /has finished/,
    ],
    ['nothing known', { flow: undefined, position: { ahead: 1, atLeast: false } }, /has finished/],
  ])('is none with %s, and shows why', (_what, more, basis) => {
    expect(estimate(facts(more))).toEqual({
      startInMs: null,
      startAt: null,
      basis: expect.stringMatching(basis),
    });
  });
});

describe('toWhy', () => {
  it('says of a task that runs what it does', () => {
    const view = toWhyView(facts({ queue: queue({ paused: {} }) }, { state: 'active' }), 'It is running.');
    expect(view).toEqual({
      id: 't1',
      state: 'active',
      summary: 'It is running.',
      position: null,
      blockers: [],
      unknown: [],
      estimate: null,
    });
  });
});
