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

  it('does nothing more once it is stopped', () => {
    let acts = 0;
    const tick = new Tick(() => acts++);
    tick.soon();
    tick.stop();
    jest.advanceTimersByTime(1000);
    expect(acts).toBe(0);
  });
});
