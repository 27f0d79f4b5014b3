// One app in the foreground: its output, its signals and its exit code are those of this script.
import { spawn } from 'node:child_process';
import { messagesRead } from './apps.mjs';
import { onEnding } from './signals.mjs';
import { endPrograms } from './programs.mjs';
import { commandWith, inRoot, loadSettings, NODE_FLAGS } from './project.mjs';
import { runningEmbedded } from './redis-embedded.mjs';
import { checkNamedRedis, EXIT_CONFIG } from './redis-named.mjs';
import { checkBuild, checkPackages } from './runnable.mjs';
import { abandonStep, Halt, note, printFailure, step } from './terminal.mjs';

const SCRIPTS = { web: 'main.js', worker: 'worker.js' };

export async function runApp(name) {
  let child;
  let ending = false;
  onEnding((signal) => {
    ending = true;
    // Every signal is passed on, the second Ctrl-C too: the app knows what it means.
    if (child) return child.kill(signal);
    abandonStep();
    endPrograms();
    process.exit(130);
  });
  try {
    const script = SCRIPTS[name];
    if (!script) throw new Halt('Which one?', ['npm run start:web', 'npm run start:worker']);
    const named = loadSettings().redisUrl;
    const embedded = named ? undefined : await runningEmbedded();
    const redisUrl = named ?? embedded?.url;
    if (!redisUrl) throw missingRedisUrl(name);
    if (embedded) note(`Joining the Roost of this folder: its Redis is on 127.0.0.1:${embedded.port}.`);
    await step('Packages', 'checking the npm packages', checkPackages);
    await step('Build', 'checking the build', checkBuild);
    await warnOfRedis(redisUrl);
    // A session of its own: Ctrl-C reaches it once, through us. It ends by itself when our channel closes (kill -9).
    child = spawn(process.execPath, [...NODE_FLAGS, inRoot('dist', script)], {
      cwd: inRoot(),
      env: { ...process.env, REDIS_URL: redisUrl },
      detached: true,
      windowsHide: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.once('error', (error) => process.exit(printFailure(error)));
    let isLeaving = false;
    child.on('message', (message) => (isLeaving ||= message?.type === 'leaving'));
    child.once('exit', async (code, signal) => {
      if (code === 0) await messagesRead(child);
      // An exit that was not requested is a crash to the service manager, whatever its code.
      if (code === 0 && !isLeaving) process.exit(1);
      process.exit(code ?? (signal === 'SIGKILL' ? 137 : 143));
    });
  } catch (error) {
    if (!ending) process.exit(printFailure(error));
  }
}

/** Redis may start after us, and the apps wait for it; only an impossible address is refused. */
async function warnOfRedis(redisUrl) {
  try {
    await checkNamedRedis(redisUrl);
  } catch (error) {
    if (error.exitCode === EXIT_CONFIG) throw error;
    note(`${error.message}\n    ${error.cure[0]} Starting anyway: it may come.`);
  }
}

function missingRedisUrl(name) {
  const command = `npm run start:${name}`;
  return new Halt(
    `REDIS_URL is not set, and no npm start runs in this folder. A ${name} process has to know its Redis:`,
    [
      commandWith('REDIS_URL', 'redis://127.0.0.1:6379', command),
      '',
      'REDIS_URL may stand in .env as well. To try Roost on this machine alone, run npm start first: it brings a',
      `Redis along, which ${command} then finds by itself.`,
    ],
    EXIT_CONFIG,
  );
}
