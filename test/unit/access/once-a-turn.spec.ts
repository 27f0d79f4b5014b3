import { describe, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { OnceATurn } from '../../../src/access/once-a-turn.js';

describe('OnceATurn', () => {
  it('looks once a turn for each key, and anew in the next', async () => {
    const looked: string[] = [];
    const turn = new OnceATurn<number>();
    const look = (key: string) => turn.of(key, () => looked.push(key));
    expect([look('a'), look('b'), look('a')]).toEqual([1, 2, 1]);
    await Promise.resolve();
    expect(look('b')).toBe(2);
    await setImmediate();
    expect([look('a'), look('a')]).toEqual([3, 3]);
    expect(looked).toEqual(['a', 'b', 'a']);
  });

  it('looks again in the next turn where it went wrong', async () => {
    const turn = new OnceATurn<number>();
    const broken = () => {
      throw new Error('away');
    };
    expect(() => turn.of('a', broken)).toThrow('away');
    await setImmediate();
    expect(turn.of('a', () => 1)).toBe(1);
  });
});
