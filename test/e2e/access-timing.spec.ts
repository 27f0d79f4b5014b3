import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LoginClock, oftenSlower, type Tried } from '../support/login-clock.js';

const ROUNDS = 24;

/** How long a wrong login takes must not tell whether there is somebody of that name; `login-timing` looks closer. */
describe('the time that a wrong login takes', () => {
  let clock: LoginClock;

  beforeAll(async () => {
    clock = await LoginClock.start();
  });
  afterAll(() => clock.stop());

  it('is the same for a name that somebody has and one that nobody has', async () => {
    const names: Tried[] = ['nobody', 'cheap', 'ada'];
    const ms = await clock.measure(names, ROUNDS, (all, round) =>
      round % 2 ? [...all.slice(-1), ...all.slice(0, -1)] : all,
    );
    // By chance alone it is beyond these less than once in ten thousand runs.
    const same = oftenSlower(ms.ada, ms.nobody);
    expect([same, same > 0.15 && same < 0.85]).toEqual([same, true]);
    // And it would be seen if it were not so.
    expect(oftenSlower(ms.nobody, ms.cheap)).toBeGreaterThan(0.9);
  });
});
