// Finds the Chromium or Chrome for the browser tests, or installs Debian's where that is allowed.
import { existsSync } from 'node:fs';
import { runProgram } from './programs.mjs';
import { onPath } from './redis-find.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC_APPS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];
const CURE = 'Install Chromium or Chrome, or name one: CHROME_BIN=/path/to/chrome npm test';

/** `{ bin }`, or why there is none: `{ missing, cure }`. */
export async function ensureChromium(update) {
  const named = process.env.CHROME_BIN;
  if (named) {
    if (existsSync(named)) return { bin: named };
    return { missing: `CHROME_BIN names a file that is not there: ${named}`, cure: CURE };
  }
  const found = find();
  if (found) return { bin: found };
  if (!onPath('apt-get')) return { missing: 'There is no Chromium or Chrome on this machine.', cure: CURE };
  const asRoot = await rootPrefix();
  if (!asRoot) {
    return {
      missing:
        'There is no Chromium or Chrome here, and installing one needs root (or sudo without a password).',
      cure: 'sudo apt-get install chromium',
    };
  }
  update('installing chromium (apt-get), about 15 s');
  const apt = (...args) => {
    const [file, ...rest] = [...asRoot, 'apt-get', ...args];
    return runProgram(file, rest, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    });
  };
  const install = ['install', '-y', '--no-install-recommends', 'chromium'];
  let outcome = await apt(...install);
  if (outcome.code !== 0) {
    // The package lists may be missing (a fresh container) or older than the mirror.
    await apt('update');
    outcome = await apt(...install);
  }
  const bin = find();
  if (bin) return { bin };
  return {
    missing: `apt-get install chromium failed: ${outcome.output.trim().split('\n').at(-1)}`,
    cure: CURE,
  };
}

function find() {
  return NAMES.map(onPath).find(Boolean) ?? MAC_APPS.find((path) => existsSync(path));
}

/** What to put before a command for it to run as root; undefined where that would take a password. */
async function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  const sudo = onPath('sudo');
  if (!sudo) return undefined;
  const { code } = await runProgram(sudo, ['-n', 'true']);
  return code === 0 ? [sudo, '-n'] : undefined;
}
