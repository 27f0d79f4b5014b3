import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ReaderPool } from '../../../../src/history/sqlite/reader-pool.js';
import type { EngineCalls } from '../../../../src/history/sqlite/store-calls.js';

interface FakeThread {
  busyMs: number;
  pending: number;
  close: jest.Mock<() => Promise<void>>;
}

describe('the threads that read', () => {
  let threads: FakeThread[];
  let pool: ReaderPool;

  beforeEach(() => {
    jest.useFakeTimers();
    threads = [];
    pool = new ReaderPool(() => {
      const thread = { busyMs: 0, pending: 0, close: jest.fn(() => Promise.resolve()) };
      threads.push(thread);
      return thread as unknown as EngineCalls;
    }, 2);
  });

  afterEach(() => void jest.useRealTimers());

  const asked = () => threads.indexOf(pool.reader() as unknown as FakeThread);
  const busy = (n: number, ms: number, pending = 1) => Object.assign(threads[n]!, { busyMs: ms, pending });

  it('are one, as long as nothing takes long', () => {
    expect(asked()).toBe(0);
    busy(0, 5, 8);
    expect(asked()).toBe(0);
    expect(threads).toHaveLength(1);
  });

  it('become two while a search takes long, and no more', () => {
    busy(0, 500, 1);
    expect([asked(), asked()]).toEqual([1, 1]);
    busy(1, 500, 3);
    expect(asked()).toBe(0);
    busy(0, 0, 0);
    expect(asked()).toBe(0);
    expect(threads).toHaveLength(2);
  });

  it('are one again when the other has not been needed for a while', () => {
    busy(0, 500);
    asked();
    busy(0, 0, 0);
    busy(1, 500);
    jest.advanceTimersByTime(200_000);
    expect(threads[1]!.close).not.toHaveBeenCalled();
    busy(1, 0, 0);
    jest.advanceTimersByTime(200_000);
    expect(threads[1]!.close).toHaveBeenCalledTimes(1);
    busy(0, 500);
    expect(asked()).toBe(2);
  });

  it('all end with the store', async () => {
    busy(0, 500);
    asked();
    await pool.close();
    expect(threads.map(({ close }) => close.mock.calls.length)).toEqual([1, 1]);
  });
});
