// The steps of `npm start`, in order. Each is one line on the terminal and one function.
import { ensureBuild } from './build-command.mjs';
import { bold, dim, note, print, seconds, step } from './terminal.mjs';
import { Session } from './session.mjs';

export async function start() {
  const startedAt = Date.now();
  const session = new Session('npm start');
  await session.run(async () => {
    await session.prepare();
    await step('Build', 'checking the build', ensureBuild);
    await session.startRedis();
    const url = await startApps(session);
    notifyReady(session, url, Date.now() - startedAt);
    session.announce(url);
  });
}

async function startApps(session) {
  const onEnd = (app, failure) => appEnded(session, app, failure);
  const [web, worker] = (session.apps = ['web', 'worker'].map((name) => session.newApp(name, {}, onEnd)));
  for (const app of session.apps) app.start();
  let url;
  await step('Web', 'starting the web app', async () => {
    // A worker that fails meanwhile need not wait for its own line.
    url = session.address(await Promise.race([web.ready, worker.ready.then(() => web.ready)]));
    return 'ready';
  });
  await step('Worker', 'starting one worker', async () => {
    await worker.ready;
    return 'ready';
  });
  return url;
}

function appEnded(session, app, failure) {
  if (failure) {
    // An app that fails before everything is ready rejects the promise that waits for it.
    if (session.running) void session.stop(undefined, { aloud: true, failure });
    return;
  }
  note(`${app.title} was asked to stop and has ended.`);
  if (session.apps.every((one) => !one.running)) void session.stop(0);
}

export function notifyReady(session, url, durationMs) {
  const rows = [
    ['Web', bold(url)],
    ['Monitor', `${url}/monitor`],
    ['API docs', `${url}/api/docs`],
    [],
    ['Stop', 'Ctrl-C'],
    ['One more worker', session.oneMoreWorker],
  ];
  print();
  for (const app of session.apps) app.show();
  print(`\n  ${bold('Roost is running.')} ${dim(`Ready after ${seconds(durationMs)}.`)}\n`);
  for (const [name, value] of rows) print(name ? `    ${dim(name.padEnd(17))}${value}` : '');
  print();
}
