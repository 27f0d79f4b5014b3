import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_SAVED, type SavedSearch } from '../../../src/history/ports/saved-search-store.js';
import { NOON } from '../../support/history-rows.js';
import { ADAPTERS } from './adapters.js';
import { HistoryFixture } from './history-fixture.js';

const saved = (id: string, name: string, more: Partial<SavedSearch> = {}): SavedSearch => ({
  ...{ id, name, q: 'state:failed', columns: null, createdAt: NOON },
  ...more,
});

describe.each(ADAPTERS)('saved searches ($name)', (adapter) => {
  let history: HistoryFixture;
  beforeEach(async () => {
    history = await HistoryFixture.open(adapter);
  });
  afterEach(() => history.remove());

  it('are listed by name, and replaced by one of the same name in any case', async () => {
    const { store } = history;
    expect(await store.saveSearch(saved('s1', 'Slow', { columns: ['run', 'type'] }))).toBe('added');
    expect(await store.saveSearch(saved('s2', 'failed'))).toBe('added');
    expect(await store.saveSearch(saved('s3', 'SLOW', { q: 'run:>1m' }))).toBe('replaced');
    expect(await store.searches()).toEqual([saved('s2', 'failed'), saved('s1', 'SLOW', { q: 'run:>1m' })]);
    expect(await store.dropSearch('s2')).toBe(true);
    expect(await store.dropSearch('s2')).toBe(false);
    expect(await store.searches()).toHaveLength(1);
  });

  it('are limited in number', async () => {
    const { store } = history;
    for (let n = 0; n < MAX_SAVED; n++) await store.saveSearch(saved(`n${n}`, `n${n}`));
    expect(await store.saveSearch(saved('more', 'more'))).toBe('full');
    expect(await store.saveSearch(saved('again', 'N1'))).toBe('replaced');
    expect(await store.searches()).toHaveLength(MAX_SAVED);
  });
});
