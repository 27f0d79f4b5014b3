import { valueRow } from './rows.mjs';
import { percentile } from './stats.mjs';

const MB = 2 ** 20;
/** The id of a task alone takes three times as much: what is below keeps nothing of a task. */
const NOTHING = 16;
/** A shorter time is for trying it out: caches still fill. */
const JUDGED_MINUTES = 5;
/** As samples name them: as people do. */
const PARTS = { web: 'web app', worker: 'worker', redis: 'Redis' };

/** The lines of a steady load of which `load` tells how it was sent; `full`: tasks a second without a pause. */
export function growthRows({ context, samples, load, full, text }) {
  const { roost, list } = samples;
  const last = list.at(-1);
  const middle = list.find(({ atS }) => atS >= last.atS / 2);
  const isJudged = context.minutes >= JUDGED_MINUTES;
  const row = (what, value, { unit = '', limit, least, note } = {}) => {
    const goal = limit === undefined ? ['>=', least] : ['<=', limit];
    const isGoal = isJudged && goal[1] !== undefined;
    return valueRow({ what, values: [value], unit, note, ...(isGoal ? { goal } : {}) });
  };
  const grows = (what, points, note) =>
    row(`${what}, growth by task`, samples.perTask(points), { unit: 'bytes', limit: NOTHING, note });
  const historyGrowth = last.historyBytesPerTask / middle.historyBytesPerTask;
  const lags = list.map(({ lagMs }) => lagMs);
  return [
    row('tasks a second', samples.rate, {
      unit: '/s',
      note: loadNote({ context, samples, load, full, text }) + (isJudged ? '' : TOO_SHORT),
    }),
    row('submitted tasks that ran', last.tasks / load.sent, { least: 0.999 }),
    grows('web app, heap after a collection', samples.held(roost.web.pid), NOTE),
    row('web app, lowest RSS, last / second quarter', samples.lowGrowth('webRss'), {
      limit: 1.05,
      note: RSS,
    }),
    row('memory of the web app', last.webRss / MB, { unit: 'MB' }),
    grows('worker, heap after a collection', samples.held(roost.workers[0].pid)),
    row('worker, lowest RSS, last / second quarter', samples.lowGrowth('workerRss'), { limit: 1.05 }),
    row('memory of the worker', last.workerRss / MB, { unit: 'MB' }),
    grows('Redis', samples.points('redisBytes')),
    row('Redis, bytes a stored task', last.redisBytesPerTask, { unit: 'bytes' }),
    row('history file, bytes a task', last.historyBytesPerTask, { unit: 'bytes', note: FILE }),
    row('history file, bytes a task, end / middle', historyGrowth, { limit: 1.05 }),
    row('recorder behind, 95 of 100 checks', percentile(lags, 0.95), { unit: 'ms', limit: 1000 }),
    ...Object.entries(PARTS).map(([part, name]) =>
      row(`CPU per task, ${name}, last / second quarter`, samples.cpuGrowth(part), { limit: 1.1 }),
    ),
  ];
}

const NOTE =
  `the slope of the second half. The goal in words: nothing is kept of a task that is done; up to ${NOTHING} bytes a task ` +
  'count as none, as its id alone takes three times that.';
const RSS =
  'memory outside the heap too; it swings with what is not collected yet, so its lows are compared.';
const FILE =
  'with the log beside it, up to 64 MB however few tasks there are, and the index of all their words.';
const TOO_SHORT = ` Too short for verdicts: they need ${JUDGED_MINUTES} minutes.`;

function loadNote({ context, samples: { list }, load, full, text }) {
  const last = list.at(-1);
  const us = Object.keys(PARTS).reduce((sum, part) => sum + last.cpu[part] - list[0].cpu[part], 0);
  const whole = (value) => Math.round(value).toLocaleString('en');
  return (
    `by single requests, ${whole(last.tasks)} in ${context.minutes} minutes, each with ${text.length} bytes of text; ` +
    `half of the ${whole(full)}/s that the same processes reach at full load; ` +
    `${(us / 1e6 / last.atS).toFixed(1)} of ${context.cores} cores busy; ` +
    `answers p50 ${load.p50.toFixed(1)} ms, p99 ${load.p99.toFixed(1)} ms.`
  );
}
