import { describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SharedClock } from '../../../../src/platform/clock.js';
import { useRedisClock } from '../../../../src/bullmq/patches/use-redis-clock.js';

const HOUR = 3_600_000;
/** BullMQ's script files are named after their numbers of keys. */
const scripts = readdirSync(
  join(dirname(createRequire(import.meta.url).resolve('bullmq')), '../cjs/scripts'),
);
const keysOf = (script: string) =>
  Number(scripts.map((file) => new RegExp(`^${script}-(\\d+)\\.js$`).exec(file)?.[1]).find(Boolean));

function bench(answer: unknown = undefined) {
  const clock = new SharedClock();
  clock.correct(-HOUR);
  const ran: unknown[][] = [];
  const backend = {
    execCommand(_client: unknown, _script: string, args: unknown[]): unknown {
      ran.push(args);
      return answer;
    },
    waitForJob: async () => ({ member: '1', score: answer as number }),
  };
  useRedisClock(backend, clock);
  return { backend, ran };
}

describe('useRedisClock', () => {
  it.each([
    ['moveToActive', 1],
    ['moveToFinished', 1],
    ['moveToDelayed', 1],
    ['retryJob', 1],
    ['moveStalledJobsToWait', 2],
  ])('tells %s the time that all share, where this version of BullMQ shows its own', (script, place) => {
    const { backend, ran } = bench();
    const at = keysOf(script) + place;
    const args = Array.from({ length: 20 }, (_, i) => `arg ${i}`);
    backend.execCommand(null, script, args);
    expect(Math.abs(Number(ran[0]![at]) - (Date.now() - HOUR))).toBeLessThan(60_000);
    expect(ran[0]!.filter((arg, i) => arg !== args[i])).toHaveLength(1);
  });

  it('does not change other scripts', () => {
    const { backend, ran } = bench();
    const args = ['a', 'b'];
    backend.execCommand(null, 'getCounts', args);
    expect(ran[0]).toBe(args);
  });

  it('converts the due time of the next job to the local clock', async () => {
    const due = 1_900_000_000_000;
    const { backend } = bench([0, 0, 0, due]);
    expect(await backend.execCommand(null, 'moveToActive', [])).toEqual([0, 0, 0, due + HOUR]);
    expect(await bench(due).backend.waitForJob()).toEqual({ member: '1', score: due + HOUR });
    expect(await bench(0).backend.waitForJob()).toEqual({ member: '1', score: 0 });
  });
});
