import { describe, expect, it } from '@jest/globals';
import {
  attemptField,
  endedAttempt,
  parseStacks,
  toAttempts,
  type StoredAttempt,
} from '../../../../src/bullmq/codec/attempts.js';
import type { TaskRecord } from '../../../../src/bullmq/codec/task-record.js';
import { decodeJob, type StoredJob } from '../../../support/task-record.js';

const T0 = 1_790_000_000_000;
const record = (job: StoredJob): TaskRecord => decodeJob({ state: 'active', ...job });
const stored = (attempts: Record<number, Partial<StoredAttempt>>) =>
  Object.fromEntries(
    Object.entries(attempts).map(([n, attempt]) => [
      attemptField(Number(n)),
      JSON.stringify({ worker: 'w1', startedAt: T0, ...attempt }),
    ]),
  );
const outcomes = (of: TaskRecord, hash: Record<string, string> = {}) =>
  toAttempts(of, hash).map(({ number, outcome, worker }) => [number, outcome, worker]);

describe('toAttempts', () => {
  it('returns none before the first start', () => {
    expect(toAttempts(record({ state: 'waiting' }), {})).toEqual([]);
  });

  it('has no outcome for a running attempt', () => {
    const running = record({ ats: '1', processedOn: String(T0), pb: 'w1' });
    expect(toAttempts(running, stored({ 1: {} }))).toEqual([
      { number: 1, worker: 'w1', startedAt: new Date(T0).toISOString() },
    ]);
  });

  it('shows failed attempts with their errors, and the last one from the job itself', () => {
    const error = { name: 'E', message: 'no', stack: 'E: no' };
    const done = record({
      state: 'completed',
      ats: '2',
      processedOn: String(T0 + 50),
      finishedOn: String(T0 + 70),
      pb: 'w2',
    });
    expect(toAttempts(done, stored({ 1: { finishedAt: T0 + 10, outcome: 'failed', error } }))).toMatchObject([
      { number: 1, worker: 'w1', outcome: 'failed', runMs: 10, error },
      { number: 2, worker: 'w2', outcome: 'completed', runMs: 20 },
    ]);
  });

  it('reports an earlier attempt without an outcome as lost', () => {
    const again = record({ ats: '3', processedOn: String(T0), pb: 'w3' });
    expect(outcomes(again, stored({ 2: {} }))).toEqual([
      [1, 'lost', undefined],
      [2, 'lost', 'w1'],
      [3, undefined, 'w3'],
    ]);
  });

  it('shows a failed attempt while the task waits for the next one', () => {
    const between = record({ state: 'delayed', ats: '1', processedOn: String(T0) });
    expect(outcomes(between, stored({ 1: { finishedAt: T0 + 5, outcome: 'failed' } }))).toEqual([
      [1, 'failed', 'w1'],
    ]);
  });

  it('has no outcome for an attempt whose failure is stored while the job is still active', () => {
    const error = { name: 'E', message: 'no' };
    const settling = record({ ats: '1', processedOn: String(T0), pb: 'w1' });
    const [attempt] = toAttempts(settling, stored({ 1: { finishedAt: T0 + 5, outcome: 'failed', error } }));
    expect(attempt).toEqual({ number: 1, worker: 'w1', startedAt: new Date(T0).toISOString() });
  });

  it('reads the error of the last attempt from the job', () => {
    const failed = record({
      state: 'failed',
      ats: '1',
      processedOn: String(T0),
      finishedOn: String(T0),
      failedReason: 'no',
    });
    const [attempt] = toAttempts(failed, { stacktrace: JSON.stringify(['E: old', 'E: no\n at x']) });
    expect(attempt!.error).toEqual({ name: 'E', message: 'no', stack: 'E: no\n at x' });
  });

  it.each(['-5', 'NaN', 'x', '', '0', '1.5', '1e999'])('returns none for a count of starts of %p', (ats) => {
    expect(toAttempts(record({ ats }), {})).toEqual([]);
  });

  it('tolerates damaged fields and an impossible count', () => {
    for (const json of [
      '',
      '{',
      'null',
      '5',
      '"x"',
      '{"startedAt":"x","finishedAt":1e999}',
      '{"startedAt":8640000000000001}',
    ]) {
      expect(
        toAttempts(record({ ats: '2', processedOn: 'x' }), {
          [attemptField(1)]: json,
          [attemptField(2)]: json,
        }),
      ).toHaveLength(2);
    }
    const startedAt = performance.now();
    expect(toAttempts(record({ ats: '1e12' }), {}).length).toBeLessThanOrEqual(1000);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});

describe('endedAttempt', () => {
  it('contains the fields that a retry clears', () => {
    const failed = record({
      state: 'failed',
      processedOn: String(T0),
      finishedOn: String(T0 + 9),
      pb: 'w1',
      failedReason: 'no',
    });
    expect(endedAttempt(failed, '["E: no"]')).toEqual({
      worker: 'w1',
      startedAt: T0,
      finishedAt: T0 + 9,
      outcome: 'failed',
      error: { name: 'E', message: 'no', stack: 'E: no' },
    });
    expect(endedAttempt(record({ state: 'cancelled' }), null)).toBeUndefined();
  });

  const kept = (more: object) => JSON.stringify({ worker: 'w1', startedAt: T0, ...more });
  const failed = { state: 'failed', processedOn: String(T0), finishedOn: String(T0 + 9), pb: 'w1' } as const;

  it('combines the error that the worker stored with the stack of the job', () => {
    const error = { name: 'TheWeather', message: 'no' };
    const of = record({ ...failed, failedReason: 'no' });
    const ended = endedAttempt(of, '["E: no\\n at x"]', kept({ outcome: 'failed', error, version: 'v1' }));
    expect(ended).toMatchObject({ outcome: 'failed', version: 'v1' });
    expect(ended!.error).toEqual({ ...error, stack: 'E: no\n at x' });
  });

  it('ignores an earlier failure if the worker was lost', () => {
    const of = record({ ...failed, failedReason: 'job stalled more than allowable limit' });
    const error = { name: 'TheWeather', message: 'no' };
    expect(endedAttempt(of, null, kept({ outcome: 'failed', error }))!.error).toMatchObject({
      name: 'WorkerLost',
    });
  });

  it('preserves a failed attempt of a task that was cancelled before the next one', () => {
    const of = record({ ...failed, state: 'cancelled' });
    const error = { name: 'TheWeather', message: 'no' };
    expect(endedAttempt(of, null, kept({ outcome: 'failed', finishedAt: T0 + 2, error }))).toMatchObject({
      outcome: 'failed',
      finishedAt: T0 + 2,
    });
    expect(endedAttempt(of, null, kept({}))).toMatchObject({ outcome: 'cancelled', finishedAt: T0 + 9 });
  });
});

describe('parseStacks', () => {
  it.each([[null], ['[]'], ['{'], ['5'], ['[5]'], ['{"length":1}']])('finds no stack in %p', (json) => {
    expect(parseStacks(json)).toEqual([]);
  });
});
