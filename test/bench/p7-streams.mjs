import { Queue } from 'bullmq';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { mainThreadCpuOf } from './support/cpu.mjs';
import { startPeer } from './support/node-peer.mjs';
import { BenchProcess } from './support/processes.mjs';
import { BenchRoost } from './support/roost.mjs';
import { ratioRow, valueRow } from './support/rows.mjs';

const READERS = fileURLToPath(new URL('support/reader-program.mjs', import.meta.url));
const CLIENTS = [500, 1000];
const ROUNDS = 3;
/** Garbage is no memory of a client: both servers collect it on request. */
const COLLECTING = [
  '--expose-gc',
  `--import=${new URL('support/collect-on-signal.mjs', import.meta.url).href}`,
];
/** Tasks that come in steadily, so many ms apart, and at once; each is two events: added, waiting. */
const STEADY = { tasks: 40, everyMs: 40 };
const BURST = { tasks: 100, everyMs: 0 };
const EVENTS = 2;
const LIMIT_MS = 60_000;

/** Many who follow everything that happens, in ours and in a bare Nest application with @Sse. */
export const streams = {
  id: 'P7',
  title: 'server-sent events to many clients',
  weight: 1.8,
  async run(context) {
    const roost = await BenchRoost.start(context, { workers: 0, nodeArgs: COLLECTING });
    const redis = await context.startRedis();
    const nest = await startPeer(context, 'nest-sse', [redis.url], COLLECTING);
    const ours = await side(context, roost.queue, roost.web, `${roost.url}/api/v1/events`);
    const bareQueue = new Queue('bare', { connection: redis.client });
    const theirs = await side(context, bareQueue, nest, `${nest.url}/events`);
    const all = {};
    let open = 0;
    for (const clients of CLIENTS) {
      for (const one of [ours, theirs]) await one.open(clients - open);
      open = clients;
      context.progress(`${clients} clients on both sides`);
      all[clients] = await context.rounds(
        {
          ours: () => both(ours, clients),
          "Nest's @Sse": () => both(theirs, clients),
        },
        { count: ROUNDS },
      );
    }
    const last = all[CLIENTS.at(-1)];
    return [
      ...Object.entries(all).flatMap(([clients, rounds]) => [
        row(rounds, `CPU per delivery, steady, ${clients} clients`, ({ steadyUs }) => steadyUs, 0.3),
        row(rounds, `CPU per delivery, in a burst, ${clients} clients`, ({ burstUs }) => burstUs, 0.05),
      ]),
      ratioRow({
        ...{ rounds: last, what: 'time until all have a burst', theirs: "Nest's @Sse" },
        ...{ take: ({ burstMs }) => burstMs, unit: 'ms' },
      }),
      valueRow({
        ...{
          what: 'memory a client',
          values: [kb(await ours.bytesPerClient())],
          unit: 'kB',
          goal: ['<=', 20],
        },
        note: `what heap and buffers have grown by after all of the above, garbage collected; Nest's @Sse: ${kb(await theirs.bytesPerClient())} kB.`,
      }),
    ];
  },
};

const row = (rounds, what, take, goal) =>
  ratioRow({ rounds, what, theirs: "Nest's @Sse", take, unit: 'us', goal: ['<=', goal] });

async function side(context, queue, server, url) {
  const readers = new BenchProcess('readers', process.execPath, [READERS], {
    cwd: context.scratch,
    ipc: true,
  });
  await readers.message('ready');
  await queue.pause();
  let open = 0;
  const before = await memoryOf(server);
  return {
    bytesPerClient: async () => ((await memoryOf(server)) - before) / open,
    open: async (count) => {
      const { failed } = await readers.ask({ type: 'open', url, count });
      if (failed) throw new Error(`${url}: ${failed}`);
      open += count;
    },
    /** Adds tasks and waits until every client has heard of the last: processor time of the server, us, and ms. */
    send: async ({ tasks, everyMs }) => {
      const word = `last-${randomUUID()}`;
      await readers.ask({ type: 'listen', word });
      const heard = readers.message('heard');
      const usBefore = mainThreadCpuOf(server.pid);
      const startedAt = Date.now();
      const add = (i) =>
        queue.add(
          'no-op',
          { roost: 1, input: { n: i } },
          i === tasks - 1 ? { jobId: word } : { jobId: `t${randomUUID()}` },
        );
      if (everyMs === 0) await Promise.all(Array.from({ length: tasks }, (_, i) => add(i)));
      else
        for (let i = 0; i < tasks; i++) {
          await add(i);
          await pause(everyMs);
        }
      const { at } = await Promise.race([heard, pause(LIMIT_MS, undefined, { ref: false })]);
      // The last event's second half, and what is written but not sent.
      await pause(200);
      return { us: mainThreadCpuOf(server.pid) - usBefore, ms: at - startedAt };
    },
  };
}

const kb = (bytes) => Math.round(bytes / 100) / 10;

/** Bytes in use, garbage left out. What the system counts for the process goes up and down by more than clients take. */
async function memoryOf(server) {
  await pause(1_000);
  const told = server.message('memory');
  server.child.kill('SIGUSR2');
  return (await told).bytes;
}

async function both(one, clients) {
  const steady = await one.send(STEADY);
  const burst = await one.send(BURST);
  const per = ({ us }, { tasks }) => Math.round((us / (tasks * EVENTS * clients)) * 1000) / 1000;
  return { steadyUs: per(steady, STEADY), burstUs: per(burst, BURST), burstMs: burst.ms };
}
