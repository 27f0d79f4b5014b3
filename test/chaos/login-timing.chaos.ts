import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chanceOf, LoginClock, oftenSlower } from '../support/login-clock.js';
import { percentile, printFigures } from './support/figures.js';
import { Random } from './support/random.js';

const random = Random.ofRun();
const TRIES = 1_000;
/** Slower by so much and it would be seen. */
const SEEN_MS = 2;

describe('S3: the time that a wrong login takes', () => {
  let clock: LoginClock;

  beforeAll(async () => {
    clock = await LoginClock.start();
  }, 60_000);
  afterAll(() => clock.stop());

  const figures = (real: number[], nobody: number[]) => ({
    tries: real.length + nobody.length,
    p50Ms: [percentile(real, 0.5), percentile(nobody, 0.5)],
    realSlowerShare: Math.round(oftenSlower(real, nobody) * 1000) / 1000,
    p: Number(chanceOf(real, nobody).toPrecision(3)),
  });

  it(`is the same in ${TRIES} tries for a name that somebody has and one that nobody has`, async () => {
    const flip = <T>(names: readonly T[]) => (random.int(0, 1) === 0 ? names : [...names].reverse());
    const tell = async () => {
      const { ada, nobody } = await clock.measure(['ada', 'nobody'], TRIES / 2, flip);
      const told = figures(ada, nobody);
      // It is a fine measure: half of them a little slower, and it tells them apart.
      const seen = chanceOf(
        ada.map((ms) => ms + SEEN_MS),
        nobody,
      );
      printFigures('S3 wrong logins', random, {
        ...told,
        pWereItSlower: Number(seen.toPrecision(3)),
        SEEN_MS,
      });
      return { p: told.p, seen };
    };
    const first = await tell();
    expect(first.seen).toBeLessThan(0.01);
    // Chance alone is below in one run of a hundred: then a second one is asked, and says no once in ten thousand.
    const p = first.p > 0.01 ? first.p : (await tell()).p;
    expect(p).toBeGreaterThan(0.01);
  }, 900_000);

  it('would be seen if it differed (control)', async () => {
    const { cheap, nobody } = await clock.measure(['cheap', 'nobody'], 40, (names) => names);
    const told = figures(cheap, nobody);
    printFigures('S3 wrong logins, a name that is cheaper (control)', random, told);
    expect(told.p).toBeLessThan(0.001);
  }, 120_000);
});
