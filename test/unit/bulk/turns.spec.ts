import { describe, expect, it } from '@jest/globals';
import { Turns } from '../../../src/bulk/turns.js';

describe('turns', () => {
  it('alternate between those who go on asking, one at a time', async () => {
    const turns = new Turns();
    const taken: string[] = [];
    let running = 0;
    const ask = async (name: string) => {
      for (let i = 0; i < 3; i++) {
        await turns.take(async () => {
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
    const turns = new Turns();
    const failed = turns.take(() => Promise.reject(new Error('no')));
    await expect(turns.take(() => Promise.resolve(1))).resolves.toBe(1);
    await expect(failed).rejects.toThrow('no');
  });
});
