import { describe, expect, it } from '@jest/globals';
import { FetchStallDetector, STUCK_MS, type FetchFacts } from '../../../src/worker/fetch-watchdog.js';

const START = 1_000_000;

/** Looks every 2 s for so long; the first look that finds a queue stuck, ms from the start. */
function firstFind(lasts: number, factsAt: (ms: number) => Partial<FetchFacts>): number | undefined {
  const judge = new FetchStallDetector();
  for (let ms = 0; ms <= lasts; ms += 2_000) {
    const facts = { queue: 'default', ready: 1, active: 0, lastFetchAt: START, ...factsAt(ms) };
    if (judge.findStalled([facts], START + ms).length > 0) return ms;
  }
  return undefined;
}

describe('the watchdog over fetching', () => {
  it('finds a worker that does not fetch what waits', () => {
    expect(firstFind(60_000, () => ({}))).toBe(STUCK_MS);
  });

  it('counts from when tasks wait, not from the last fetch', () => {
    expect(firstFind(120_000, (ms) => ({ ready: ms < 50_000 ? 0 : 3 }))).toBe(50_000 + STUCK_MS);
  });

  it('lets a worker be that fetches, that is busy, or has nothing to fetch', () => {
    expect(firstFind(300_000, (ms) => ({ lastFetchAt: START + ms - 10_000 }))).toBeUndefined();
    expect(firstFind(300_000, () => ({ active: 1 }))).toBeUndefined();
    expect(firstFind(300_000, () => ({ ready: 0 }))).toBeUndefined();
  });

  it('starts anew after a task, and after a time it could not see', () => {
    expect(firstFind(40_000, (ms) => ({ active: ms === 20_000 ? 1 : 0 }))).toBeUndefined();
    const judge = new FetchStallDetector();
    const facts: FetchFacts = { queue: 'cpu', ready: 1, active: 0, lastFetchAt: START };
    judge.findStalled([facts], START);
    judge.reset();
    expect(judge.findStalled([facts], START + STUCK_MS)).toEqual([]);
  });
});
