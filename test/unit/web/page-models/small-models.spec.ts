import { describe, expect, it } from '@jest/globals';
import { toBanner } from '../../../../src/web/page-models/banner.js';
import { toErrorPage } from '../../../../src/web/page-models/error-page.js';
import { findFlash, withFlash } from '../../../../src/web/page-models/flash.js';
import { toTaskRow } from '../../../../src/web/page-models/task-row.js';
import { toValue } from '../../../../src/web/page-models/value-view.js';
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

describe('a row', () => {
  it('offers what its state allows', () => {
    expect(toTaskRow(sampleTask({ id: 't1', state: 'waiting' }), '/tasks')).toMatchObject({
      cancel: '/tasks/t1/cancel',
      retry: undefined,
      elementId: 'row-t1',
    });
  });

  it('escapes ids that other programs made up', () => {
    expect(toTaskRow(sampleTask({ id: 'a/b?c' }), '/').href).toBe('/tasks/a%2Fb%3Fc');
  });
});
