// Finds the Chromium or Chrome for the browser tests, or installs Debian's where that is allowed.
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { canUnpack, must, withUnpackedPackages } from './debian-packages.mjs';
import { runProgram } from './programs.mjs';
import { inRoot } from './project.mjs';
import { onPath } from './redis-find.mjs';

/** Chromium without windows, a package of its own in Debian: it draws for about a quarter less of the processor's time. */
const HEADLESS = 'chromium-headless-shell';
const HOME = inRoot('.cache/chromium');
const UNPACKED = join(HOME, 'usr/lib/chromium', HEADLESS);
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
  const headless = onPath(HEADLESS) ?? (await unpacked(update));
  if (headless) return { bin: headless };
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
  update('installing Chromium (apt-get), about 15 s');
  const apt = (...args) => {
    const [file, ...rest] = [...asRoot, 'apt-get', ...args];
    return runProgram(file, rest, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    });
  };
  const install = (name) => apt('install', '-y', '--no-install-recommends', name);
  let outcome = await install(HEADLESS);
  if (outcome.code !== 0) {
    // The package lists may be missing (a fresh container) or older than the mirror. Not all have the headless one.
    await apt('update');
    outcome = await install(HEADLESS);
    if (outcome.code !== 0) outcome = await install('chromium');
  }
  const bin = onPath(HEADLESS) ?? find();
  if (bin) return { bin };
  return {
    missing: `apt-get install chromium failed: ${outcome.output.trim().split('\n').at(-1)}`,
    cure: CURE,
  };
}

/**
 * Takes the headless shell out of Debian's package, without installing it, where Chromium is installed: they need the
 * same libraries. Returns undefined where it can't be had.
 */
async function unpacked(update) {
  if (existsSync(UNPACKED)) return UNPACKED;
  if (!onPath('chromium') || !canUnpack()) return undefined;
  const namesOf = () => [HEADLESS, 'chromium-common'];
  try {
    return await withUnpackedPackages(HOME, { update, what: HEADLESS, namesOf }, async (folder) => {
      const program = join(folder, 'usr/lib/chromium', HEADLESS);
      await must(program, ['--no-sandbox', '--disable-gpu', '--dump-dom', 'about:blank']);
      rmSync(HOME, { recursive: true, force: true });
      renameSync(folder, HOME);
      return UNPACKED;
    });
  } catch {
    return undefined;
  }
}

function find() {
  return NAMES.map(onPath).find(Boolean) ?? MAC_APPS.find((path) => existsSync(path));
}

/** Prefix that runs a command as root; undefined where that would need a password. */
async function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  const sudo = onPath('sudo');
  if (!sudo) return undefined;
  const { code } = await runProgram(sudo, ['-n', 'true']);
  return code === 0 ? [sudo, '-n'] : undefined;
}
