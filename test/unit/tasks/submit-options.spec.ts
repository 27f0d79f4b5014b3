import { describe, expect, it } from '@jest/globals';
import { RoostError } from '../../../src/model/errors.js';
import { parseOptions } from '../../../src/tasks/submit-options.js';

const NOW = Date.parse('2026-03-29T00:30:00Z');

function problemsOf(raw: unknown): Record<string, string> {
  try {
    parseOptions(raw, NOW);
  } catch (error) {
    if (error instanceof RoostError && error.code === 'OPTIONS_INVALID') {
      return Object.fromEntries(error.fields!.map(({ path, message }) => [path, message]));
    }
    throw error;
  }
  return {};
}

describe('parseOptions', () => {
  it.each([[undefined], [null], [{}]])('takes %p for none', (raw) => {
    expect(parseOptions(raw, NOW)).toEqual({ delayMs: 0, priority: 0, tags: [] });
  });

  it('reads them all', () => {
    const raw = {
      delayMs: 5000,
      priority: 1000,
      attempts: 100,
      backoff: { type: 'exponential', delayMs: 0, maxDelayMs: 60_000, jitter: 1 },
      softTimeoutMs: 1000,
      hardTimeoutMs: 1000,
      expiresAt: '2026-03-29T01:00:00Z',
      tags: [' a ', 'b', 'a'],
    };
    expect(parseOptions(raw, NOW)).toEqual({ ...raw, expiresAt: NOW + 1_800_000, tags: ['a', 'b'] });
  });

  it.each<[object, Record<string, RegExp>]>([
    [{ softTimeoutMs: 0 }, { softTimeoutMs: /from 1 to 2147483647/ }],
    [{ hardTimeoutMs: 2 ** 31 }, { hardTimeoutMs: /from 1 to 2147483647/ }],
    [{ hardTimeoutMs: '5' }, { hardTimeoutMs: /whole number/ }],
    [{ softTimeoutMs: 2, hardTimeoutMs: 1 }, { softTimeoutMs: /not be above hardTimeoutMs \(1\)/ }],
    [
      { backoff: { type: 'exponential', delayMs: 9, maxDelayMs: 8 } },
      { 'backoff.maxDelayMs': /not be below delayMs \(9\)/ },
    ],
    [{ backoff: { type: 'exponential', delayMs: 0, maxDelayMs: 0 } }, { 'backoff.maxDelayMs': /from 1 to/ }],
    [
      { backoff: { type: 'fixed', delayMs: 9, maxDelayMs: 9 } },
      { 'backoff.maxDelayMs': /is for exponential pauses/ },
    ],
  ])('refuses %j', (raw, wanted) => {
    const found = Object.entries(wanted).map(([name, words]) => [
      `options.${name}`,
      expect.stringMatching(words),
    ]);
    expect(problemsOf(raw)).toEqual(Object.fromEntries(found));
  });

  it.each([
    ['2026-03-29T01:00:00Z', 1_800_000],
    ['2026-03-29T01:00Z', 1_800_000],
    ['2026-03-29T03:00:00+02:00', 1_800_000],
    ['2026-03-28T20:00:00-0500', 1_800_000],
    ['2026-03-29T01:00:00.250z', 1_800_250],
    // A clock that differs a little means now.
    ['2026-03-29T00:29:10Z', 0],
  ])('takes %s as a delay of %d ms', (runAt, delayMs) => {
    expect(parseOptions({ runAt }, NOW).delayMs).toBe(delayMs);
  });

  it.each([
    ['2026-03-29T01:00:00', /with its zone/],
    ['2026-03-29', /with its zone/],
    ['2026-13-01T00:00:00Z', /with its zone/],
    ['tomorrow', /with its zone/],
    [NOW + 1000, /with its zone/],
    ['2026-02-30T00:00:00Z', /is no date, as that month ends with 2026-02-28/],
    ['2026-04-31T00:00:00+02:00', /ends with 2026-04-30/],
    ['2026-04-01T24:00:00Z', /is no time of day/],
    ['2026-03-29T00:00:00Z', /lies in the past/],
    ['2028-01-01T00:00:00Z', /more than a year/],
  ])('refuses to run at %p', (runAt, words) => {
    expect(problemsOf({ runAt })).toEqual({ 'options.runAt': expect.stringMatching(words) });
  });

  it.each<[object, string, RegExp]>([
    [{ delayMs: -1 }, 'delayMs', /whole number of milliseconds from 0/],
    [{ delayMs: '5' }, 'delayMs', /whole number/],
    [{ delayMs: NaN }, 'delayMs', /whole number/],
    [{ delayMs: 5, runAt: '2026-03-29T01:00:00Z' }, 'runAt', /together with delayMs/],
    [{ priority: 1001 }, 'priority', /from 0 to 1000/],
    [{ attempts: 0 }, 'attempts', /from 1 to 100/],
    [{ attempts: 1.5 }, 'attempts', /whole number/],
    [{ backoff: { type: 'linear', delayMs: 1 } }, 'backoff.type', /"fixed" or "exponential"/],
    [{ backoff: { type: 'fixed' } }, 'backoff.delayMs', /is missing/],
    [{ backoff: { type: 'fixed', delayMs: 1, jitter: 2 } }, 'backoff.jitter', /from 0 to 1/],
    [{ backoff: { type: 'fixed', delayMs: 1, max: 2 } }, 'backoff.max', /not known/],
    [{ backoff: [] }, 'backoff', /must be an object/],
    [{ expiresAt: '2026-03-29T00:29:59Z' }, 'expiresAt', /in the future/],
    [
      { delayMs: 3_600_000, expiresAt: '2026-03-29T01:00:00Z' },
      'expiresAt',
      /after the time the task is to run/,
    ],
    [{ expiresAt: '2026-06-31T00:00:00Z' }, 'expiresAt', /ends with 2026-06-30/],
    [{ tags: 'a' }, 'tags', /list of at most 20/],
    [{ tags: Array(21).fill('a') }, 'tags', /at most 20/],
    [{ tags: ['ok', 'a\nb'] }, 'tags[1]', /on one line/],
    [{ tags: [' '] }, 'tags[0]', /1 to 64/],
    [{ tags: [{}] }, 'tags[0]', /1 to 64/],
    [{ priorty: 1 }, 'priorty', /Did you mean `priority`\?/],
    [{ jobId: 'x' }, 'jobId', /is not an option/],
  ])('refuses %p by name', (raw, field, words) => {
    expect(problemsOf(raw)).toMatchObject({ [`options.${field}`]: expect.stringMatching(words) });
  });

  it.each([[[]], ['now'], [5], [true]])('refuses %p as a whole', (raw) => {
    expect(problemsOf(raw)).toEqual({ options: expect.stringMatching(/must be an object/) });
  });

  it('leaves nothing behind in the prototypes', () => {
    expect(problemsOf(JSON.parse('{"__proto__":{"polluted":1}}'))).toHaveProperty(['options.__proto__']);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});
