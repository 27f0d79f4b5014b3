import { describe, expect, it } from '@jest/globals';
import { parseInfo } from '../../../src/monitoring/redis-overview.js';
import type { RedisOverview } from '../../../src/monitoring/monitoring.openapi.js';
import { toWarnings } from '../../../src/monitoring/warnings.js';

const SOUND = {
  evictionPolicy: 'noeviction',
  aofEnabled: true,
  aofOk: true,
  maxMemoryBytes: 0,
  usedMemoryBytes: 5,
} as RedisOverview;
const COUNTS = {
  waiting: 0,
  delayed: 0,
  'waiting-children': 0,
  active: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  expired: 0,
};
const queue = (more: object = {}) => ({
  name: 'cpu',
  counts: COUNTS,
  oldestWaitingMs: null,
  paused: false,
  workers: 1,
  ...more,
});
const codes = (redis: Partial<RedisOverview>, ...queues: ReturnType<typeof queue>[]) =>
  toWarnings({ ...SOUND, ...redis }, queues, '').map(({ code }) => code);

describe('toWarnings', () => {
  it('has none where all is well', () => {
    expect(codes({}, queue())).toEqual([]);
  });

  it('names each queue without a worker, what waits there and how to start one, without user and password', () => {
    const [warning] = toWarnings(
      SOUND,
      [queue({ workers: 0, counts: { ...COUNTS, waiting: 2 } })],
      'redis://ada:s3cret@x?key=s3cret',
    );
    expect(warning).toMatchObject({
      code: 'NO_WORKER',
      message: 'No worker serves the queue cpu: 2 tasks wait.',
      cure: 'Start one: REDIS_URL=redis://***@x?key=*** npm run start:worker',
    });
  });

  it('shows what Redis refuses, and nothing of workers that cannot be seen for it', () => {
    const problem = {
      ...{ word: 'READONLY', code: 'REDIS_READ_ONLY' as const, canRead: true, since: 1 },
      ...{ what: 'Redis is a replica', so: 'nothing can be changed', cure: 'Promote it' },
    };
    const deserted = [queue({ workers: 0 })];
    expect(toWarnings(SOUND, deserted, '', [], { problem, workersHiddenSince: 1 })).toEqual([
      {
        code: 'REDIS_READ_ONLY',
        message: 'Redis is a replica, so nothing can be changed.',
        cure: 'Promote it.',
        href: '/monitor/redis',
      },
    ]);
    // Trouble is over, and workers have had no time yet to say that they are there.
    expect(toWarnings(SOUND, deserted, '', [], { problem: undefined, workersHiddenSince: 1 })).toEqual([]);
  });

  it('does not ask for a worker of a paused queue', () => {
    expect(codes({}, queue({ workers: 0, paused: true }))).toEqual([]);
  });

  it.each<[Partial<RedisOverview>, string[]]>([
    [{ evictionPolicy: 'allkeys-lru' }, ['EVICTION']],
    [{ evictionPolicy: 'unknown' }, []],
    [{ aofEnabled: false, aofOk: false }, ['AOF_OFF']],
    [{ aofOk: false }, ['AOF_FAILING']],
    [{ maxMemoryBytes: 100, usedMemoryBytes: 90 }, []],
    [{ maxMemoryBytes: 100, usedMemoryBytes: 91 }, ['MEMORY']],
  ])('judges %p', (redis, wanted) => {
    expect(codes(redis)).toEqual(wanted);
  });

  it('tells clocks that are more than 2 s wrong, three of them by name', () => {
    const clocks = [
      { of: 'this web app', aheadMs: 1_999 },
      { of: 'worker a', aheadMs: 3_600_000 },
      { of: 'worker b', aheadMs: -2_500 },
      { of: 'worker c', aheadMs: null },
      { of: 'worker d', aheadMs: 9_000 },
      { of: 'worker e', aheadMs: 9_000 },
    ];
    const [warning, ...others] = toWarnings(SOUND, [], '', clocks);
    expect(others).toEqual([]);
    expect(warning).toMatchObject({
      code: 'CLOCK_SKEW',
      message:
        'The clock of worker a is 3600 s ahead of that of Redis, the clock of worker b is 3 s behind that of Redis, the clock of worker d is 9 s ahead of that of Redis, and those of 1 more are wrong.',
    });
  });
});

describe('parseInfo', () => {
  it('reads lines with values, whatever is in them', () => {
    const info = parseInfo('# Server\r\nredis_version:7.0.15\r\nexecutable:/a:b\r\n\r\nempty:\r\nnothing');
    expect([...info]).toEqual([
      ['redis_version', '7.0.15'],
      ['executable', '/a:b'],
      ['empty', ''],
    ]);
  });
});
