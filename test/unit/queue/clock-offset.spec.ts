import { describe, expect, it } from '@jest/globals';
import { ClockOffset } from '../../../src/queue/clock-offset.js';

describe('ClockOffset', () => {
  it('knows nothing before the first answer', () => {
    expect(new ClockOffset().ms).toBeUndefined();
  });

  it('takes the middle of what the first answer leaves possible', () => {
    expect(new ClockOffset().hear(1000, 5010, 1020)).toBe(4000);
  });

  it('is not moved by an answer that only took long', () => {
    const offset = new ClockOffset();
    offset.hear(1000, 5001, 1002);
    expect(offset.hear(2000, 6500, 2900)).toBe(4000);
  });

  it('follows a clock that was set', () => {
    const offset = new ClockOffset();
    offset.hear(1000, 5001, 1002);
    expect(offset.hear(2000, 2001, 2002)).toBe(0);
  });
});
