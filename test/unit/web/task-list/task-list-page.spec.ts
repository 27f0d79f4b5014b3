import { describe, expect, it } from '@jest/globals';
import type { RecorderStatus } from '../../../../src/history/history-status.js';
import type { GroupCounts } from '../../../../src/history/ports/history-store.js';
import { NO_REDACTION } from '../../../../src/platform/redaction/redaction.js';
import { parseSearch } from '../../../../src/search/search-params.js';
import { USUAL_COLUMNS } from '../../../../src/search/task-columns.js';
import { newerHref, olderHref, type ListAddress } from '../../../../src/web/task-list/task-list-address.js';
import {
  toBrokenList,
  toListFrame,
  toListPage,
  formatTotal,
  type ListParts,
} from '../../../../src/web/task-list/task-list-page.js';
import { sampleTask } from '../page-models/samples.js';

const STATUS: RecorderStatus = { state: 'recording', at: '', lagMs: 0, perSecond: 0, queues: [], gaps: [] };
const COUNTS: GroupCounts = {
  total: 1_206,
  isExact: true,
  byState: { waiting: 3, active: 1, completed: 1_200, failed: 2 },
  byType: { divide: 1_000, mail: 206 },
  byQueue: { default: 1_000, 'bull:mail': 206 },
  byWorker: { w1: 7 },
};

function list(q = '', more: Omit<Partial<ListParts>, 'here'> & { here?: Partial<ListAddress> } = {}) {
  const here = { q, ...more.here };
  const { query } = parseSearch({ q }, NO_REDACTION);
  return toListPage({
    query,
    columns: USUAL_COLUMNS,
    listing: {
      items: [sampleTask(), sampleTask({ id: 't2' })],
      total: 1_206,
      totalIsExact: true,
      nextCursor: 'c9',
    },
    acts: new Map(),
    counts: COUNTS,
    known: COUNTS,
    saved: [],
    status: STATUS,
    loosen: [],
    ...more,
    here,
  });
}

describe('the list of tasks', () => {
  it('has a chip with its count for every state, each changing the state alone', () => {
    const { chips } = list('ada state:failed type:divide');
    expect(chips.map(({ label, count }) => [label, count]).slice(0, 3)).toEqual([
      ['all', '1,206'],
      ['waiting', '3'],
      ['delayed', '0'],
    ]);
    expect(chips).toHaveLength(9);
    expect(chips.filter(({ current }) => current).map(({ label }) => label)).toEqual(['failed']);
    const href = (label: string) => decodeURIComponent(chips.find((chip) => chip.label === label)!.href);
    expect(href('all')).toBe('/tasks?q=ada+type:divide');
    expect(href('expired')).toBe('/tasks?q=ada+state:expired+type:divide');
    expect(list('', { counts: { ...COUNTS, isExact: false } }).chips[0]!.count).toBe('1,206+');
  });

  it('has selects that show what the query asks for', () => {
    const chosen = (q: string) =>
      Object.fromEntries(
        list(q).selects.map(({ name, options }) => [name, options.find(({ selected }) => selected)?.label]),
      );
    expect(chosen('type:mail created:<24h')).toEqual({ type: 'mail', period: 'last 24 hours' });
    expect(chosen('type:di* created:2026-11-22..')).toEqual({ type: 'di*', period: 'created 2026-11-22..' });
    expect(chosen('type:mail OR type:divide')).toEqual({});
  });

  it('sorts by its headers, the greatest first, and turns round at the second click', () => {
    const head = (q: string, key: string) => {
      const found = list(q).heads.find((one) => one.key === key)!;
      return [found.order, decodeURIComponent(found.href ?? '')];
    };
    expect(head('ada', 'created')).toEqual(['descending', '/tasks?q=ada+sort:created']);
    expect(head('ada', 'ran')).toEqual([undefined, '/tasks?q=ada+sort:-run']);
    expect(head('ada sort:-run', 'ran')).toEqual(['descending', '/tasks?q=ada+sort:run']);
    expect(head('ada sort:-run', 'created')).toEqual([undefined, '/tasks?q=ada']);
    expect(head('ada', 'input')).toEqual([undefined, '']);
    expect(list('sort:run').foot).toBe('1–2 of 1,206, shortest run first');
  });

  it('goes on page by page, and back', () => {
    let here: ListAddress = { q: 'ada' };
    const seen = [here];
    for (const cursor of ['c1', 'c2', 'c3']) {
      here = addressOf(olderHref(here, cursor));
      seen.push(here);
    }
    expect(here).toEqual({ q: 'ada', cursor: 'c3', trail: ['c1', 'c2'], page: 4 });
    for (const before of seen.slice(0, -1).reverse()) {
      here = addressOf(newerHref(here)!);
      expect(here).toEqual({ trail: [], ...before, ...(before.cursor ? {} : { trail: [] }) });
    }
    expect(newerHref(here)).toBeUndefined();
    expect(list('ada', { here: { cursor: 'c1', page: 2 } })).toMatchObject({
      foot: '51–52 of 1,206, newest first',
      firstHref: '/tasks?q=ada',
    });
  });

  it('shows what it counted', () => {
    expect(list().count).toBe('1,206 tasks');
    expect(list('ada').count).toBe('1,206 match');
    expect(formatTotal({ total: 10_001, totalIsExact: false })).toBe('more than 10,000');
    expect(formatTotal({ total: 1_502, totalIsExact: false })).toBe('more than 1,000');
    expect(formatTotal({ total: 12_345, totalIsExact: true })).toBe('12,345');
  });

  it('asks back where a bare word is also a name', () => {
    expect(list('Failed divide x').hints.map(({ meant, href }) => [meant, decodeURIComponent(href)])).toEqual(
      [
        ['state:failed', '/tasks?q=state:failed+divide+x'],
        ['type:divide', '/tasks?q=Failed+type:divide+x'],
      ],
    );
  });

  it('shows when the history is behind', () => {
    const listing = { items: [], total: 0, totalIsExact: true };
    expect(list('', { listing }).notice).toBeUndefined();
    expect(list('', { listing: { ...listing, lagMs: 12_000 } }).notice!.text).toMatch(/is 12\.0 s behind/);
    expect(list('', { listing: { ...listing, lagMs: 20 } }).notice).toBeUndefined();
  });

  it('does not act on tasks of other programs', () => {
    const foreign = sampleTask({ id: '7', queue: 'bull:mail', state: 'failed' });
    const [row] = list('', { listing: { items: [foreign], total: 1, totalIsExact: true } }).rows;
    expect(row).toMatchObject({ ref: 'bull:mail/7', foreign: true, cancel: undefined, retry: undefined });
  });

  it('points into a query that cannot be read', () => {
    const at = (q: string, from: number, to: number) =>
      toBrokenList(toListFrame({ q }, USUAL_COLUMNS, []), [{ path: 'q', message: 'Column' }], {
        column: from + 1,
        from,
        to,
        problem: 'Why.',
      }).problem;
    expect(at('a (b', 2, 3)).toEqual({
      title: 'The search stops at column 3',
      texts: ['Why.'],
      at: { before: 'a ', wrong: '(', after: 'b', column: 3 },
    });
    expect(at('a', 1, 1).at!.wrong).toBe(' ');
  });
});

function addressOf(href: string): ListAddress {
  const params = new URL(href, 'http://local').searchParams;
  const cursor = params.get('cursor');
  const trail = params.get('trail');
  return {
    q: params.get('q') ?? '',
    trail: trail ? trail.split(',') : [],
    ...(cursor ? { cursor, page: Number(params.get('page')) } : {}),
  };
}
