import { describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import type { Redis } from 'ioredis';
import { RateLimit } from '../../../src/auth/rate-limit.js';
import type { Principal } from '../../../src/auth/principal.js';
import { Settings } from '../../../src/platform/config/settings.js';

const MINUTE = 60_000;
const BEGIN = 29_000_000 * MINUTE;

/** The count of all processes is not tested here. */
const redis = {
  multi: () => ({ incrby: () => ({ pexpire: () => ({ exec: () => new Promise(() => undefined) }) }) }),
} as unknown as Redis;

function limit(perMinute?: number): RateLimit {
  const settings = new Settings();
  if (perMinute !== undefined) settings.RATE_LIMIT_PER_MINUTE = perMinute;
  return new RateLimit(redis, settings);
}

const person = (subject: string) =>
  ({
    path: '/api/v1/me',
    ip: '203.0.113.9',
    principal: {
      ...{ via: 'session', name: 'Ada', permissions: new Set() },
      identity: { kind: 'oidc', name: 'Ada', subject },
    } as Principal,
  }) as unknown as Request;
const stranger = (ip: string) => ({ path: '/', ip }) as unknown as Request;

describe('how many calls a client may make', () => {
  it('is by itself enough for a script of 200 submits a second beside open pages', () => {
    const { RATE_LIMIT_PER_MINUTE } = new Settings();
    const rates = limit();
    for (let i = 0; i < 200 * 60 + 500; i++)
      rates.count('token:script', RATE_LIMIT_PER_MINUTE, BEGIN + Math.floor(i / 250) * 1_000);
    rates.onModuleDestroy();
  });

  it('begins anew with each minute, and shows how long that is', () => {
    const rates = limit();
    for (let i = 0; i < 10; i++) rates.count('a', 10, BEGIN + 10_000);
    expect(() => rates.count('a', 10, BEGIN + 18_500)).toThrow(
      expect.objectContaining({ code: 'TOO_MANY_REQUESTS', extra: { retryAfter: 42 } }),
    );
    rates.count('b', 10, BEGIN + 18_500);
    rates.count('a', 10, BEGIN + MINUTE);
    rates.onModuleDestroy();
  });

  it('is each person’s own, also where two are called the same', () => {
    const rates = limit(5);
    const ask = (subject: string) => rates.middleware(person(subject), {} as Response, () => undefined);
    for (let i = 0; i < 5; i++) ask('one');
    expect(() => ask('one')).toThrow('More than 5 calls in a minute');
    ask('another');
    rates.onModuleDestroy();
  });

  it('is a number of bytes for forms of strangers, from one network and from all', () => {
    const rates = limit(1);
    const mb = 1024 * 1024;
    for (let i = 0; i < 16; i++)
      expect(rates.acquireFormBytes(stranger('203.0.113.1'), mb, BEGIN)).toBe(true);
    expect(rates.acquireFormBytes(stranger('203.0.113.1'), 1, BEGIN)).toBe(false);
    expect(rates.acquireSavedChars(stranger('203.0.113.1'), mb, BEGIN)).toBe(true);
    expect(rates.acquireSavedChars(stranger('203.0.113.1'), 1, BEGIN)).toBe(false);
    let taken = 16;
    for (let i = 0; i < 100; i++) if (rates.acquireFormBytes(stranger(`10.0.0.${i}`), mb, BEGIN)) taken++;
    expect(taken).toBe(64);
    expect(rates.acquireFormBytes(stranger('203.0.113.1'), mb, BEGIN + MINUTE)).toBe(true);
  });

  it('is by network for strangers, and costs bounded memory', () => {
    const rates = limit(3);
    for (let i = 0; i < 3; i++) rates.countAnonymous(stranger(`2001:db8::${i}`), BEGIN);
    expect(() => rates.countAnonymous(stranger('2001:db8::9'), BEGIN)).toThrow('More than 3 calls');
    for (let i = 0; i < 120_000; i++)
      rates.countAnonymous(stranger(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`), BEGIN);
    const { anonymousCounts } = rates as unknown as { anonymousCounts: Map<string, number> };
    expect(anonymousCounts.size).toBeLessThanOrEqual(50_001);
  });
});
