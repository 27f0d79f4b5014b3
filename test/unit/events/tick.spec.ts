import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Tick } from '../../../src/events/tick.js';

describe('Tick', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('acts at once after a rest, once for all that comes together', () => {
    let acts = 0;
    const tick = new Tick(() => acts++);
    tick.soon();
    tick.soon();
    expect(acts).toBe(0);
    jest.advanceTimersByTime(0);
    expect(acts).toBe(1);
  });

  it('acts once a tick while it is asked for again and again, and the last word is not lost', () => {
    const heard: number[] = [];
    let last = 0;
    const tick = new Tick(() => heard.push(last));
    for (last = 1; last <= 100; last++) {
      tick.soon();
      jest.advanceTimersByTime(1);
    }
    last = 101;
    tick.soon();
    jest.advanceTimersByTime(100);
    expect(heard.length).toBeLessThanOrEqual(4);
    expect(heard.at(-1)).toBe(101);
  });

  it('does not let what people wait for wait for the end of a tick', () => {
    const at: number[] = [];
    const tick = new Tick(() => at.push(performance.now()));
    const startedAt = performance.now();
    tick.soon();
    jest.advanceTimersByTime(1);
    tick.soon();
    tick.early();
    jest.advanceTimersByTime(1);
    tick.early();
    jest.advanceTimersByTime(100);
    expect(at.map((ms) => ms - startedAt)).toEqual([0, 1, 2]);
  });

  it('takes no more than a tenth of the time for that, and waits no longer than a tick', () => {
    const at: number[] = [];
    let takesMs = 2;
    const tick = new Tick(() => {
      at.push(performance.now());
      jest.advanceTimersByTime(takesMs);
    });
    const startedAt = performance.now();
    for (let ms = 0; ms < 100; ms++) {
      tick.early();
      jest.advanceTimersByTime(1);
    }
    expect(at.length).toBeLessThanOrEqual(6);
    takesMs = 30;
    for (let ms = 0; ms < 200; ms++) {
      tick.early();
      jest.advanceTimersByTime(1);
    }
    const [before, last] = at.slice(-2) as [number, number];
    expect(last - before).toBeLessThanOrEqual(51);
    expect(last - startedAt).toBeGreaterThan(200);
  });

  it('does nothing more once it is stopped', () => {
    let acts = 0;
    const tick = new Tick(() => acts++);
    tick.soon();
    tick.stop();
    jest.advanceTimersByTime(1000);
    expect(acts).toBe(0);
  });
});
