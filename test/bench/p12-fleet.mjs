import { setTimeout as pause } from 'node:timers/promises';
import { backlogs } from './p12-backlogs.mjs';
import { BareBullmq } from './support/bullmq.mjs';
import { cpuOfAll } from './support/cpu.mjs';
import { BenchRoost } from './support/roost.mjs';
import { valueRow } from './support/rows.mjs';
import { median } from './support/stats.mjs';
import { workOff } from './support/work-off.mjs';

const SIZES = [1, 2, 4, 8];
const CONCURRENCY = 10;
const TASK_MS = 20;
/** Each run takes that long where the fleet grows ideally, s. */
const SECONDS = 5;
/** Share of the machine's cores in use from which on more workers cannot do more. */
const FULL = 0.75;
const ROUNDS = 3;

/** More workers do more, and a long queue is no dearer than a short one. */
export const fleet = {
  id: 'P12',
  title: 'growth',
  weight: 1.6,
  async run(context) {
    return [...(await growth(context)), ...(await backlogs(context))];
  },
};

async function growth(context) {
  const roost = await BenchRoost.start(context, { workers: 0, concurrency: CONCURRENCY });
  await Promise.all(Array.from({ length: Math.max(...SIZES) }, () => roost.startWorker()));
  const { items } = await roost.call('GET', '/api/v1/workers');
  const ids = items.map(({ id }) => id);
  await command(roost, 'pause', ids);
  const ideal = (1000 / (await lengthOfATask())) * CONCURRENCY;
  const bare = await BareBullmq.start(context, { concurrency: CONCURRENCY });
  const sides = Object.fromEntries(
    SIZES.map((size) => [size, () => runFleet(roost, ids.slice(0, size), ideal)]),
  );
  const rounds = await context.rounds(
    { ...sides, 'bare BullMQ': () => runBare(bare, ideal) },
    { count: ROUNDS, warmUp: false },
  );
  draw(context, rounds, ideal);
  const rows = SIZES.map((size) => {
    const cores = Math.round(median(rounds.map((round) => round[size].cores)) * 10) / 10;
    const isFull = cores > FULL * context.cores;
    return valueRow({
      what: `tasks of ${TASK_MS} ms a second, ${size} worker${size > 1 ? 's' : ''} / ideal`,
      values: rounds.map((round) => round[size].ofIdeal),
      ...(isFull ? {} : { goal: ['>=', 0.95] }),
      note:
        `${Math.round(ideal * size)}/s are ideal, ${cores} of ${context.cores} cores busy` +
        (isFull ? ': the machine is full, so this is no goal.' : '.'),
    });
  });
  const bareRow = valueRow({
    what: 'the same, 1 worker of bare BullMQ / ideal',
    values: rounds.map((round) => round['bare BullMQ'].ofIdeal),
  });
  return [...rows, bareRow];
}

function draw(context, rounds, ideal) {
  const measured = (size) => median(rounds.map((round) => round[size].perSecond));
  context.chart({
    file: 'fleet-throughput',
    title: `Tasks of ${TASK_MS} ms a second, ${CONCURRENCY} at once a worker`,
    x: { label: 'workers', ticks: SIZES },
    y: { label: 'tasks / s' },
    series: [
      { name: 'ideal', points: SIZES.map((size) => [size, ideal * size]), dashed: true },
      { name: 'measured', points: SIZES.map((size) => [size, measured(size)]), dots: true },
    ],
  });
}

/** Measures a timer of so many ms in an idle process: the task's own length. */
async function lengthOfATask() {
  const took = [];
  for (let i = 0; i < 50; i++) {
    const startedAt = performance.now();
    await pause(TASK_MS);
    took.push(performance.now() - startedAt);
  }
  return median(took);
}

async function command(roost, name, ids) {
  const { items } = await roost.call('POST', `/api/v1/workers/commands/${name}`, { ids });
  const refused = items.find(({ ok }) => !ok);
  if (refused || items.length !== ids.length)
    throw new Error(`${name}: ${refused?.why ?? 'not all answered'}`);
}

async function runBare(bare, ideal) {
  const count = Math.round(ideal * SECONDS);
  await bare.queue.pause();
  await bare.add('pause', count, () => ({ forMs: TASK_MS }));
  const { perSecond } = await bare.workOff(count);
  return { ofIdeal: perSecond / ideal, perSecond };
}

async function runFleet(roost, ids, ideal) {
  const count = Math.round(ideal * SECONDS * ids.length);
  await roost.pause();
  await command(roost, 'resume', ids);
  await roost.submit('pause', count, () => ({ forMs: TASK_MS }));
  await roost.recorded();
  const { queue, redis, workers } = roost;
  const pids = [...workers.map(({ pid }) => pid), roost.web.pid, redis.pid];
  const before = cpuOfAll(pids);
  const startedAt = performance.now();
  const { perSecond } = await workOff({ queue, redis, count, workers: pids, resume: () => roost.resume() });
  const cores = (cpuOfAll(pids) - before) / 1000 / (performance.now() - startedAt);
  await command(roost, 'pause', ids);
  await roost.settle();
  return { ofIdeal: perSecond / (ideal * ids.length), perSecond, cores: Math.round(cores * 10) / 10 };
}
