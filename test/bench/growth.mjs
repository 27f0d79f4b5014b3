import { GrowthSamples } from './support/growth-samples.mjs';
import { drawGrowth } from './support/growth-charts.mjs';
import { Loader } from './support/loader.mjs';
import { BenchRoost } from './support/roost.mjs';
import { valueRow } from './support/rows.mjs';
import { median, percentile } from './support/stats.mjs';
import { drained } from './support/work-off.mjs';

const CONNECTIONS = 50;
const SHARE = 0.5;
/** At full load, to know what half of it is: the first fills caches and compiles. */
const FULL = { tasks: 8_000, rounds: 4, fewest: 500 };
const MB = 2 ** 20;
/** The id of a task alone takes four times as much: what is below keeps nothing of a task. */
const NOTHING = 16;
/** A shorter time is for trying it out: caches still fill. */
const JUDGED_MINUTES = 5;
const TEXT = 'Dear Ada, your order is on its way and will be with you on Thursday morning. Yours, us.';
const REQUEST = { path: '/api/v1/tasks', body: JSON.stringify({ type: 'carry', input: { text: TEXT } }) };

/** Steady work at half of what the machine can take: nothing may grow from task to task but the history's file. */
export const growth = {
  id: 'growth',
  title: 'what grows under a steady load',
  weight: 1,
  apart: true,
  async run(context) {
    const seconds = context.minutes * 60;
    const samples = new GrowthSamples(context, seconds);
    const loader = await Loader.start(context);
    const roost = await BenchRoost.start(context, samples.watch);
    const request = { ...REQUEST, url: roost.url, connections: CONNECTIONS };
    const full = await atFullLoad(context, loader, roost, request);
    const perSecond = Math.round(full * SHARE);
    context.progress(`${Math.round(seconds)} s of ${perSecond} tasks a second, half of ${Math.round(full)}`);
    await samples.begin(roost);
    const telling = setInterval(() => tell(context, samples), 30_000);
    const load = await loader.pace({ ...request, perSecond, seconds });
    clearInterval(telling);
    await roost.recorded();
    await samples.end();
    drawGrowth(context, samples, perSecond);
    return rows({ context, samples, roost, load, full });
  },
};

async function atFullLoad(context, loader, roost, request) {
  const rates = [];
  const count = Math.max(FULL.fewest, Math.round(FULL.tasks * Math.min(1, context.minutes)));
  for (let round = 0; round < FULL.rounds; round++) {
    const { startedAt } = await loader.load({ ...request, count });
    await drained(roost.queue);
    await roost.recorded();
    const rate = (count / (Date.now() - startedAt)) * 1000;
    context.progress(`at full load: ${Math.round(rate)} tasks a second`);
    if (round > 0) rates.push(rate);
  }
  return median(rates);
}

function tell(context, { list }) {
  const { atS, tasks, webRss, workerRss, lagMs } = list.at(-1);
  const mb = (bytes) => `${Math.round(bytes / MB)} MB`;
  context.progress(
    `after ${Math.round(atS)} s: ${tasks} tasks, web app ${mb(webRss)}, worker ${mb(workerRss)}, recorder ${lagMs} ms behind`,
  );
}

function rows({ context, samples, roost, load, full }) {
  const { list } = samples;
  const last = list.at(-1);
  const half = list.filter(({ atS }) => atS >= last.atS / 2);
  const isJudged = context.minutes >= JUDGED_MINUTES;
  const one = (what, value, unit, goal, note) =>
    valueRow({ what, values: [value], unit, note, ...(isJudged && goal ? { goal } : {}) });
  const grows = (what, points, note) =>
    one(`${what}, growth by task`, samples.perTask(points), 'bytes', ['<=', NOTHING], note);
  const cores = ['web', 'worker', 'redis'].reduce((sum, name) => sum + last.cpu[name] - list[0].cpu[name], 0);
  const perKept = ({ redisBytes, kept }) => redisBytes / kept;
  const quiet = isJudged ? '' : ` Too short for verdicts: they need ${JUDGED_MINUTES} minutes.`;
  return [
    one(
      'tasks a second',
      samples.rate,
      '/s',
      undefined,
      loadNote({ context, load, full, last, cores }) + quiet,
    ),
    one('run of what was handed in', last.tasks / load.sent, '', ['>=', 0.999]),
    grows('web app, heap after a collection', samples.held(roost.web.pid), NOTE),
    grows(
      'web app, RSS',
      samples.points(({ webRss }) => webRss),
    ),
    one('memory of the web app', last.webRss / MB, 'MB'),
    grows('worker, heap after a collection', samples.held(roost.workers[0].pid)),
    grows(
      'worker, RSS',
      samples.points(({ workerRss }) => workerRss),
    ),
    one('memory of the worker', last.workerRss / MB, 'MB'),
    grows(
      'Redis',
      samples.points(({ redisBytes }) => redisBytes),
    ),
    one('Redis, bytes a kept task', perKept(last), 'bytes'),
    one('history file, bytes a task', last.historyBytesPerTask, 'bytes'),
    one(
      'history file, bytes a task, end / middle',
      last.historyBytesPerTask / half[0].historyBytesPerTask,
      '',
      [...['<=', 1.05]],
    ),
    one(
      'recorder behind, 95 of 100 looks',
      percentile(
        list.map(({ lagMs }) => lagMs),
        0.95,
      ),
      'ms',
      ['<=', 1000],
    ),
    ...['web app', 'worker', 'redis'].map((name) =>
      one(`CPU per task, ${name}, last / second quarter`, samples.cpuGrowth(name.split(' ')[0]), '', [
        '<=',
        1.1,
      ]),
    ),
  ];
}

const NOTE =
  `the slope of the second half. The goal in words: nothing is kept of a task that is done; up to ${NOTHING} bytes a task ` +
  'count as none, as its id alone takes four times that.';

function loadNote({ context, load, full, last, cores }) {
  return (
    `by single requests, ${last.tasks.toLocaleString('en')} in ${context.minutes} minutes, each with ${TEXT.length} bytes of text; ` +
    `half of the ${Math.round(full).toLocaleString('en')}/s that the same processes reach at full load; ` +
    `${(cores / 1e6 / last.atS).toFixed(1)} of ${context.cores} cores busy; answers p50 ${load.p50.toFixed(1)} ms, p99 ${load.p99.toFixed(1)} ms.`
  );
}
