import { FLEETING } from '../../scripts/redis-embedded.mjs';
import { cpuOf } from './support/cpu.mjs';
import { BenchRoost } from './support/roost.mjs';
import { ratioRow } from './support/rows.mjs';
import { median } from './support/stats.mjs';
import { until } from './support/until.mjs';

const BACKLOGS = { '10,000': 10_000, '100,000': 100_000, '1,000,000': 1_000_000 };
const MEASURED = 8_000;
const ROUNDS = 3;

/** The processor time of a task beside how many wait behind it. */
export async function backlogs(context) {
  const roosts = {};
  for (const [name, size] of Object.entries(BACKLOGS)) {
    context.progress(`${name} waiting tasks`);
    const roost = (roosts[name] = await BenchRoost.start(context, { redisArgs: FLEETING }));
    await roost.pause();
    await fill(roost, size);
  }
  const few = Object.keys(BACKLOGS)[0];
  const many = Object.keys(BACKLOGS).at(-1);
  const sides = Object.fromEntries(
    Object.entries(roosts).map(([name, roost]) => [name, () => runSome(roost)]),
  );
  const rounds = await context.rounds(sides, { count: ROUNDS });
  draw(context, rounds);
  const than = { rounds, ours: many, theirs: few, than: `at ${few}`, unit: 'us' };
  return [
    ratioRow({
      ...{ ...than, what: `CPU per task with ${many} waiting`, take: ({ us }) => us, goal: ['<=', 1.1] },
      note: 'worker and Redis together; the few are filled up again before each round.',
    }),
    ratioRow({ ...than, what: 'in Redis alone', take: ({ redisUs }) => redisUs }),
  ];
}

function draw(context, rounds) {
  const of = (name) =>
    Object.entries(BACKLOGS).map(([side, size]) => [
      size,
      median(rounds.map((figures) => figures[side][name])),
    ]);
  context.chart({
    file: 'fleet-backlog',
    title: 'Processor time of a task that does nothing, beside how many wait',
    x: { label: 'waiting tasks', log: true },
    y: { label: 'us / task' },
    series: [
      { name: 'worker and Redis', points: of('us'), dots: true },
      { name: 'Redis alone', points: of('redisUs'), dots: true },
    ],
  });
}

/** Waiting tasks as the web app adds them, without their events: a backlog, not the news of one. */
const FILL = `
  for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
    local id = 'w' .. ARGV[3] .. '-' .. i
    redis.call('HSET', KEYS[1] .. id, 'name', 'no-op', 'data', '{"roost":1,"input":{"n":' .. i .. '}}', 'opts', '{"attempts":1}',
      'timestamp', ARGV[3], 'delay', 0, 'priority', 0)
    redis.call('LPUSH', KEYS[1] .. ARGV[4], id)
  end`;
const AT_ONCE = 1000;

async function fill({ redis, queue }, size) {
  const isApart = (await redis.client.exists(queue.toKey('paused'))) === 1;
  const now = Date.now();
  for (let from = 1; from <= size; from += AT_ONCE) {
    const to = Math.min(size, from + AT_ONCE - 1);
    await redis.client.eval(FILL, 1, queue.toKey(''), from, to, now, isApart ? 'paused' : 'wait');
  }
}

/** Lets the worker take some of what waits, then holds it back again. */
async function runSome(roost) {
  const { queue, redis, workers } = roost;
  const waiting = await queue.getJobCountByTypes('waiting', 'paused');
  if (waiting < MEASURED) await fill(roost, BACKLOGS['10,000']);
  const completed = () => queue.getJobCountByTypes('completed', 'failed');
  const before = { done: await completed(), us: cpuOf(workers[0].pid), redisUs: cpuOf(redis.pid) };
  await roost.resume();
  await until('enough are done', async () => (await completed()) - before.done >= MEASURED);
  await roost.pause();
  const done = (await completed()) - before.done;
  const redisUs = (cpuOf(redis.pid) - before.redisUs) / done;
  const us = (cpuOf(workers[0].pid) - before.us) / done + redisUs;
  await roost.recorded();
  return { us: Math.round(us * 10) / 10, redisUs: Math.round(redisUs * 10) / 10 };
}
