import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NO_REDACTION } from '../../../src/platform/redaction/redaction.js';
import { SavedSearches } from '../../../src/search/saved-searches.service.js';
import { HistoryFixture } from './history-fixture.js';

describe('saved searches', () => {
  let history: HistoryFixture;
  let searches: SavedSearches;

  beforeAll(() => {
    history = new HistoryFixture();
    searches = new SavedSearches(history.store, NO_REDACTION);
  });

  afterAll(() => history.remove());

  it('keep a name, a query in its plain form and columns; a name stands for one of them', async () => {
    const { search, added } = await searches.save({
      name: ' Failed \n today ',
      q: 'state:failed   AND created:<24h',
      columns: ['error', 'type'],
    });
    expect(added).toBe(true);
    expect(search).toMatchObject({
      name: 'Failed today',
      q: 'state:failed created:<1d',
      columns: ['error', 'type'],
      links: { page: '/tasks?q=state%3Afailed+created%3A%3C1d&columns=error%2Ctype' },
    });
    await searches.save({ name: 'All', q: '' });
    const again = await searches.save({ name: 'FAILED today', q: 'state:failed' });
    expect(again).toMatchObject({ added: false, search: { id: search.id, name: 'FAILED today' } });
    expect((await searches.all()).map(({ name }) => name)).toEqual(['All', 'FAILED today']);
    await searches.remove(search.id);
    await expect(searches.remove(search.id)).rejects.toMatchObject({ code: 'SEARCH_NOT_FOUND' });
  });

  it.each([
    [{ q: '' }, 'name'],
    [{ name: ' ', q: '' }, 'name'],
    [{ name: 'x'.repeat(61), q: '' }, 'name'],
    [{ name: 'a' }, 'q'],
    [{ name: 'a', q: 'state:faild' }, 'q'],
    [{ name: 'a', q: '', columns: ['size'] }, 'columns'],
    [{ name: 'a', q: '', columns: [] }, 'columns'],
  ])('refuse %j', async (given, path) => {
    await expect(searches.save(given)).rejects.toMatchObject({ code: 'REQUEST_INVALID', fields: [{ path }] });
  });

  it('are a hundred at most', async () => {
    for (let n = (await searches.all()).length; n < 100; n++) await searches.save({ name: `s${n}`, q: '' });
    await expect(searches.save({ name: 'one more', q: '' })).rejects.toMatchObject({
      fields: [{ path: 'name' }],
    });
    expect(await searches.save({ name: 'S50', q: 'ada' })).toMatchObject({ added: false });
  });
});
