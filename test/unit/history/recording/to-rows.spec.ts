import { describe, expect, it } from '@jest/globals';
import { NO_REDACTION } from '../../../../src/platform/redaction/redaction.js';
import type { TaskEvent } from '../../../../src/bullmq/codec/task-event.js';
import { addRows, emptyBatch, type TaskChanges } from '../../../../src/history/recording/to-rows.js';
import { NO_ATTEMPTS } from '../../../../src/bullmq/codec/observed-attempts.js';
import { JOB_FIELDS, type FullRecord } from '../../../../src/bullmq/codec/task-record.js';
import { decodeTaskRow } from '../../../../src/bullmq/codec/task-row.js';
import { decodeJob, type StoredJob } from '../../../support/task-record.js';
import { toTaskView } from '../../../../src/bullmq/codec/to-task-view.js';

const T = 1_795_400_000_000;

function event(name: string, at: number, more: Partial<TaskEvent> = {}): TaskEvent {
  return { at: T + at, seq: 0, name, id: '1', prev: '', value: '', ...more };
}

function job(
  state: FullRecord['state'],
  { stacktrace, ...fields }: StoredJob,
  { data = '{"to":"ada"}', ...more }: Partial<FullRecord> = {},
): FullRecord {
  const stored = { name: 'mail', opts: '{"attempts":3}', timestamp: String(T), ...fields };
  return decodeJob(
    { id: '1', queue: 'bull:mail', state, data, ...stored, ...(stacktrace ? { stacktrace } : {}) },
    more,
  );
}

function told(events: TaskEvent[], snapshot: FullRecord | undefined, more: Partial<TaskChanges> = {}) {
  const batch = emptyBatch();
  const after = addRows(
    batch,
    {
      ref: { queue: 'bull:mail', id: '1' },
      events,
      job: snapshot,
      isOurs: false,
      tail: NO_ATTEMPTS,
      isNew: true,
      lastSampleAt: 0,
      ...more,
    },
    T + 1000,
  );
  return { batch, after };
}

describe('a job as rows of the history', () => {
  it('is the task its view shows', () => {
    const data = JSON.stringify({
      roost: 1,
      tags: ['a', ',"input":'],
      expiresAt: T + 9000,
      origin: 'o1',
      input: { x: [1, '}'] },
    });
    const fields = {
      name: 'divide',
      opts: '{"attempts":2,"delay":10}',
      timestamp: String(T),
      processedOn: String(T + 30),
      finishedOn: String(T + 75),
      atm: '1',
      ats: '1',
      pb: 'w1',
      priority: '3',
      progress: '{"done":1,"total":4}',
    };
    const result = '{"quotient":2}';
    const { batch } = told([], job('completed', fields, { data, result, resultBytes: result.length }), {
      isOurs: true,
    });
    const row = batch.tasks[0]!;
    const all: Record<string, string> = { ...fields, data, returnvalue: result };
    const values = JOB_FIELDS.map((name) => all[name] ?? null);
    const bodies = [null, null, null, null, data, result];
    const view = toTaskView(
      decodeTaskRow({ queue: 'default', id: '1' }, ['completed', '0', '0', '0', ...values, ...bodies], 0),
      Date.now(),
      NO_REDACTION,
    );
    expect({
      input: JSON.parse(row.input!) as unknown,
      result: JSON.parse(row.result!) as unknown,
      bytes: row.inputBytes,
      tags: row.tags,
      origin: row.origin,
      expiresAt: new Date(row.expiresAt!).toISOString(),
      attempts: { made: row.attemptsMade, max: row.attemptsMax },
      times: [row.createdAt, row.startedAt, row.finishedAt].map((at) => new Date(at!).toISOString()),
      durations: [row.waitMs, row.runMs],
      progress: row.progress,
      worker: row.worker,
      priority: row.priority,
    }).toEqual({
      input: view.input,
      result: view.result,
      bytes: JSON.stringify(view.input).length,
      tags: view.tags,
      origin: view.origin,
      expiresAt: view.expiresAt,
      attempts: view.attempts,
      times: [view.createdAt, view.startedAt, view.finishedAt],
      durations: [view.waitMs, view.runMs],
      progress: view.progress,
      worker: view.worker,
      priority: view.priority,
    });
  });

  it('has the attempts of another program told by events, with the stacks the job keeps', () => {
    const stack = (n: number) => `TypeError: no ${n}\n    at mail.js:${n}`;
    const { batch, after } = told(
      [
        event('added', 0, { value: 'mail' }),
        event('waiting', 0),
        event('active', 5),
        event('delayed', 9),
        event('waiting', 20, { prev: 'delayed' }),
        event('active', 21),
        event('waiting', 30, { prev: 'active' }),
        event('stalled', 30),
        event('active', 40),
        event('completed', 50),
      ],
      job('completed', {
        ats: '3',
        atm: '2',
        pb: 'w9',
        processedOn: String(T + 40),
        finishedOn: String(T + 50),
        stacktrace: JSON.stringify([stack(1)]),
      }),
    );
    const last = new Map(batch.attempts.map((row) => [row.number, row]));
    expect([...last.values()]).toMatchObject([
      { number: 1, outcome: 'failed', error: { name: 'TypeError', message: 'no 1', stack: stack(1) } },
      { number: 2, outcome: 'lost' },
      { number: 3, outcome: 'completed', worker: 'w9', finishedAt: T + 50 },
    ]);
    expect(batch.transitions.map(({ state, attempt, detail }) => [state, attempt, detail])).toEqual([
      ['waiting', undefined, undefined],
      ['active', 1, undefined],
      ['delayed', 1, undefined],
      ['waiting', undefined, undefined],
      ['active', 2, undefined],
      ['waiting', 2, 'its worker was lost'],
      ['active', 3, undefined],
      ['completed', 3, undefined],
    ]);
    expect(after.tail).toEqual({ starts: 3, isOpen: false, failures: 1 });
  });

  it('counts on where the batch before ended, and does not count twice what was read after a gap', () => {
    const tail = { starts: 2, isOpen: true, failures: 1 };
    const failed = job('failed', { ats: '2', atm: '2', failedReason: 'no', finishedOn: String(T + 9) });
    const { batch } = told([event('failed', 9, { value: 'no' })], failed, { tail, isNew: false });
    expect(batch.attempts).toMatchObject([{ number: 2, outcome: 'failed', error: { message: 'no' } }]);

    const again = told([event('active', 1), event('failed', 9, { value: 'no' })], failed, {
      tail: { starts: 2, isOpen: false, failures: 2 },
      isNew: false,
    });
    expect(again.batch.attempts.map(({ number }) => number)).toEqual([2]);
  });

  it('that was gone before it could be read is told by its events, which reports it', () => {
    const { batch } = told(
      [
        event('added', 0, { value: 'mail' }),
        event('waiting', 0),
        event('active', 5),
        event('completed', 9, { value: '{"sent":1}' }),
      ],
      undefined,
    );
    expect(batch.tasks).toEqual([
      {
        queue: 'bull:mail',
        id: '1',
        state: 'completed',
        type: 'mail',
        createdAt: T,
        startedAt: T + 5,
        finishedAt: T + 9,
        waitMs: 5,
        runMs: 4,
        result: '{"sent":1}',
        attemptsMade: 1,
        settled: [{ state: 'completed', at: T + 9, runMs: 4 }],
      },
    ]);
    expect(batch.attempts.at(-1)).toMatchObject({ number: 1, outcome: 'completed' });
    expect(batch.transitions.at(-1)?.detail).toMatch(/gone before it could be read/);
  });

  it('is removed where somebody removed it, and left alone where nothing shows its state', () => {
    expect(told([event('removed', 3)], undefined).batch).toEqual({
      ...emptyBatch(),
      removed: [{ queue: 'bull:mail', id: '1' }],
    });
    expect(told([event('progress', 3, { value: '50' })], undefined).batch.tasks).toEqual([]);
  });

  it('has a start taken back that a limit turned into a wait', () => {
    const held = job(
      'delayed',
      { ats: '0', opts: '{}' },
      { delayUntil: T + 500, data: '{"roost":1,"input":{}}' },
    );
    const { batch } = told([event('active', 1), event('delayed', 2, { prev: 'held' })], held, {
      isOurs: true,
    });
    expect(batch.dropped).toEqual([{ queue: 'bull:mail', id: '1', after: 0 }]);
    expect(batch.attempts).toEqual([]);
    expect(batch.transitions.at(-1)).toMatchObject({
      state: 'delayed',
      detail: 'held back by a limit of its type',
    });
  });

  it('has its lines, in our words or in another program’s, and one sample of progress a second', () => {
    const lines = [
      'plain words',
      '{"at":"2026-11-23T08:00:00.000Z","level":"warn","attempt":2,"text":"ours"}',
    ];
    const events = [0, 100, 900, 1100, 1500].map((at) =>
      event('progress', at, { value: `{"done":${at},"total":2000}` }),
    );
    const { batch, after } = told(events, job('active', { ats: '1' }, { lines, firstLine: 7 }));
    expect(batch.logs).toMatchObject([
      { n: 7, level: 'info', text: 'plain words' },
      { n: 8, level: 'warn', attempt: 2, text: 'ours', at: Date.parse('2026-11-23T08:00:00.000Z') },
    ]);
    expect(batch.progress.map(({ done }) => done)).toEqual([0, 1100]);
    expect(after.lastSampleAt).toBe(T + 1100);
  });

  it('keeps the last progress of a task, also when its end is read later', () => {
    const progress = [0, 100].map((at) => event('progress', at, { value: `{"done":${at},"total":100}` }));
    const end = event('completed', 200, { value: '"sent"' });
    const done = ({ batch }: ReturnType<typeof told>) => batch.progress.map((row) => row.done);

    expect(done(told([...progress, end], job('completed', { ats: '1' })))).toEqual([0, 100]);

    const first = told(progress, job('active', { ats: '1' }));
    expect(done(first)).toEqual([0]);
    const { lastSampleAt, pendingSample } = first.after;
    const second = told([end], job('completed', { ats: '1' }), { lastSampleAt, pendingSample });
    expect(done(second)).toEqual([100]);
    expect(second.after.pendingSample).toBeUndefined();

    // The job shows the end before its event is read, and is forgotten then.
    expect(done(told(progress, job('completed', { ats: '1' })))).toEqual([0, 100]);
  });
});
