import { describe, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { TickCache } from '../../../src/coordination/tick-cache.js';

describe('TickCache', () => {
  it('looks once a turn for each key, and anew in the next', async () => {
    const looked: string[] = [];
    const turn = new TickCache<number>();
    const look = (key: string) => turn.get(key, () => looked.push(key));
    expect([look('a'), look('b'), look('a')]).toEqual([1, 2, 1]);
    await Promise.resolve();
    expect(look('b')).toBe(2);
    await setImmediate();
    expect([look('a'), look('a')]).toEqual([3, 3]);
    expect(looked).toEqual(['a', 'b', 'a']);
  });

  it('looks again in the next turn where it went wrong', async () => {
    const turn = new TickCache<number>();
    const broken = () => {
      throw new Error('away');
    };
    expect(() => turn.get('a', broken)).toThrow('away');
    await setImmediate();
    expect(turn.get('a', () => 1)).toBe(1);
  });
});
