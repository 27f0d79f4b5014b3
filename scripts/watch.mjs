// The steps of `npm run dev`: the compiler watches src/; its output and changes in views/ restart the apps.
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { createInterface } from 'node:readline';
import { removeStale } from './build-command.mjs';
import { notifyReady } from './launch.mjs';
import { inRoot, programs } from './project.mjs';
import { coloured, dim, note, print, printFailure, step } from './terminal.mjs';
import { Session } from './session.mjs';

/** In development a change should be seen at once; running tasks are given this long only. */
const STOP_MS = '2000';
/** An editor writes a file in several steps. */
const SETTLE_MS = 100;

export async function dev() {
  const startedAt = Date.now();
  const session = new Session('npm run dev');
  const compiler = { onCompiled: () => {} };
  await session.run(async () => {
    process.env.SHUTDOWN_TIMEOUT_MS ||= STOP_MS;
    session.settings.shutdownMs = Number(process.env.SHUTDOWN_TIMEOUT_MS);
    await session.prepare();
    await step('Build', 'compiling src/ into dist/', () => firstCompilation(compiler));
    await session.startRedis();
    const [web, worker] = (session.apps = ['web', 'worker'].map((name) => freshApp(session, name)));
    for (const app of session.apps) app.start();
    let url;
    await step('Web', 'starting the web app', async () => {
      url = session.address(await web.ready);
      return 'ready';
    });
    await step('Worker', 'starting one worker', () => worker.ready.then(() => 'ready'));
    notifyReady(session, url, Date.now() - startedAt);
    session.announce(url);
    note(dim('Watching src/ and views/.'));
    const renew = renewer(session);
    compiler.onCompiled = () => renew(['web', 'worker'], 'src/ has changed');
    watch(inRoot('views'), { recursive: true }, () => renew(['web'], 'views/ have changed'));
  });
}

function freshApp(session, name) {
  return session.newApp(name, {}, (app, failure) => {
    if (!session.running) return;
    if (failure) printFailure(failure);
    note(`${app.title} has ended; it is started again at the next change.`);
  });
}

/** tsc -w, which ends with us: it is given up when its output is. Resolves after the first compilation without errors. */
function firstCompilation(compiler) {
  return new Promise((resolve, reject) => {
    const args = [
      programs.tscWatch,
      '-p',
      inRoot('tsconfig.json'),
      '--watch',
      '--preserveWatchOutput',
      '--pretty',
      String(coloured),
    ];
    const child = spawn(process.execPath, args, {
      cwd: inRoot(),
      windowsHide: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    process.on('exit', () => child.kill());
    child.once('error', reject);
    let first = true;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const errors = /Found (\d+) errors?\. Watching/.exec(line)?.[1];
      if (errors === undefined) {
        // Its errors are for the reader; its "Starting compilation" is not.
        if (line.trim() && !/Starting (incremental )?compilation/.test(line))
          print(`  ${dim('tsc   ')} ${line}`);
        return;
      }
      if (errors !== '0')
        return note(`src/ does not compile (${errors} to correct); the apps run on as they were.`);
      removeStale();
      if (first) resolve('compiled');
      else compiler.onCompiled();
      first = false;
    });
  });
}

/** Gathers changes that come close together, and never renews an app twice at the same time. */
function renewer(session) {
  const wanted = new Set();
  let timer;
  let busy = false;
  const work = async () => {
    if (busy || session.stopping || wanted.size === 0) return;
    busy = true;
    const names = [...wanted];
    wanted.clear();
    await Promise.all(names.map((name) => renewApp(session, name)));
    busy = false;
    void work();
  };
  return (names, why) => {
    if (wanted.size === 0) note(`${why}: starting ${names.length > 1 ? 'web and worker' : 'web'} anew.`);
    for (const name of names) wanted.add(name);
    clearTimeout(timer);
    timer = setTimeout(work, SETTLE_MS);
  };
}

async function renewApp(session, name) {
  const index = session.apps.findIndex((app) => app.name === name);
  await session.apps[index].stop(session.stopLimitMs);
  if (session.stopping) return;
  const app = (session.apps[index] = freshApp(session, name));
  app.show();
  app.start();
  await app.ready.catch(() => {});
}
