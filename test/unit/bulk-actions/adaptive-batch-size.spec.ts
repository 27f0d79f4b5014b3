import { describe, expect, it } from '@jest/globals';
import { AdaptiveBatchSize } from '../../../src/bulk-actions/adaptive-batch-size.js';

/** As if each task took Redis so long, ms. */
function work(pace: AdaptiveBatchSize, perTaskMs: number, pieces: number): void {
  for (let i = 0; i < pieces; i++) pace.pause(pace.next, perTaskMs * pace.next, 1);
}

describe('the pace of a bulk action', () => {
  it('begins small and grows while Redis is quick, up to 100 at once', () => {
    const pace = new AdaptiveBatchSize();
    expect(pace.next).toBeLessThanOrEqual(5);
    work(pace, 0.04, 1);
    expect(pace.next).toBe(10);
    work(pace, 0.04, 10);
    expect(pace.next).toBe(100);
  });

  it('takes as many as fit where the tasks take long, down to one at a time', () => {
    const pace = new AdaptiveBatchSize();
    work(pace, 0.5, 10);
    expect(pace.next).toBe(10);
    work(pace, 30, 10);
    expect(pace.next).toBe(1);
    work(pace, 0.04, 20);
    expect(pace.next).toBe(100);
  });

  it('is not upset by a piece that took long once', () => {
    const pace = new AdaptiveBatchSize();
    work(pace, 0.04, 10);
    pace.pause(100, 60, 1);
    expect(pace.next).toBe(100);
  });

  it('leaves Redis to others for at least as long as it was busy', () => {
    expect(new AdaptiveBatchSize().pause(5, 6, 1)).toBeGreaterThanOrEqual(6);
  });

  it('waits longer where Redis is slow to answer, but not for ever', () => {
    expect(new AdaptiveBatchSize().pause(5, 1, 200)).toBeGreaterThanOrEqual(200);
    expect(new AdaptiveBatchSize().pause(5, 1, 10_000)).toBe(500);
  });
});
