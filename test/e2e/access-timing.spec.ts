import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashPassword } from '../../src/access/password.js';
import { AccessBench } from '../support/access-bench.js';
import { BrowserClient, csrfIn } from '../support/browser-client.js';
import { RedisServer } from '../support/redis-server.js';

const ROUNDS = 24;

/** How long a wrong login takes must not tell whether there is somebody of that name. */
describe('the time that a wrong login takes', () => {
  let redis: RedisServer;
  let bench: AccessBench;

  beforeAll(async () => {
    redis = await RedisServer.start();
    // The second one is what a name would look like that can be told by the time.
    const [real, cheap] = await Promise.all([
      hashPassword('a password'),
      hashPassword('a password', { logN: 10, r: 8, p: 1 }),
    ]);
    bench = await AccessBench.start({
      redisUrl: redis.url,
      env: { ACCESS_USERS: `ada:admin:${real},cheap:viewer:${cheap}` },
    });
  });

  afterAll(async () => {
    await bench.stop();
    await redis.remove();
  });

  it('is the same for a name that somebody has and one that nobody has', async () => {
    const client = new BrowserClient(bench.url);
    const _csrf = csrfIn((await client.get('/login')).text);
    const guess = async (name: string) => {
      // Or the limit would be what is measured.
      await bench.redis.del('none', ...(await bench.redis.keys('*:access:wrong:*')));
      const begun = performance.now();
      const { status } = await client.post('/login', { name, password: 'a guess', _csrf });
      expect(status).toBe(401);
      return performance.now() - begun;
    };
    const ms: Record<'ada' | 'nobody' | 'cheap', number[]> = { ada: [], nobody: [], cheap: [] };
    await guess('ada');
    // Turn by turn: whatever else the machine does is done to all of them.
    for (let i = 0; i < ROUNDS; i++) {
      const turn = i % 2 ? (['ada', 'nobody', 'cheap'] as const) : (['nobody', 'cheap', 'ada'] as const);
      for (const name of turn) ms[name].push(await guess(name));
    }
    // By chance alone it is beyond these less than once in ten thousand runs.
    const same = oftenSlower(ms.ada, ms.nobody);
    expect([same, same > 0.15 && same < 0.85]).toEqual([same, true]);
    // And it would be seen if it were not so.
    expect(oftenSlower(ms.nobody, ms.cheap)).toBeGreaterThan(0.9);
  }, 180_000);
});

/** Of all pairs, how many have the one of `a` slower: what Mann and Whitney count. */
function oftenSlower(a: readonly number[], b: readonly number[]): number {
  const slower = a.flatMap((one) => b.map((other) => (one > other ? 1 : one === other ? 0.5 : 0)));
  return slower.reduce((sum: number, one) => sum + one, 0) / slower.length;
}
