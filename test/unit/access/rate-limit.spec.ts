import { describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import type { Redis } from 'ioredis';
import { RateLimit } from '../../../src/access/rate-limit.js';
import type { Visitor } from '../../../src/access/visitor.js';
import { Settings } from '../../../src/config/settings.js';

const MINUTE = 60_000;
const BEGIN = 29_000_000 * MINUTE;

/** What all processes have counted is not looked at here. */
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
    visitor: {
      ...{ via: 'session', name: 'Ada', permissions: new Set() },
      identity: { kind: 'oidc', name: 'Ada', subject },
    } as Visitor,
  }) as unknown as Request;
const stranger = (ip: string) => ({ path: '/', ip }) as unknown as Request;

describe('how many calls a client may make', () => {
  it('is by itself enough for a script of 200 submits a second beside open pages', () => {
    const { RATE_LIMIT_PER_MINUTE } = new Settings();
    const rates = limit();
    for (let i = 0; i < 200 * 60 + 500; i++)
      rates.take('token:script', RATE_LIMIT_PER_MINUTE, BEGIN + Math.floor(i / 250) * 1_000);
    rates.onModuleDestroy();
  });

  it('begins anew with each minute, and says how long that is', () => {
    const rates = limit();
    for (let i = 0; i < 10; i++) rates.take('a', 10, BEGIN + 10_000);
    expect(() => rates.take('a', 10, BEGIN + 18_500)).toThrow(
      expect.objectContaining({ code: 'TOO_MANY_REQUESTS', extra: { retryAfter: 42 } }),
    );
    rates.take('b', 10, BEGIN + 18_500);
    rates.take('a', 10, BEGIN + MINUTE);
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

  it('is by network for strangers, and costs bounded memory', () => {
    const rates = limit(3);
    for (let i = 0; i < 3; i++) rates.takeStranger(stranger(`2001:db8::${i}`), BEGIN);
    expect(() => rates.takeStranger(stranger('2001:db8::9'), BEGIN)).toThrow('More than 3 calls');
    for (let i = 0; i < 120_000; i++)
      rates.takeStranger(stranger(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`), BEGIN);
    const { strangers } = rates as unknown as { strangers: Map<string, number> };
    expect(strangers.size).toBeLessThanOrEqual(50_001);
  });
});
