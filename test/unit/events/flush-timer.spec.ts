import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FlushTimer } from '../../../src/events/flush-timer.js';

describe('FlushTimer', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('flushes immediately after an idle time, once for simultaneous changes', () => {
    let acts = 0;
    const tick = new FlushTimer(() => acts++);
    tick.schedule();
    tick.schedule();
    expect(acts).toBe(0);
    jest.advanceTimersByTime(0);
    expect(acts).toBe(1);
  });

  it('flushes once a tick under load, including the last change', () => {
    const heard: number[] = [];
    let last = 0;
    const tick = new FlushTimer(() => heard.push(last));
    for (last = 1; last <= 100; last++) {
      tick.schedule();
      jest.advanceTimersByTime(1);
    }
    last = 101;
    tick.schedule();
    jest.advanceTimersByTime(100);
    expect(heard.length).toBeLessThanOrEqual(4);
    expect(heard.at(-1)).toBe(101);
  });

  it('flushes urgent changes before the end of a tick', () => {
    const at: number[] = [];
    const tick = new FlushTimer(() => at.push(performance.now()));
    const startedAt = performance.now();
    tick.schedule();
    jest.advanceTimersByTime(1);
    tick.schedule();
    tick.scheduleUrgent();
    jest.advanceTimersByTime(1);
    tick.scheduleUrgent();
    jest.advanceTimersByTime(100);
    expect(at.map((ms) => ms - startedAt)).toEqual([0, 1, 2]);
  });

  it('flushes urgent changes at once after a quiet time, even if the last flush took long', () => {
    const at: number[] = [];
    let takesMs = 5;
    const tick = new FlushTimer(() => {
      at.push(performance.now());
      jest.advanceTimersByTime(takesMs);
      takesMs = 0;
    });
    tick.scheduleUrgent();
    jest.advanceTimersByTime(0);
    const endedAt = performance.now();
    tick.scheduleUrgent();
    jest.advanceTimersByTime(0);
    expect(at).toEqual([endedAt - 5, endedAt]);
  });

  it('uses at most a tenth of the time for urgent flushes in the long run, and delays them by at most a tick', () => {
    const at: number[] = [];
    let takesMs = 2;
    const tick = new FlushTimer(() => {
      at.push(performance.now());
      jest.advanceTimersByTime(takesMs);
    });
    const startedAt = performance.now();
    const changeEveryMs = (ms: number) => {
      for (const until = performance.now() + ms; performance.now() < until;) {
        tick.scheduleUrgent();
        jest.advanceTimersByTime(1);
      }
    };
    // The time that may be used at once.
    changeEveryMs(50);
    at.length = 0;
    changeEveryMs(200);
    expect(at.length).toBeGreaterThanOrEqual(9);
    expect(at.length).toBeLessThanOrEqual(11);
    takesMs = 30;
    changeEveryMs(200);
    const [before, last] = at.slice(-2) as [number, number];
    expect(last - before).toBeLessThanOrEqual(51);
    expect(last - startedAt).toBeGreaterThan(200);
  });

  it('does nothing after it is stopped', () => {
    let acts = 0;
    const tick = new FlushTimer(() => acts++);
    tick.schedule();
    tick.stop();
    jest.advanceTimersByTime(1000);
    expect(acts).toBe(0);
  });
});
