// One app in the foreground: its output, its signals and its exit code are those of this script.
import { spawn } from 'node:child_process';
import { ensureBuild } from './build.mjs';
import { onEnding } from './ending.mjs';
import { ensurePackages } from './packages.mjs';
import { endPrograms } from './programs.mjs';
import { commandWith, inRoot, loadSettings } from './project.mjs';
import { checkNamedRedis, EXIT_CONFIG } from './redis-named.mjs';
import { abandonStep, Halt, note, sayFailure, step } from './say.mjs';
import { runningStart } from './start-lock.mjs';

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
    const { redisUrl } = loadSettings();
    if (!redisUrl) throw await missingRedisUrl(name);
    await step('Packages', 'checking the npm packages', ensurePackages);
    await step('Build', 'checking the build', ensureBuild);
    await warnOfRedis(redisUrl);
    // A session of its own: Ctrl-C reaches it once, through us. It ends by itself when our channel closes (kill -9).
    child = spawn(process.execPath, [inRoot('dist', script)], {
      cwd: inRoot(),
      detached: true,
      windowsHide: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.once('error', (error) => process.exit(sayFailure(error)));
    child.once('exit', (code, signal) => process.exit(code ?? (signal === 'SIGKILL' ? 137 : 143)));
  } catch (error) {
    if (!ending) process.exit(sayFailure(error));
  }
}

/** It may come up after us, and the apps wait for it; an address that cannot be right is another matter. */
async function warnOfRedis(redisUrl) {
  try {
    await checkNamedRedis(redisUrl);
  } catch (error) {
    if (error.exitCode === EXIT_CONFIG) throw error;
    note(`${error.message}\n    ${error.cure[0]} Starting anyway: it may come.`);
  }
}

async function missingRedisUrl(name) {
  const command = `npm run start:${name}`;
  const running = await runningStart();
  if (running?.redisUrl) {
    return new Halt(
      'REDIS_URL is not set. To join the Roost that npm start runs in this folder:',
      commandWith('REDIS_URL', running.redisUrl, command),
      EXIT_CONFIG,
    );
  }
  return new Halt(
    `REDIS_URL is not set. A ${name} process of its own has to know which Redis it shares with the others:`,
    [
      commandWith('REDIS_URL', 'redis://127.0.0.1:6379', command),
      '',
      'It may stand in .env as well. To try Roost on this machine alone, npm start brings everything along.',
    ],
    EXIT_CONFIG,
  );
}
