import { GrowthSamples } from './support/growth-samples.mjs';
import { drawGrowth } from './support/growth-charts.mjs';
import { growthRows } from './support/growth-rows.mjs';
import { Loader } from './support/loader.mjs';
import { BenchRoost } from './support/roost.mjs';
import { median } from './support/stats.mjs';
import { drained } from './support/work-off.mjs';

const CONNECTIONS = 50;
const SHARE = 0.5;
/** At full load, to know what half of it is: the first fills caches and compiles. */
const FULL = { tasks: 8_000, rounds: 4, fewest: 500 };
const MB = 2 ** 20;
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
    return growthRows({ context, samples, load, full, text: TEXT });
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
