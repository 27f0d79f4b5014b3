import { describe, expect, it } from '@jest/globals';
import { ClockOffset } from '../../../../src/bullmq/connection/clock-offset.js';

describe('ClockOffset', () => {
  it('is undefined before the first answer', () => {
    expect(new ClockOffset().ms).toBeUndefined();
  });

  it('is the middle of the bounds of the first answer', () => {
    expect(new ClockOffset().record(1000, 5010, 1020)).toBe(4000);
  });

  it('does not change after a slow answer', () => {
    const offset = new ClockOffset();
    offset.record(1000, 5001, 1002);
    expect(offset.record(2000, 6500, 2900)).toBe(4000);
  });

  it('follows a clock that was adjusted', () => {
    const offset = new ClockOffset();
    offset.record(1000, 5001, 1002);
    expect(offset.record(2000, 2001, 2002)).toBe(0);
  });
});
