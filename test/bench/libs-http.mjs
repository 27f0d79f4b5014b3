import { closedDoor, makeToken } from './support/api-token.mjs';
import { cpuOf } from './support/cpu.mjs';
import { Loader } from './support/loader.mjs';
import { startPeer } from './support/node-peer.mjs';
import { lacks, versionOf } from './support/other-libraries.mjs';
import { BenchRoost } from './support/roost.mjs';
import { notRunRow, peerRow, ratioRow, valueRow } from './support/rows.mjs';

const REQUESTS = 5_000;
const CONNECTIONS = 50;
const PLATFORM = '@nestjs/platform-fastify';
const EXPRESS = 'Nest on Express';
const FASTIFY = 'Nest on Fastify';
const UNCHECKED = 'Nest without class-validator';

/** Cost of the web framework and of the checks for a submit, by bare apps; ours runs along, as P1 measures it. */
export async function libsHttp(context) {
  const without = lacks(PLATFORM);
  const loader = await Loader.start(context);
  const roost = await BenchRoost.start(context, { workers: 0, env: await closedDoor() });
  roost.headers = await makeToken(roost.url);
  const redis = await context.startRedis();
  const peers = {
    [EXPRESS]: await startPeer(context, 'nest-http', [redis.url]),
    [UNCHECKED]: await startPeer(context, 'nest-http', [redis.url, 'unchecked']),
    ...(without ? {} : { [FASTIFY]: await startPeer(context, 'nest-http', [redis.url, 'fastify']) }),
  };
  const rounds = await context.rounds({
    ours: () => ofOurs(loader, roost),
    ...Object.fromEntries(
      Object.entries(peers).map(([name, peer]) => [
        name,
        () => used(peer.pid, () => send(loader, peer.url, '/tasks', { n: 1 })),
      ]),
    ),
  });
  await Promise.all([roost.stop(), loader.process.stop(), ...Object.values(peers).map((one) => one.stop())]);
  const than = { rounds, theirs: EXPRESS };
  const us = { take: (figures) => figures.us, unit: 'us' };
  return [
    ratioRow({ ...than, ...us, what: `CPU per request, ${UNCHECKED}`, ours: UNCHECKED }),
    peerRow({
      ...{ ...than, ...us, what: `CPU per request, ${FASTIFY}`, ours: FASTIFY, lacks: without },
      note: `${PLATFORM} ${versionOf(PLATFORM)}.`,
    }),
    peerRow({
      ...{ ...than, what: `throughput, ${FASTIFY}`, ours: FASTIFY, lacks: without },
      ...{ take: ({ perSecond }) => perSecond, unit: '/s' },
    }),
    ratioRow({ ...than, ...us, what: 'CPU per request, ours' }),
    without
      ? notRunRow('the same, were ours on Fastify (reckoned)', without)
      : valueRow({
          what: `the same, were ours on Fastify (reckoned) / ${EXPRESS}`,
          values: rounds.map(reckoned),
          note: 'ours less what the bare app saves on Fastify: not built, so an estimate.',
        }),
  ];
}

const reckoned = (round) => (round.ours.us - round[EXPRESS].us + round[FASTIFY].us) / round[EXPRESS].us;

const ofOurs = (loader, roost) =>
  used(roost.web.pid, async () => {
    const body = { type: 'no-op', input: { n: 1 } };
    const sent = await send(loader, roost.url, '/api/v1/tasks', body, {
      headers: roost.headers,
      keyed: true,
    });
    await roost.recorded();
    return sent;
  });

function send(loader, url, path, body, more = {}) {
  const request = { url, path, body: JSON.stringify(body), ...more };
  return loader.load({ ...request, count: REQUESTS, connections: CONNECTIONS });
}

async function used(pid, work) {
  const before = cpuOf(pid);
  const { ms } = await work();
  return {
    perSecond: Math.round((REQUESTS / ms) * 1000),
    us: Math.round((cpuOf(pid) - before) / REQUESTS),
  };
}
