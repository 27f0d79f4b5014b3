// The steps of `npm run bench`: brings the packages, the build and a redis-server, then hands over to test/bench/.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuild } from './build-command.mjs';
import { onEnding } from './signals.mjs';
import { ensurePackages } from './packages.mjs';
import { endPrograms } from './programs.mjs';
import { findRedis } from './redis-find.mjs';
import { Halt, printFailure } from './terminal.mjs';

const USAGE = [
  'npm run bench',
  'npm run bench -- P3 P5          only these',
  'npm run bench -- growth         ten minutes of steady load: what grows; with --minutes 1 one minute',
  'npm run bench -- scaling        more workers, web apps and Redis servers side by side',
  'npm run bench -- libs           other libraries under the same outside, where they are installed',
  'npm run -s bench -- --json      for programs',
  'npm run bench -- --minutes 20   more time, so more rounds',
  'npm run bench -- --peer-check   which peers are here, and how to get the others',
  'npm run bench -- P12 --draw docs/images   with its curves as SVG files in that folder',
  'npm run bench -- P3 --cpu-prof profiles   with profiles of our processes, for the DevTools of Chrome',
];
const MINUTES = 11;

/** Prints progress to standard error, apart from the results. */
const progress = (text) => process.stderr.write(`${text}\n`);

export async function main(args) {
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'roost-bench-')));
  let endProcesses = async () => {};
  let ending = false;
  const finish = async (code) => {
    if (ending) return;
    ending = true;
    endPrograms('SIGTERM');
    await endProcesses();
    rmSync(scratch, { recursive: true, force: true });
    process.exit(code);
  };
  onEnding(() => void finish(130));
  try {
    const wanted = readArguments(args);
    if (process.platform !== 'linux')
      throw new Halt('The bench reads what a process has used from /proc: it runs on Linux only.');
    progress('packages');
    await ensurePackages(progress);
    if (wanted.peerCheck) return await finish(await checkPeers());
    progress('build, Redis');
    await ensureBuild(progress);
    const redis = await findRedis(progress);
    // Imported late: test/bench/ needs the packages.
    ({ endProcesses } = await import('../test/bench/support/processes.mjs'));
    const { bench } = await import('../test/bench/bench.mjs');
    const { text, failed } = await bench({ ...wanted, scratch, redis, progress, usage: USAGE });
    // An interrupted run has no result.
    if (!ending) process.stdout.write(text);
    if (failed.length > 0) progress(`failed: ${failed.join(', ')}`);
    await finish(failed.length > 0 ? 1 : 0);
  } catch (error) {
    if (!ending) await finish(printFailure(error));
  }
}

/** Prints all peers and gives the exit code: 1 where one is missing that a run of all benches compares with. */
async function checkPeers() {
  const { findPeers, printPeers } = await import('../test/bench/support/peers.mjs');
  const { list } = await findPeers();
  process.stdout.write(printPeers(list));
  return list.every(({ version, benches }) => version || benches.includes('libs')) ? 0 : 1;
}

function readArguments(args) {
  let parsed;
  try {
    const options = {
      json: { type: 'boolean' },
      minutes: { type: 'string' },
      draw: { type: 'string' },
      'cpu-prof': { type: 'string' },
      'peer-check': { type: 'boolean' },
    };
    parsed = parseArgs({ args, allowPositionals: true, options });
  } catch (error) {
    throw new Halt(error.message, USAGE);
  }
  const minutes = Number(parsed.values.minutes ?? MINUTES);
  if (!(minutes > 0)) throw new Halt('--minutes takes a number.', USAGE);
  const { draw, 'cpu-prof': profiles } = parsed.values;
  return {
    ids: parsed.positionals,
    // npm takes a --json before the `--` for itself and sets this variable.
    json: parsed.values.json === true || process.env.npm_config_json === 'true',
    minutes,
    draw: draw && resolve(draw),
    peerCheck: parsed.values['peer-check'] === true,
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
    profiles: profiles && resolve(profiles),
  };
}
