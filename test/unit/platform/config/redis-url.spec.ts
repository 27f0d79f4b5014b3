import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseRedisUrl, redisUrlProblem } from '../../../../src/platform/config/redis-url.js';
import { projectRoot } from '../../../support/processes.js';

const { parseRedisUrl: parseInScripts } = (await import(
  pathToFileURL(join(projectRoot, 'scripts/redis-client.mjs')).href
)) as { parseRedisUrl(text: string): object | undefined };

const PLAIN = { host: 'redis.internal', port: 6379, db: 0, tls: false };
const LOCAL = { ...PLAIN, host: '::1' };

const RIGHT: [string, object][] = [
  ['redis://redis.internal', PLAIN],
  ['redis://redis.internal/', PLAIN],
  ['redis://redis.internal:6380/15', { ...PLAIN, port: 6380, db: 15 }],
  ['rediss://redis.internal', { ...PLAIN, tls: true }],
  ['REDISS://redis.internal', { ...PLAIN, tls: true }],
  ['redis://:secret@redis.internal', { ...PLAIN, password: 'secret' }],
  ['redis://ada:se:cr%40%23%25%2Fet@redis.internal', { ...PLAIN, username: 'ada', password: 'se:cr@#%/et' }],
  ['redis://ada@redis.internal', { ...PLAIN, username: 'ada', password: '' }],
  ['redis://[::1]', LOCAL],
  ['redis://[::1]:6380/2', { ...LOCAL, port: 6380, db: 2 }],
  ['redis://redis.internal?db=3', { ...PLAIN, db: 3 }],
  ['redis://redis.internal/3?family=6', { ...PLAIN, db: 3, family: 6 }],
];

const WRONG: [string, RegExp][] = [
  ['', /must look like/],
  ['redis.internal:6379', /must look like/],
  ['http://redis.internal', /must look like/],
  ['redis+sentinel://redis.internal', /must look like/],
  ['redis://', /no host/],
  ['redis:///3', /no host/],
  ['redis://:secret@:6379', /no host/],
  ['redis://a,b', /several hosts/],
  ['redis://redis internal', /spaces/],
  ['redis://ho<st', /character in its host/],
  ['redis://[localhost]', /brackets/],
  ['redis://redis]', /brackets/],
  ['redis://::1:6379', /IPv6/],
  ['redis://redis.internal:', /port from 1 to 65535/],
  ['redis://redis.internal:0', /port from 1 to 65535/],
  ['redis://redis.internal:65536', /port from 1 to 65535/],
  ['redis://redis.internal:redis', /port from 1 to 65535/],
  ['redis://redis.internal/tasks', /number of a database/],
  ['redis://redis.internal/-1', /number of a database/],
  ['redis://redis.internal/1.5', /number of a database/],
  ['redis://redis.internal/03', /number of a database/],
  ['redis://redis.internal/1/2', /number of a database/],
  ['redis://redis.internal/3/', /number of a database/],
  ['redis://redis.internal?db=x', /after db=/],
  ['redis://redis.internal?family=5', /4 or 6/],
  ['redis://redis.internal/1?db=2', /twice/],
  ['redis://redis.internal?db=1&db=2', /twice/],
  ['redis://redis.internal?keyPrefix=x', /not known; there are db and family/],
  ['redis://redis.internal#3', /# in it/],
  ['redis://ada:qx@zj@redis.internal', /more than one @.*%40/],
  ['redis://ada:qx#zj@redis.internal', /before its @.*%23/],
  ['redis://ada:qx/zj@redis.internal', /before its @.*%2F/],
  ['redis://ada:12/34@redis.internal', /before its @.*%2F/],
  ['redis://ada:qx?zj@redis.internal', /before its @.*%3F/],
  ['redis://ada:qx%zj@redis.internal', /a % .*%25/],
  ['redis://ada:qx%FFzj@redis.internal', /a % .*%25/],
];

describe('the address of a Redis', () => {
  it.each(RIGHT)('%s', (text, target) => {
    expect(parseRedisUrl(text)).toEqual(target);
    expect(redisUrlProblem(text)).toBeUndefined();
  });

  it.each(WRONG)('refuses %s with what would be right, and repeats none of it', (text, words) => {
    expect(redisUrlProblem(text)).toMatch(words);
    expect(redisUrlProblem(text)).not.toMatch(/qx|zj|12|34/);
  });

  it('is judged alike before the packages are there', () => {
    const apart = [...RIGHT, ...WRONG].filter(([text]) => {
      const known = redisUrlProblem(text) === undefined;
      return known !== (parseInScripts(text) !== undefined);
    });
    // The apps say what is wrong with these, a moment later.
    expect(apart.map(([text]) => text)).toEqual([
      'redis://redis.internal?db=x',
      'redis://redis.internal?family=5',
      'redis://redis.internal/1?db=2',
      'redis://redis.internal?db=1&db=2',
    ]);
  });
});
