import { cpuOf, cpuOfAll, mainThreadCpuOf } from './cpu.mjs';
import { drained, workOff } from './work-off.mjs';

export const TASK_MS = 20;
/** By each worker: tasks that wait, for the throughput; and in all, by each Roost, tasks that cost nothing but themselves. */
const WAITING = 1_500;
const BARE = 8_000;
const REQUESTS = 3_000;
const CONNECTIONS = 50;

const mainThreads = (webs) => webs.reduce((total, { pid }) => total + mainThreadCpuOf(pid), 0);

/** One round of Roosts that work at once: throughput, and microseconds a task or request of all of them together. */
export async function measure(loaders, roosts) {
  const waits = await throughput(roosts);
  const tasks = await costOfTasks(roosts);
  const requests = await costOfRequests(loaders, roosts);
  return { ...waits, ...tasks, ...requests };
}

const together = (roosts, act) => Promise.all(roosts.map(act));
const sum = (roosts, take) => roosts.reduce((total, roost) => total + take(roost), 0);
/** Microseconds of all processes of all Roosts. */
const usedByAll = (roosts) =>
  sum(roosts, ({ webs, workers, redis }) => cpuOfAll([...webs, ...workers, redis].map(({ pid }) => pid)));

async function throughput(roosts) {
  await together(roosts, (roost) => fill(roost, 'pause', WAITING * roost.workers.length, { forMs: TASK_MS }));
  const before = usedByAll(roosts);
  const rates = await together(roosts, async (roost) => {
    const { queue, redis, workers } = roost;
    const pids = workers.map(({ pid }) => pid);
    const count = WAITING * workers.length;
    const { perSecond } = await workOff({
      ...{ queue, redis, count, workers: pids },
      resume: () => roost.resume(),
    });
    await roost.recorded();
    return perSecond;
  });
  const us = usedByAll(roosts) - before;
  await together(roosts, (roost) => roost.settle());
  const count = sum(roosts, ({ workers }) => WAITING * workers.length);
  return { perSecond: rates.reduce((total, rate) => total + rate, 0), steadyUs: Math.round(us / count) };
}

async function fill(roost, type, count, input) {
  await roost.pause();
  await roost.submit(type, count, () => input);
  await roost.recorded();
}

/** Microseconds a task, by part; all parts of all Roosts added up. */
async function costOfTasks(roosts) {
  const used = () => ({
    all: usedByAll(roosts),
    redis: sum(roosts, ({ redis }) => cpuOf(redis.pid)),
    worker: sum(roosts, ({ workers }) => cpuOfAll(workers.map(({ pid }) => pid))),
    main: sum(roosts, ({ webs }) => mainThreads(webs)),
    web: sum(roosts, ({ webs }) => cpuOfAll(webs.map(({ pid }) => pid))),
  });
  const count = BARE * roosts.length;
  const before = used();
  await together(roosts, (roost) => fill(roost, 'no-op', BARE, { n: 1 }));
  const filled = used();
  await together(roosts, async (roost) => {
    await roost.resume();
    await drained(roost.queue);
    await roost.recorded();
  });
  const after = used();
  await together(roosts, (roost) => roost.settle());
  const per = (name, from, to) => Math.round(((to[name] - from[name]) / count) * 10) / 10;
  const recorded = (from, to) => per('web', from, to) - per('main', from, to);
  return {
    us: per('all', filled, after),
    redisUs: per('redis', filled, after),
    workerUs: per('worker', filled, after),
    recordUs: recorded(filled, after),
    bulkUs: per('main', before, filled),
    lifeUs: per('redis', before, after),
  };
}

/** One task a request, to all web apps at once, until the history has them; the workers are paused. */
async function costOfRequests(loaders, roosts) {
  await together(roosts, (roost) => roost.pause());
  const webs = roosts.flatMap((roost) => roost.webs);
  const all = () => cpuOfAll(webs.map(({ pid }) => pid));
  const before = { main: mainThreads(webs), all: all() };
  const body = JSON.stringify({ type: 'no-op', input: { n: 1 } });
  const share = { path: '/api/v1/tasks', body, count: REQUESTS, connections: CONNECTIONS / webs.length };
  await Promise.all(webs.map(({ url }, i) => loaders[i].load({ url, ...share })));
  await together(roosts, (roost) => roost.recorded());
  const count = REQUESTS * webs.length;
  const per = (now, then) => Math.round((now - then) / count);
  const figures = { mainUs: per(mainThreads(webs), before.main), requestUs: per(all(), before.all) };
  await together(roosts, async (roost) => {
    await roost.resume();
    await drained(roost.queue);
    await roost.settle();
  });
  return figures;
}
