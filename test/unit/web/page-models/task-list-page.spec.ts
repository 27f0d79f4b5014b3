import { describe, expect, it } from '@jest/globals';
import type { StateCounts } from '../../../../src/contract/states.js';
import {
  type ListQuery,
  readSearch,
  toHref,
  toListPage,
} from '../../../../src/web/page-models/task-list-page.js';
import { sampleTask } from './samples.js';

const KNOWN = { queues: ['default', 'cpu'], types: ['divide', 'process-text'] };
const COUNTS: StateCounts = {
  waiting: 3,
  delayed: 0,
  active: 1,
  completed: 1_200,
  failed: 2,
  cancelled: 0,
  expired: 0,
};
const list = (query: Partial<ListQuery> = {}, total: number | undefined = 2) =>
  toListPage(
    { items: [sampleTask(), sampleTask({ id: 't2' })], total, nextCursor: 'c9' },
    COUNTS,
    { states: [], ...query },
    KNOWN,
  );

describe('the list of tasks', () => {
  it('has a chip with its count for every state', () => {
    const { chips } = list();
    expect(chips.map((chip) => [chip.label, chip.count]).slice(0, 2)).toEqual([
      ['all', 1_206],
      ['waiting', 3],
    ]);
    expect(chips).toHaveLength(8);
    expect(chips[0]!.current).toBe(true);
  });

  it('leaves out counts that would not be those of the list', () => {
    expect(list({ queue: 'cpu' }).chips.every((chip) => chip.count === undefined)).toBe(true);
  });

  it('keeps what was asked for from chip to chip and page to page', () => {
    const page = list({ states: ['failed'], queue: 'cpu', cursor: 'c1' });
    expect(page.chips[1]!.href).toBe('/tasks?state=waiting&queue=cpu');
    expect(page.nextHref).toBe('/tasks?state=failed&queue=cpu&cursor=c9');
    expect(page.firstHref).toBe('/tasks?state=failed&queue=cpu');
    expect(page.rows[0]!.back).toBe('/tasks?state=failed&queue=cpu&cursor=c1');
  });

  it('says what would loosen it', () => {
    expect(list({ states: ['failed'], type: 'divide' }).asked).toEqual([
      { label: 'state failed', without: '/tasks?type=divide' },
      { label: 'type divide', without: '/tasks?state=failed' },
    ]);
  });

  it('counts only where the service does', () => {
    expect(list()).toMatchObject({ count: '2 tasks', foot: '2 of 2 tasks, newest first' });
    expect(list({ states: ['failed'] })).toMatchObject({ count: '2 match' });
    const uncounted = toListPage({ items: [] }, COUNTS, { states: [], type: 'divide' }, KNOWN);
    expect(uncounted.count).toBeUndefined();
  });

  it('writes addresses that mean one list each', () => {
    expect(toHref({ states: [] })).toBe('/tasks');
    expect(toHref({ states: ['failed', 'expired'] })).toBe('/tasks?state=failed&state=expired');
  });
});

describe('the search box', () => {
  it.each([
    ['failed', { states: ['failed'] }],
    ['Failed divide', { states: ['failed'], type: 'divide' }],
    ['state:failed queue:cpu', { states: ['failed'], queue: 'cpu' }],
    ['cpu', { states: [], queue: 'cpu' }],
  ])('understands %j', (text, expected) => {
    expect(readSearch(text, KNOWN)).toEqual({ list: expected });
  });

  it('takes anything else for an id', () => {
    expect(readSearch('#t1hq7vabc', KNOWN)).toEqual({ id: 't1hq7vabc' });
  });
});
