import ts from 'typescript';
import { Halt } from '../../scripts/terminal.mjs';
import { BENCHES } from './benches.mjs';
import { Context } from './support/context.mjs';
import { machine } from './support/machine.mjs';
import { writeCharts } from './support/chart-files.mjs';
import { endProcesses } from './support/processes.mjs';
import { findPeers } from './support/peers.mjs';
import { ScratchBuild } from './support/scratch-build.mjs';
import { printTable } from './support/table.mjs';

/**
 * Runs the benches that are wanted (without `ids` all but those `apart`) one after the other: `{ text, failed }`, the table
 * and the ids of those that did not come to their end.
 * `draw`: the folder for pictures of what has a curve; `command`: what they name as theirs.
 */
export async function bench({
  ids,
  json,
  minutes,
  draw,
  command,
  scratch,
  redis,
  profiles,
  progress,
  usage,
}) {
  const since = Date.now();
  const wanted = choose(ids, usage);
  const { python, postgres, list } = await findPeers();
  const missing = list
    .filter(({ version, benches }) => !version && wanted.some(({ id }) => benches.includes(id)))
    .map(({ name, get }) => `${name} (${get})`);
  for (const one of missing) progress(`not here, so left out: ${one}`);
  const build = new ScratchBuild(scratch, ts);
  await build.bundle();
  const context = new Context({
    ...{ scratch, redis, python, postgres, build, profiles, progress, since, minutes },
  });
  const rows = [];
  const failed = [];
  for (const [index, one] of wanted.entries()) {
    context.begin(one, wanted.slice(index));
    rows.push(...(await run(one, context, failed)));
    await endProcesses();
  }
  const report = {
    machine: await machine(redis, python, postgres),
    date: new Date(since).toISOString().slice(0, 10),
    seconds: Math.round((Date.now() - since) / 1000),
    missing,
    rows,
    charts: context.charts,
  };
  if (draw) writeCharts(draw, { ...report, command }, progress);
  return { text: json ? `${JSON.stringify(report, undefined, 2)}\n` : printTable(report), failed };
}

function choose(ids, usage) {
  const known = BENCHES.map(({ id }) => id);
  const wanted = ids.map((id) => known.find((one) => one.toLowerCase() === id.toLowerCase()) ?? id);
  const unknown = wanted.filter((id) => !known.includes(id));
  if (unknown.length > 0)
    throw new Halt(`There is no ${unknown.join(', ')}; there are ${known.join(' ')}.`, usage);
  return BENCHES.filter(({ id, apart }) => (wanted.length === 0 ? !apart : wanted.includes(id)));
}

/** A bench that fails is reported, and the others go on. */
async function run({ id, title, run: measure }, context, failed) {
  try {
    return (await measure(context)).map((row) => ({ id, title, ...row }));
  } catch (error) {
    context.progress(`failed: ${error.stack}`);
    failed.push(id);
    return [
      {
        id,
        title,
        what: 'all',
        notRun: `failed: ${error.message.split('\n')[0].slice(0, 80)}`,
        goal: ['', ''],
      },
    ];
  }
}
