import { expect } from '@jest/globals';
import { hashPassword } from '../../src/auth/password.js';
import { AccessBench } from './access-bench.js';
import { BrowserClient, csrfIn } from './browser-client.js';
import { RedisServer } from './redis-server.js';

/** `ada` is a user, `nobody` is none, and `cheap` is what a name would look like that can be told by the time. */
export type Tried = 'ada' | 'nobody' | 'cheap';

/** Measures how long wrong logins take. */
export class LoginClock {
  private constructor(
    private readonly redis: RedisServer,
    private readonly bench: AccessBench,
    private readonly client: BrowserClient,
    private readonly csrf: string,
  ) {}

  static async start(): Promise<LoginClock> {
    const redis = await RedisServer.start();
    const [real, cheap] = await Promise.all([
      hashPassword('a password'),
      hashPassword('a password', { logN: 10, r: 8, p: 1 }),
    ]);
    const bench = await AccessBench.start({
      redisUrl: redis.url,
      env: { ACCESS_USERS: `ada:admin:${real},cheap:viewer:${cheap}` },
    });
    const client = new BrowserClient(bench.url);
    const clock = new LoginClock(redis, bench, client, csrfIn((await client.get('/login')).text));
    // The first one is slower than all others.
    await clock.msOf('ada');
    return clock;
  }

  async msOf(name: Tried): Promise<number> {
    // Or the limit would be what is measured.
    await this.bench.forgetGuesses();
    const begun = performance.now();
    const { status } = await this.client.post('/login', { name, password: 'a guess', _csrf: this.csrf });
    expect(status).toBe(401);
    return performance.now() - begun;
  }

  /** Turn by turn, the order by `shuffle`: whatever else the machine does is done to all of them. */
  async measure<Name extends Tried>(
    names: readonly Name[],
    rounds: number,
    shuffle: (names: readonly Name[], round: number) => readonly Name[],
  ): Promise<Record<Name, number[]>> {
    const ms = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
    for (let round = 0; round < rounds; round++)
      for (const name of shuffle(names, round)) ms[name].push(await this.msOf(name));
    return ms;
  }

  async stop(): Promise<void> {
    await this.bench.stop();
    await this.redis.remove();
  }
}

/** Share of all pairs in which the one of `a` is slower, as Mann and Whitney count. */
export function oftenSlower(a: readonly number[], b: readonly number[]): number {
  const slower = a.flatMap((one) => b.map((other) => (one > other ? 1 : one === other ? 0.5 : 0)));
  return slower.reduce((sum: number, one) => sum + one, 0) / slower.length;
}

/** How likely chance alone puts two samples of the same thing at least so far apart (their test, both sides). */
export function chanceOf(a: readonly number[], b: readonly number[]): number {
  const deviation = Math.sqrt((a.length + b.length + 1) / (12 * a.length * b.length));
  return erfc(Math.abs(oftenSlower(a, b) - 0.5) / deviation / Math.SQRT2);
}

/** Abramowitz and Stegun 7.1.26, off by less than 2e-7. */
function erfc(x: number): number {
  const t = 1 / (1 + 0.3275911 * x);
  const terms = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429];
  return terms.reduceRight((sum, term) => (sum + term) * t, 0) * Math.exp(-x * x);
}
