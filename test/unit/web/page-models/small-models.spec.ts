import { describe, expect, it } from '@jest/globals';
import { toBanner } from '../../../../src/web/kit/banner.js';
import { toErrorPage } from '../../../../src/web/kit/error-page.js';
import { findFlash, withFlash } from '../../../../src/web/kit/flash.js';
import { jobCommands } from '../../../../src/tasks/job-commands.js';
import type { JobStanding } from '../../../../src/bullmq/codec/job-standing.js';
import { toTaskRow } from '../../../../src/web/kit/task-row.js';
import { toValue } from '../../../../src/web/task/value-view.js';
import { NOW, sampleTask } from './samples.js';

describe('a flash', () => {
  it('comes from the table and from nowhere else', () => {
    expect(findFlash('cancelled')?.text).toBe('Task cancelled.');
    expect([findFlash('Pay here'), findFlash('toString'), findFlash(undefined)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is added to an address that has a query already', () => {
    expect(withFlash('/tasks?state=failed', 'retried')).toBe('/tasks?state=failed&flash=retried');
  });
});

describe('a value', () => {
  it('shows a few plain values as a table', () => {
    expect(toValue({ quotient: 5, note: null }).rows).toEqual([
      { name: 'quotient', value: '5', kind: 'number', long: false },
      { name: 'note', value: 'null', kind: 'null', long: false },
    ]);
  });

  it.each([[[1, 2]], [{ deep: { a: 1 } }], ['text'], [null], [{}], [{ text: 'x'.repeat(3_000) }]])(
    'shows %j as JSON only',
    (value) => {
      expect(toValue(value).rows).toBeUndefined();
    },
  );
});

describe('a warning', () => {
  it('gives the command in its cure to copy', () => {
    const warning = { code: 'NO_WORKER', message: 'None.', cure: 'Start one: npm run start:worker' };
    expect(toBanner(warning, 0)).toMatchObject({ cure: 'Start one:', command: 'npm run start:worker' });
    expect(toBanner({ ...warning, cure: 'Look at the disk.' }, 1)).toMatchObject({ command: undefined });
  });
});

describe('an error page', () => {
  const facts = {
    status: 503,
    title: 'Redis does not answer',
    detail: 'd',
    code: 'REDIS_UNAVAILABLE',
    requestId: 'r',
  };

  it('asks again by itself only while that can help', () => {
    expect(toErrorPage(facts, NOW).retries).toBe(true);
    expect(toErrorPage({ ...facts, status: 404 }, NOW).retries).toBe(false);
  });

  it('takes nothing over but what it names', () => {
    const hostile = { ...facts, layout: 'x', settings: {}, section: 'y' };
    expect(Object.keys(toErrorPage(hostile, NOW))).not.toEqual(expect.arrayContaining(['layout']));
  });
});

/** Standing of a job that nothing blocks. */
const STANDING = {
  place: 'wait',
  queue: { isPaused: false, losesWhatWaits: false },
  parentWaits: false,
  isLocked: false,
  children: { pending: 0 },
};

describe('a row', () => {
  it('offers what its state allows', () => {
    expect(toTaskRow(sampleTask({ id: 't1', state: 'waiting' }), '/tasks')).toMatchObject({
      cancel: '/tasks/t1/cancel',
      retry: undefined,
      elementId: 'row-t1',
    });
  });

  it.each([
    ['which Redis has dropped', 'failed', undefined, '', 'delete'],
    ['which Redis has dropped before it ran', 'delayed', undefined, '', 'delete'],
    ['which Redis has', 'failed', {}, 'retry', 'retry delete'],
    ['that a parent waits for', 'failed', { parentWaits: true }, 'retry', 'retry'],
    ['that waits for its parent to start', 'waiting', { parent: 'bull:mail:1', parentWaits: true }, '', ''],
    ['which a schedule made', 'delayed', { schedule: 'nightly' }, '', ''],
  ] as const)('of a task %s offers what will not be refused', (_what, state, standing, row, bulk) => {
    const acts = jobCommands(state, standing && ({ ...STANDING, ...standing } as JobStanding));
    const { cancel, retry, ...rest } = toTaskRow(sampleTask({ id: 't1', state }), '/tasks', acts);
    expect([cancel && 'cancel', retry && 'retry'].filter(Boolean).join(' ')).toBe(row);
    expect(rest.bulk).toBe(bulk);
  });

  it('of a task of another program offers nothing, as the bar has nothing to do with it', () => {
    const task = sampleTask({ queue: 'bull:mail', state: 'failed' });
    expect(toTaskRow(task, '/tasks')).toMatchObject({ bulk: '', retry: undefined, cancel: undefined });
  });

  it('escapes ids that other programs made up', () => {
    expect(toTaskRow(sampleTask({ id: 'a/b?c' }), '/').href).toBe('/tasks/a%2Fb%3Fc');
  });
});
