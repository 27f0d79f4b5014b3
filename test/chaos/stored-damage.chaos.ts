import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { nightly, printFigures } from './support/figures.js';
import { Random } from './support/random.js';
import { World } from './support/world.js';

const random = Random.ofRun();
const ROUNDS = nightly(40, 6);
const WOUNDS = 60;
const JUNK = [
  '',
  '{',
  'null',
  '[]',
  '5',
  '"x"',
  '{"__proto__":{"polluted":1}}',
  '\u0000',
  'x'.repeat(20_000),
  '-1',
  'NaN',
  '1e999',
  '<script>alert(1)</script>',
  '{"roost":1,"input":null}',
  `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
];
const FIELDS = [
  'name',
  'data',
  'opts',
  'timestamp',
  'delay',
  'priority',
  'progress',
  'returnvalue',
  'failedReason',
  'stacktrace',
  'finishedOn',
  'processedOn',
  'atm',
  'ats',
  'pb',
  'roost:mark',
  'roost:state',
  'roost:error',
  'roost:cancel',
  'roost:attempt:1',
  'roost:once',
  'roost:queued',
  'roost:held',
];
const PAGES = [
  '/',
  '/submit',
  '/tasks',
  '/tasks?state=failed',
  '/monitor',
  '/monitor/queues',
  '/monitor/queues/default',
  '/monitor/workers',
  '/monitor/redis',
  '/monitor/limits',
  '/api/v1/tasks',
  '/api/v1/tasks?state=completed',
  '/api/v1/monitor',
  '/api/v1/queues',
  '/api/v1/workers',
  '/api/v1/limits',
  '/health/live',
];

describe('F4: damage done straight to what is stored in Redis', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start({ workers: 1 });
  }, 60_000);
  afterAll(() => world.stop(), 30_000);

  /** Fields overwritten or taken away, ids that lead nowhere, records nobody lists; never Redis's own types: those BullMQ owns. */
  const wound = async (redis: Redis): Promise<void> => {
    const keys = (await redis.keys('roost:*')).sort();
    const hashes = keys.filter((key) => /:(t|k)[0-9a-z]{25}$/.test(key));
    const fleet = keys.filter((key) => /^roost:fleet:[^:]+$/.test(key));
    const key = random.pick(hashes);
    switch (random.int(0, 6)) {
      case 0:
      case 1:
      case 2:
        await redis.hset(key, random.pick(FIELDS), random.pick(JUNK));
        break;
      case 3:
        await redis.hdel(key, random.pick(FIELDS));
        break;
      case 4:
        await redis.zadd(
          `roost:default:${random.pick(['completed', 'failed', 'delayed', 'cancelled', 'expired'])}`,
          random.int(0, 2e12),
          random.pick(['ghost', 'a b', '<i>', '../x', `ghost-${random.int(0, 99)}`]),
        );
        break;
      case 5:
        await redis.rpush(`${key}:logs`, random.pick(JUNK));
        break;
      default:
        if (fleet.length > 0) await redis.set(random.pick(fleet), random.pick(JUNK));
        await redis.hset('roost:limits', random.pick(['divide', 'nope']), random.pick(JUNK));
    }
  };

  it(
    'breaks no page, no answer and no worker',
    async () => {
      const faults: string[] = [];
      let looked = 0;
      let wounds = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const ids: string[] = [];
        for (let n = 0; n < 10; n++)
          ids.push(
            (await world.api.submit('divide', { x: n, y: n % 2 }, n > 7 ? { delayMs: 3_600_000 } : undefined))
              .id,
          );
        await world.drained(ids.slice(0, 8), 20_000);
        await world.withRedis(async (redis) => {
          for (let n = 0; n < WOUNDS; n++) await wound(redis);
        });
        wounds += WOUNDS;
        const each = random.pick(ids);
        const paths = [
          ...PAGES,
          ...ids.flatMap((id) => [`/tasks/${id}`, `/api/v1/tasks/${id}`]),
          ...['/logs', '/attempts', '/transitions', '/why'].map((part) => `/api/v1/tasks/${each}${part}`),
        ];
        for (const path of paths) {
          const answer = await world.api.call('GET', path, undefined, {
            accept: path.startsWith('/api') ? 'application/json' : 'text/html',
          });
          const text = await answer.text();
          looked++;
          if (answer.status >= 500)
            faults.push(`${answer.status} ${path}: ${text.replaceAll(/\s+/g, ' ').slice(0, 300)}`);
          if (!path.startsWith('/api') && text.includes('<script>alert(1)'))
            faults.push(`${path} shows a script as it came`);
        }
        for (const verb of ['retry', 'promote', 'cancel']) {
          const answer = await world.api.call('POST', `/api/v1/tasks/${random.pick(ids)}/${verb}`);
          if (answer.status >= 500)
            faults.push(`${answer.status} ${verb}: ${(await answer.text()).slice(0, 300)}`);
        }
      }
      // Whatever lies about: the next good task runs.
      const { id } = await world.api.submit('divide', { x: 10, y: 2 });
      const after = await world.api.inState(id, ['completed', 'failed'], 30_000);
      printFigures('F4 stored-data fuzz', random, {
        rounds: ROUNDS,
        wounds,
        pagesAndAnswers: looked,
        faults: faults.length,
        exits: [world.web, ...world.workers].filter((app) => !app.isRunning).length,
        afterwards: after.state,
      });
      if (faults.length > 0) process.stderr.write(stacksOf(world.web.output));
      expect(faults.slice(0, 10)).toEqual([]);
      expect([world.web, ...world.workers].every((app) => app.isRunning)).toBe(true);
      expect(after.state).toBe('completed');
    },
    nightly(1_800_000, 240_000),
  );
});

/** Faults of its own that the web app logged, each kind once. */
function stacksOf(output: string): string {
  const stacks = output.match(/^\s+err: \{[\s\S]*?^\s+\}/gm) ?? [];
  return `${[...new Set(stacks.map((stack) => stack.slice(0, 1_500)))].slice(0, 10).join('\n')}\n`;
}
