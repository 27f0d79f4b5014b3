import { burst } from './support/burst.mjs';
import { Loader } from './support/loader.mjs';
import { BenchRoost } from './support/roost.mjs';
import { valueRow } from './support/rows.mjs';
import { percentile } from './support/stats.mjs';

const WHOLE = 1_000_000;
const SCALED = 60_000;
const ROUNDS = 5;
const EACH = 10;

const below = (end) => Math.floor(Math.random() * end);
/** name: [query, goal]. Each is asked anew with other values: half of them are new to every cache. */
const GROUPS = {
  'list and its next states': [() => pick('', 'state:completed', 'state:failed', 'type:divide'), 50],
  'search by a field': [
    () => pick(`id:r-${below(60_000)}`, 'state:failed type:divide', 'run:<5ms', 'attempts:1'),
    50,
  ],
  'search in input.*': [
    () => pick(`input.x:${2 * below(30_000)}`, `input.y:${1 + below(97)}`, 'input.x:>50000'),
    50,
  ],
  'free text': [
    () => pick('customer', 'fox harbour', `nr${1 + 2 * below(30_000)}`, 'gard*', '"quick brown"'),
    300,
  ],
};
const pick = (...list) => list[below(list.length)];

/** Lists and searches over HTTP, 95 of 100, in a history of many tasks. */
export const search = {
  id: 'P6',
  title: 'lists and searches in the history',
  weight: 1.3,
  async run(context) {
    const tasks = context.isLong ? WHOLE : SCALED;
    const loader = await Loader.start(context);
    const roost = await BenchRoost.start(context, { workers: 0 });
    context.progress(`recording ${tasks.toLocaleString('en')} tasks`);
    await burst(roost.redis.client, roost.queue.toKey(''), { tasks, ids: 'r-' });
    await roost.recorded();
    const rounds = await context.rounds({ ours: () => ask(loader, roost) }, { count: ROUNDS });
    const reading = await readAll(roost);
    const at = tasks < WHOLE ? `at ${tasks.toLocaleString('en')} tasks` : undefined;
    return [
      ...Object.entries(GROUPS).map(([name, [, goal]]) =>
        valueRow({
          ...{
            what: `${name}, p95`,
            values: rounds.map(({ ours }) => ours[name]),
            unit: 'ms',
            goal: ['<=', goal],
            at,
          },
        }),
      ),
      valueRow({
        ...{ what: "the same field search by BullMQ's getters", values: [reading], unit: 'ms' },
        ...(at
          ? { note: `all figures ${at}; the goals are for a million, which --minutes 20 records.` }
          : {}),
      }),
    ];
  },
};

async function ask(loader, roost) {
  const figures = {};
  for (const [name, [query]] of Object.entries(GROUPS)) {
    const took = [];
    for (let i = 0; i < EACH; i++) {
      const path = `/api/v1/tasks?${new URLSearchParams({ q: query(), limit: '50' })}`;
      const one = { url: roost.url, method: 'GET', path, count: 1, connections: 1, expect: 200 };
      took.push(...(await loader.load(one)).took);
    }
    figures[name] = Math.round(percentile(took, 0.95) * 10) / 10;
  }
  return figures;
}

/** The search without an index: reads all tasks and filters. */
async function readAll({ queue }) {
  const startedAt = performance.now();
  const jobs = await queue.getJobs(['completed', 'failed'], 0, -1);
  jobs.filter((job) => job?.data.input.x === 4242);
  return performance.now() - startedAt;
}
