import { burst } from './support/burst.mjs';
import { cpuOf, mainThreadCpuOf } from './support/cpu.mjs';
import { BenchRoost } from './support/roost.mjs';
import { valueRow } from './support/rows.mjs';

const WHOLE = 100_000;
const SCALED = 20_000;
const CAUGHT_UP_S = 6;

/** The history keeps up with what workers do, and catches up after more than it can follow. */
export const recorder = {
  id: 'P9',
  title: 'recording the history',
  weight: 1,
  async run(context) {
    const tasks = context.isLong ? WHOLE : SCALED;
    const roost = await BenchRoost.start(context, { workers: 0 });
    const rounds = await context.rounds({ ours: (round) => record(roost, tasks, `r${round}-`) });
    const of = (name) => rounds.map(({ ours }) => ours[name]);
    const share = tasks / WHOLE;
    return [
      valueRow({
        ...{
          what: 'tasks recorded a second of one core',
          values: of('perCpuSecond'),
          unit: '/s',
          goal: ['>=', 30_000],
        },
        note: 'all threads of the web app but the one that answers requests.',
      }),
      valueRow({ what: 'tasks recorded a second', values: of('perSecond'), unit: '/s' }),
      valueRow({
        ...{
          what: `caught up after a burst of ${tasks.toLocaleString('en')}`,
          values: of('caughtUpS'),
          unit: 's',
        },
        goal: ['<=', CAUGHT_UP_S * share],
        note:
          share === 1
            ? 'since the last task of the burst.'
            : `since the last task of the burst; the goal is ${CAUGHT_UP_S} s for ${WHOLE.toLocaleString('en')}, and scaled with it. With --minutes 20 the whole.`,
      }),
    ];
  },
};

async function record(roost, tasks, ids) {
  const used = () => cpuOf(roost.web.pid) - mainThreadCpuOf(roost.web.pid);
  const before = used();
  const startedAt = performance.now();
  await burst(roost.redis.client, roost.queue.toKey(''), { tasks, ids });
  const burstMs = performance.now() - startedAt;
  await roost.recorded();
  const ms = performance.now() - startedAt;
  return {
    perCpuSecond: Math.round(tasks / ((used() - before) / 1e6)),
    perSecond: Math.round((tasks / ms) * 1000),
    caughtUpS: Math.round(ms - burstMs) / 1000,
  };
}
