import { describe, expect, it } from '@jest/globals';
import { RoostError } from '../../../src/model/errors.js';
import { NO_REDACTION } from '../../../src/platform/redaction/redaction.js';
import { parseSearch, type SearchParams } from '../../../src/search/search-params.js';

const text = (params: SearchParams) => parseSearch(params, NO_REDACTION).text;

function refusal(params: SearchParams): RoostError {
  try {
    parseSearch(params, NO_REDACTION);
  } catch (error) {
    if (error instanceof RoostError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('parameters of a search', () => {
  it.each<[SearchParams, string]>([
    [{}, ''],
    [{ q: '  ' }, ''],
    [{ q: 'state:failed  AND ada' }, 'state:failed ada'],
    [{ state: 'failed' }, 'state:failed'],
    [{ state: 'failed, Expired,failed' }, '(state:failed OR state:expired)'],
    [{ q: 'a OR b', type: 'divide' }, '(a OR b) type:divide'],
    [
      { type: 'di*', queue: 'bull:mail', worker: 'w 1', tag: 'x' },
      'type:di* queue:"bull:mail" worker:"w 1" tag:x',
    ],
    [{ from: '1h' }, 'created:<1h'],
    [{ from: '2026-11-22', to: '2026-11-23T10:30Z' }, 'created:>=2026-11-22 created:<=2026-11-23T10:30Z'],
    [{ to: '7d' }, 'created:>7d'],
    [{ q: 'ada', sort: '-run' }, 'ada sort:-run'],
    [{ q: 'ada sort:wait' }, 'ada sort:wait'],
  ])('%j asks for %s', (params, expected) => {
    expect(text(params).replace(/^\((.*)\)$/, '$1')).toBe(expected.replace(/^\((.*)\)$/, '$1'));
    // Its plain form asks for the same.
    expect(text({ q: text(params) })).toBe(text(params));
  });

  it('shows where a query goes wrong, what is wrong and what would be right', () => {
    const { code, fields, extra, detail } = refusal({ q: ' type:divide state:faild' });
    expect(code).toBe('QUERY_INVALID');
    expect(extra).toMatchObject({ column: 14, from: 13, to: 24 });
    expect(fields).toEqual([
      { path: 'q', message: 'Column 14: There is no state "faild". Did you mean failed?' },
    ]);
    expect(detail).toContain('Did you mean failed?');
  });

  it('names every wrong parameter at once', () => {
    const { fields } = refusal({ q: '(', state: 'faild', from: 'soon', sort: 'size', type: 'x'.repeat(201) });
    expect(fields!.map(({ path }) => path)).toEqual(['q', 'state', 'type', 'from', 'sort']);
    expect(fields![1]!.message).toContain('Did you mean failed?');
    expect(fields![3]!.message).toContain('an age such as 1h');
  });

  it('takes one order only', () => {
    expect(refusal({ q: 'sort:run', sort: 'wait' }).fields).toMatchObject([{ path: 'sort' }]);
  });
});
