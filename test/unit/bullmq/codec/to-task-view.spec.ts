import { describe, expect, it } from '@jest/globals';
import { NO_REDACTION } from '../../../../src/platform/redaction/redaction.js';
import { toFailure, toProgress, toTaskView } from '../../../../src/bullmq/codec/to-task-view.js';
import { decodeJob, type StoredJob } from '../../../support/task-record.js';

const NOW = 1_790_000_010_000;
const T0 = 1_790_000_000_000;

function view(job: StoredJob) {
  return toTaskView(decodeJob(job), NOW, NO_REDACTION);
}

const envelope = (more: object = {}) => JSON.stringify({ roost: 1, ...more, input: { x: 1 } });
const OURS = { name: 'divide', data: envelope(), opts: '{"attempts":3}', timestamp: String(T0) };

describe('toTaskView', () => {
  it('shows a waiting task', () => {
    expect(
      view({ ...OURS, data: envelope({ tags: ['a'], origin: 'j0', expiresAt: T0 }), priority: '5' }),
    ).toEqual({
      id: 'j1',
      type: 'divide',
      queue: 'default',
      state: 'waiting',
      input: { x: 1 },
      inputPreview: '{"x":1}',
      error: null,
      progress: null,
      attempts: { made: 0, max: 3 },
      priority: 5,
      tags: ['a'],
      createdAt: '2026-09-21T14:13:20.000Z',
      expiresAt: '2026-09-21T14:13:20.000Z',
      rerunOf: 'j0',
      origin: 'j0',
      links: {
        self: '/api/v1/tasks/j1',
        page: '/tasks/j1',
        events: '/api/v1/tasks/j1/events',
        logs: '/api/v1/tasks/j1/logs',
      },
    });
  });

  it('shows a running task with its run time so far', () => {
    const running = view({
      ...OURS,
      state: 'active',
      processedOn: String(T0 + 4000),
      ats: '1',
      atm: '0',
      pb: 'w1',
      progress: '{"done":1,"total":3}',
    });
    expect(running).toMatchObject({
      waitMs: 4000,
      runMs: 6000,
      worker: 'w1',
      progress: { percent: 33.3, done: 1, total: 3 },
    });
    expect(running).not.toHaveProperty('finishedAt');
    expect(running).not.toHaveProperty('result');
  });

  it('shows a result, and null without one', () => {
    const times = {
      state: 'completed',
      processedOn: String(T0),
      finishedOn: String(T0 + 20),
      atm: '1',
    } as const;
    expect(view({ ...OURS, ...times, returnvalue: '{"quotient":5}' })).toMatchObject({
      result: { quotient: 5 },
      runMs: 20,
    });
    expect(view({ ...OURS, ...times })).toHaveProperty('result', null);
    expect(view({ ...OURS, ...times, returnvalue: '{"quo', resultCut: true })).not.toHaveProperty('result');
  });

  it('measures the wait of a delayed task from its due time', () => {
    const started = {
      ...OURS,
      opts: '{"delay":3000}',
      state: 'active',
      processedOn: String(T0 + 3500),
      ats: '1',
    } as const;
    expect(view(started).waitMs).toBe(500);
    expect(view({ ...started, 'roost:queued': String(T0 + 3400) }).waitMs).toBe(100);
  });

  it('shows the author and the reason of a cancellation', () => {
    const cancelled = view({
      ...OURS,
      state: 'cancelled',
      finishedOn: String(T0),
      'roost:mark': JSON.stringify({ by: 'api', at: T0, reason: 'r' }),
    });
    expect(cancelled.cancelled).toEqual({ by: 'api', at: '2026-09-21T14:13:20.000Z', reason: 'r' });
  });

  it('shows a preview of a cut body, with the tags before it', () => {
    const data = JSON.stringify({ roost: 1, tags: ['a'], input: { text: 'y'.repeat(2000) } }).slice(0, 1024);
    const cut = view({ ...OURS, data, dataCut: true });
    expect(cut).not.toHaveProperty('input');
    expect(cut.tags).toEqual(['a']);
    expect(cut.inputPreview).toMatch(/^\{"text":"y{100,}…$/);
    expect(cut.inputPreview!.length).toBeLessThanOrEqual(161);
  });

  it("shows the whole data of another program's job as its input", () => {
    const foreign = view({
      name: 'mail',
      data: '{"to":"a","roost":2}',
      opts: '{}',
      timestamp: String(T0),
      progress: '42',
    });
    expect(foreign).toMatchObject({
      type: 'mail',
      input: { to: 'a', roost: 2 },
      progress: { percent: 42 },
      attempts: { max: 1 },
      tags: [],
    });
  });

  it('uses the stored failure or error name, and else reads the name from the stack', () => {
    const failed = { ...OURS, state: 'failed', failedReason: 'no', finishedOn: String(T0) } as const;
    const failure = { name: 'RangeError', message: 'no', stack: 'RangeError: no\n    at x', code: 'E_NO' };
    expect(view({ ...failed, failure }).error).toEqual(failure);
    expect(toFailure('no', failure.stack)).toMatchObject({ name: 'RangeError', message: 'no' });
    expect(view({ ...failed, 'roost:error': 'PermanentError' }).error).toEqual({
      name: 'PermanentError',
      message: 'no',
    });
  });

  describe('a damaged hash', () => {
    const BROKEN = [
      '',
      '{',
      'null',
      '5',
      '"text"',
      '[]',
      '{"__proto__":{"polluted":1}}',
      '\u0000',
      '9'.repeat(400),
    ];
    const FIELDS = [
      'data',
      'opts',
      'progress',
      'returnvalue',
      'roost:mark',
      'stack',
      'failedReason',
    ] as const;
    const NUMBERS = [
      'timestamp',
      'processedOn',
      'finishedOn',
      'atm',
      'ats',
      'priority',
      'delay',
      'roost:queued',
    ] as const;
    const STATES = ['waiting', 'delayed', 'active', 'completed', 'failed', 'cancelled', 'expired'] as const;

    it.each(STATES)('becomes a view in the state %s', (state) => {
      for (const field of [...FIELDS, ...NUMBERS]) {
        for (const value of [...BROKEN, '1e999', '-1e300', 'NaN', '8640000000000001', '-5']) {
          const shown = view({ ...OURS, state, [field]: value });
          expect(JSON.parse(JSON.stringify(shown))).toMatchObject({ id: 'j1', state });
          expect(Date.parse(shown.createdAt)).not.toBeNaN();
        }
      }
      expect(({} as { polluted?: number }).polluted).toBeUndefined();
    });

    it('becomes an empty view without any field', () => {
      expect(view({})).toMatchObject({
        type: '',
        input: null,
        tags: [],
        createdAt: '1970-01-01T00:00:00.000Z',
      });
      expect(view({ delayUntil: NaN, state: 'delayed' }).delayUntil).toBe('1970-01-01T00:00:00.000Z');
    });

    it('converts or omits envelope members of a wrong type', () => {
      const odd = view({ ...OURS, data: envelope({ tags: [1, null, {}], expiresAt: 'soon', origin: 5 }) });
      expect(odd).toMatchObject({ tags: ['1', 'null', '[object Object]'], rerunOf: '5', origin: '5' });
      expect(odd).not.toHaveProperty('expiresAt');
      expect(view({ ...OURS, data: envelope({ tags: 'a' }) }).tags).toEqual([]);
    });
  });
});

describe('toProgress', () => {
  it.each([
    [undefined, null],
    [0, null],
    [50, { percent: 50 }],
    [150, { percent: 100 }],
    ['50', { percent: null, message: '50' }],
    ['half \u001b[1mway\u001b[0m', { percent: null, message: 'half way' }],
    ['', null],
    [true, { percent: null, details: true }],
    [['read', 3], { percent: null, details: ['read', 3] }],
    [
      { step: 'copy', pct: 40 },
      { percent: 40, details: { step: 'copy', pct: 40 } },
    ],
    [{ percent: 400 }, { percent: null, details: { percent: 400 } }],
    [
      { done: 1, total: 4, file: '\u001b[31ma.txt' },
      { percent: 25, done: 1, total: 4, details: { file: 'a.txt' } },
    ],
    [{}, { percent: null }],
    [
      { done: 1, total: 0 },
      { percent: null, done: 1, total: 0 },
    ],
    [
      { done: 5, total: 2 },
      { percent: 100, done: 5, total: 2 },
    ],
    [
      { done: 1, total: 3, message: 'm' },
      { percent: 33.3, done: 1, total: 3, message: 'm' },
    ],
    [
      { done: '1', total: '2', message: 5 },
      { percent: null, details: { done: '1', total: '2', message: 5 } },
    ],
  ])('reads %p', (value, progress) => {
    expect(toProgress(value)).toEqual(progress);
  });
});

describe('toFailure', () => {
  it('reads the message from the reason or the stack', () => {
    expect(toFailure(undefined, undefined)).toEqual({ name: 'Error', message: '' });
    expect(toFailure(undefined, 'TypeError: x')).toMatchObject({
      name: 'TypeError',
      message: 'TypeError: x',
    });
    expect(toFailure('m', 'just text: here')).toMatchObject({ name: 'Error', message: 'm' });
  });
});
