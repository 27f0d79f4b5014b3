import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { TtlCache } from '../../../src/coordination/ttl-cache.js';

describe('TtlCache', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('reuses an answer until it is too old', async () => {
    let loads = 0;
    const cache = new TtlCache<number>(1000);
    const get = () => cache.get('a', async () => ++loads);
    expect([await get(), await get()]).toEqual([1, 1]);
    jest.advanceTimersByTime(999);
    expect(await get()).toBe(1);
    jest.advanceTimersByTime(1);
    expect(await get()).toBe(2);
  });

  it('takes the age from the caller where it gives one', async () => {
    let loads = 0;
    const cache = new TtlCache<number>(1000);
    await cache.get('a', async () => ++loads);
    jest.advanceTimersByTime(100);
    expect(await cache.get('a', async () => ++loads, 101)).toBe(1);
    expect(await cache.get('a', async () => ++loads, 100)).toBe(2);
  });

  it('loads once for all that ask during a load, however long it takes', async () => {
    const loads: ((value: string) => void)[] = [];
    const cache = new TtlCache<string>(1000);
    const get = () => cache.get('a', () => new Promise((resolve) => loads.push(resolve)));
    const first = get();
    jest.advanceTimersByTime(5000);
    const second = get();
    loads[0]!('old');
    expect(await Promise.all([first, second])).toEqual(['old', 'old']);
    // Its age counts from the start of the load, so it is too old now.
    void get();
    expect(loads).toHaveLength(2);
  });

  it('caches no failure, and fails all that waited for it', async () => {
    const cache = new TtlCache<number>(1000);
    const broken = () => cache.get('a', () => Promise.reject(new Error('away')));
    const outcomes = await Promise.allSettled([broken(), broken()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await cache.get('a', async () => 1)).toBe(1);
  });

  it('drops the oldest key where there are too many', async () => {
    let loads = 0;
    const cache = new TtlCache<number>(1000, 2);
    const get = (key: string) => cache.get(key, async () => ++loads);
    for (const key of ['a', 'b', 'c']) await get(key);
    expect([await get('b'), await get('c'), await get('a')]).toEqual([2, 3, 4]);
  });

  it('leaves a newer answer when an older, dropped load fails', async () => {
    let fail: (error: Error) => void = () => undefined;
    const cache = new TtlCache<number>(1000, 1);
    const first = cache.get('a', () => new Promise((_, reject) => (fail = reject)));
    await cache.get('b', async () => 1);
    await cache.get('a', async () => 2);
    fail(new Error('late'));
    await expect(first).rejects.toThrow('late');
    expect(await cache.get('a', async () => 3)).toBe(2);
  });
});
