import { describe, expect, it } from '@jest/globals';
import { Pace } from '../../../src/bulk/pace.js';

describe('the pace of a bulk action', () => {
  it('begins small and grows while Redis is quick, up to 100 at once', () => {
    const pace = new Pace();
    const sizes = Array.from({ length: 12 }, () => {
      pace.pause(1, 1);
      return pace.next;
    });
    expect(sizes[0]).toBeLessThan(20);
    expect(sizes.at(-1)).toBe(100);
  });

  it('shrinks in proportion where the tasks take long, down to one at a time', () => {
    const pace = new Pace();
    for (let i = 0; i < 12; i++) pace.pause(1, 1);
    pace.pause(40, 1);
    expect(pace.next).toBe(10);
    for (let i = 0; i < 5; i++) pace.pause(100, 1);
    expect(pace.next).toBe(1);
  });

  it('leaves Redis to others for at least as long as it was busy', () => {
    expect(new Pace().pause(6, 1)).toBeGreaterThanOrEqual(6);
  });

  it('waits longer where Redis is slow to answer, but not for ever', () => {
    expect(new Pace().pause(1, 200)).toBeGreaterThanOrEqual(200);
    expect(new Pace().pause(1, 10_000)).toBe(500);
  });
});
