import { burst } from './support/burst.mjs';
import { cpuOfAll } from './support/cpu.mjs';
import { Loader } from './support/loader.mjs';
import { OnPostgres } from './support/on-postgres.mjs';
import { ON_POSTGRES, postgresLacks } from './support/peers.mjs';
import { BenchRoost } from './support/roost.mjs';
import { bestPeerRows } from './support/rows.mjs';
import { percentile } from './support/stats.mjs';
import { drained } from './support/work-off.mjs';

const ROUNDS = 3;
const TASKS = 10_000;
/** Fewer tasks are enough for a slow peer. */
const TASKS_OF = { 'BullMQ on Postgres': 3_000 };
const WHOLE = 1_000_000;
const SCALED = 60_000;
/** Searches of a round, half of them for a value that one task has, half for one that one in 97 has. */
const ASKED = 60;

/** Peers that store finished tasks and find them by a field of their input. */
export const searchableHistory = {
  id: 'P16',
  title: 'tasks with a searchable history, beside queues on Postgres',
  weight: 1.6,
  async run(context) {
    const lacks = Object.fromEntries(
      Object.keys(ON_POSTGRES).map((name) => [name, postgresLacks(name, context.postgres)]),
    );
    const names = Object.keys(lacks).filter((name) => !lacks[name]);
    const tasks = context.isLong ? WHOLE : SCALED;
    const loader = await Loader.start(context);
    const roost = await BenchRoost.start(context);
    const peers = {};
    for (const name of names) peers[name] = await OnPostgres.start(context, ON_POSTGRES[name].program);
    const work = await context.rounds(
      {
        ours: (round) => workOurs(roost, round),
        ...sides(peers, (peer, name) => peer.workOff(tasksOf(name))),
      },
      { count: ROUNDS },
    );
    context.progress(`${tasks.toLocaleString('en')} finished tasks on all sides`);
    await burst(roost.redis.client, roost.queue.toKey(''), { tasks, ids: 'r-' });
    await roost.recorded();
    for (const name of names) await peers[name].fill(tasks);
    const search = await context.rounds(
      {
        ours: () => ask(loader, roost.url, (field, value) => ourPath(field, value), tasks),
        ...sides(peers, (peer) =>
          ask(loader, peer.searchUrl, (field, value) => peer.searchPath(field, value), tasks),
        ),
      },
      { count: ROUNDS },
    );
    const worked = { rounds: work, lacks };
    const at = tasks < WHOLE ? `, at ${tasks.toLocaleString('en')}` : '';
    return [
      ...bestPeerRows({
        ...{ ...worked, what: 'tasks', take: ({ perSecond }) => perSecond, unit: '/s' },
        ...{ goal: ['>=', 1.5], note: NOTE },
      }),
      ...bestPeerRows({
        ...{ ...worked, what: 'CPU per task, all processes', take: ({ us }) => us, unit: 'us' },
        goal: ['<=', 0.7],
      }),
      ...bestPeerRows({
        ...{ rounds: search, lacks, what: `search by a field, p95${at}`, take: ({ p95 }) => p95, unit: 'ms' },
        ...{
          goal: ['<=', 0.1],
          ...(at ? { note: 'the goal is for a million, which --minutes 20 stores.' } : {}),
        },
      }),
    ];
  },
};

const NOTE =
  'waiting tasks, 50 at once, until all are finished and found. CPU is that of all processes but the client that submits over ' +
  'HTTP, from the submit on: Postgres with all of its own, Redis, web app, workers. Postgres has a GIN index over all fields, ' +
  "Debian's settings and synchronous_commit=off.";

const tasksOf = (name) => TASKS_OF[name] ?? TASKS;
const sides = (peers, act) =>
  Object.fromEntries(Object.entries(peers).map(([name, peer]) => [name, () => act(peer, name)]));

async function workOurs(roost, round) {
  const { queue, redis, web, workers } = roost;
  const used = () => cpuOfAll([web, redis, ...workers].map(({ pid }) => pid));
  const before = used();
  await roost.pause();
  await roost.submit('quotient', TASKS, (i) => ({ x: round * TASKS + i, y: 1 + (i % 97) }));
  const startedAt = performance.now();
  await roost.resume();
  await drained(queue);
  await roost.recorded();
  const seconds = (performance.now() - startedAt) / 1000;
  const us = Math.round((used() - before) / TASKS);
  await roost.settle();
  return { perSecond: Math.round(TASKS / seconds), us };
}

const ourPath = (field, value) =>
  `/api/v1/tasks?${new URLSearchParams({ q: `input.${field}:${value}`, limit: '50' })}`;

async function ask(loader, url, pathOf, tasks) {
  const took = [];
  for (let i = 0; i < ASKED; i++) {
    // Both sides have even numbers as values of x.
    const [field, end] = i % 2 ? ['y', 97] : ['x', tasks / 2];
    const value = 1 + Math.floor(Math.random() * end);
    const path = pathOf(field, field === 'x' ? 2 * value : value);
    took.push(
      ...(await loader.load({ url, path, method: 'GET', count: 1, connections: 1, expect: 200 })).took,
    );
  }
  return { p95: Math.round(percentile(took, 0.95) * 100) / 100 };
}
