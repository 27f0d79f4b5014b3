import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseQuery } from '../../../src/history/query/parse-query.js';
import { printQuery } from '../../../src/history/query/print-query.js';
import { ADAPTERS } from './adapters.js';
import { HistoryFixture } from './history-fixture.js';
import { task } from '../../support/history-rows.js';

/** The ids that JavaScript takes for the same number. */
const IDS = ['1970670598291982289', '1970670598291982290', '1970670598291982300'];

describe.each(ADAPTERS)('numbers that no double has the digits of ($name)', (adapter) => {
  let history: HistoryFixture;

  beforeAll(async () => {
    history = await HistoryFixture.open(adapter);
    const rows = [
      ...IDS.map((id) => [`t${id.slice(-3)}`, `{"id":${id}}`]),
      ['t-text', '{"id":"1970670598291982290"}'],
      ['t-small', '{"id":7,"t":0.10,"e":1E3,"a":1,"a":2}'],
      ['t-huge', '{"id":1e400}'],
      ['t-least', '{"id":-12345678901234567890.123}'],
      ['t-mark', `{"id":"\u{10ffff}0"}`],
    ] as const;
    await history.record({ tasks: rows.map(([id, input]) => task(id!, { input: input! })) });
  });

  afterAll(() => history.remove());

  const found = async (q: string) => (await history.ids(q)).sort();

  it.each<[string, string[]]>([
    ['input.id:1970670598291982290', ['t-text', 't290']],
    ['input.id:1970670598291982300', ['t300']],
    ['input.id:1970670598291982291', []],
    ['input.id:"1970670598291982290"', ['t-text']],
    ['input.id:>1970670598291982290', ['t-huge', 't300']],
    ['input.id:>=1970670598291982290', ['t-huge', 't290', 't300']],
    ['input.id:<1970670598291982290', ['t-least', 't-small', 't289']],
    ['input.id:<=1970670598291982299', ['t-least', 't-small', 't289', 't290']],
    ['input.id:1970670598291982290..1970670598291982300', ['t290', 't300']],
    ['input.id:..0', ['t-least']],
    ['input.id:8..', ['t-huge', 't289', 't290', 't300']],
    ['input.id:1e400', ['t-huge']],
    ['input.id:>1e399', ['t-huge']],
    ['input.id:-12345678901234567890.123', ['t-least']],
    ['input.t:0.1', ['t-small']],
    ['input.t:0.10', ['t-small']],
    ['input.e:1000', ['t-small']],
    ['input.a:1', ['t-small']],
    ['input.a:2', ['t-small']],
    ['NOT input.id:>1970670598291982290', ['t-least', 't-mark', 't-small', 't-text', 't289', 't290']],
  ])('are distinguished: %s', async (q, ids) => {
    expect(await found(q)).toEqual(ids);
    expect(await found(printQuery(parseQuery(q)))).toEqual(ids);
  });

  it('are found by their bare digits alone', async () => {
    expect(await found('1970670598291982290')).toEqual(['t-text', 't290']);
    expect(await found('1970670598291982300')).toEqual(['t300']);
    expect(await found('0.10')).toEqual(['t-small']);
  });

  it('are suggested with their digits', async () => {
    const values = await history.store.values('input.id', '', 20);
    expect(values).toEqual(expect.arrayContaining([...IDS, '1e400', '-12345678901234567890.123', '7']));
  });
});
