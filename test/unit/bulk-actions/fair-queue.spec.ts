import { describe, expect, it } from '@jest/globals';
import { FairQueue } from '../../../src/bulk-actions/fair-queue.js';

describe('turns', () => {
  it('alternate between those who go on asking, one at a time', async () => {
    const turns = new FairQueue();
    const taken: string[] = [];
    let running = 0;
    const ask = async (name: string) => {
      for (let i = 0; i < 3; i++) {
        await turns.run(async () => {
          expect(++running).toBe(1);
          await Promise.resolve();
          taken.push(name);
          running--;
        });
      }
    };
    await Promise.all([ask('a'), ask('b')]);
    expect(taken.join('')).toBe('ababab');
  });

  it('go on after one that failed, which hears of it itself', async () => {
    const turns = new FairQueue();
    const failed = turns.run(() => Promise.reject(new Error('no')));
    await expect(turns.run(() => Promise.resolve(1))).resolves.toBe(1);
    await expect(failed).rejects.toThrow('no');
  });
});
