// Finds a redis-server that runs on this machine, or gets one: unpacked on Debian and Ubuntu, by Homebrew where it is.
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { canUnpack } from './debian-packages.mjs';
import { runProgram } from './programs.mjs';
import { unpackedRedis, unpackRedis } from './redis-unpack.mjs';
import { Halt } from './terminal.mjs';

const NAMES = ['redis-server', 'valkey-server'];
/** Where package managers put programs that are not on every PATH. */
const USUAL_FOLDERS = [
  '/usr/bin',
  '/usr/local/bin',
  '/opt/homebrew/bin',
  '/opt/local/bin',
  '/home/linuxbrew/.linuxbrew/bin',
  '/snap/bin',
];
/** Redis 5 lacks what BullMQ recommends and gets no fixes any more. */
const OLDEST_MAJOR = 6;

export function onPath(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...USUAL_FOLDERS].filter(Boolean);
  const file = process.platform === 'win32' ? `${name}.exe` : name;
  return folders.map((folder) => join(folder, file)).find(isProgram);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Environment in which the server finds the libraries that were unpacked beside it. */
export function redisEnvironment(redis) {
  if (!redis.libraries) return process.env;
  const path = [redis.libraries, process.env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter);
  return { ...process.env, LD_LIBRARY_PATH: path };
}

/** The candidate with its version, or why it is of no use. */
async function tried(candidate) {
  const { code, output } = await runProgram(candidate.bin, ['--version'], {
    env: redisEnvironment(candidate),
  });
  const version = /\bv=(\d+(?:\.\d+)+)/.exec(output)?.[1];
  if (code !== 0 || !version) {
    const firstLine = output.trim().split('\n')[0] || `exit code ${code}`;
    return { problem: `${candidate.bin} is none (output: ${firstLine})` };
  }
  if (Number.parseInt(version) < OLDEST_MAJOR)
    return { problem: `${candidate.bin} is version ${version}, too old` };
  return { redis: { ...candidate, version, name: /valkey/i.test(output) ? 'Valkey' : 'Redis' } };
}

/** `{ bin, libraries?, version, name }`; `update` gets the words for what is going on. */
export async function findRedis(update = () => {}) {
  const named = process.env.REDIS_SERVER_BIN;
  if (named) {
    const { redis, problem } = await tried({ bin: named });
    if (redis) return redis;
    throw new Halt(`REDIS_SERVER_BIN names no usable redis-server: ${problem}.`, [
      'Correct it, or remove it and let Roost find a Redis itself.',
    ]);
  }
  const problems = [];
  const candidates = [
    ...NAMES.map(onPath)
      .filter(Boolean)
      .map((bin) => ({ bin })),
    unpackedRedis(),
  ].filter(Boolean);
  for (const candidate of candidates) {
    const { redis, problem } = await tried(candidate);
    if (redis) return redis;
    problems.push(problem);
  }
  for (const obtain of [unpackOnDebian, installWithBrew]) {
    const { candidate, problem } = await obtain(update);
    const outcome = candidate ? await tried(candidate) : { problem };
    if (outcome.redis) return outcome.redis;
    if (outcome.problem) problems.push(outcome.problem);
  }
  throw new Halt('There is no redis-server on this machine, and Roost could not get one by itself.', [
    ...howToInstall(),
    ...(problems.length ? ['', 'What was tried:', ...problems.map((line) => `  ${line}`)] : []),
  ]);
}

async function unpackOnDebian(update) {
  if (!canUnpack()) return {};
  try {
    return { candidate: await unpackRedis(update) };
  } catch (error) {
    return { problem: error.message };
  }
}

async function installWithBrew(update) {
  const brew = onPath('brew');
  if (!brew) return {};
  update('installing Redis: brew install redis');
  const env = {
    ...process.env,
    HOMEBREW_NO_AUTO_UPDATE: '1',
    HOMEBREW_NO_INSTALL_CLEANUP: '1',
    HOMEBREW_NO_ENV_HINTS: '1',
  };
  const { code, output } = await runProgram(brew, ['install', 'redis'], { env });
  const bin = onPath('redis-server');
  if (code === 0 && bin) return { candidate: { bin } };
  return { problem: `brew install redis failed: ${output.trim().split('\n').at(-1)}` };
}

function howToInstall() {
  const docker = ['With Docker', 'docker run -d --name roost-redis -p 6379:6379 redis:7 --appendonly yes'];
  const rows = {
    darwin: [['macOS', 'brew install redis'], docker],
    win32: [
      ['Windows', 'in WSL (wsl --install), run Roost there: it finds its Redis by itself'],
      ['or', 'install Memurai (https://www.memurai.com) and set REDIS_URL=redis://127.0.0.1:6379'],
      docker,
    ],
    linux: [
      [existsSync('/etc/debian_version') ? 'Debian, Ubuntu' : 'Debian', 'sudo apt-get install redis-server'],
      ['Fedora, RHEL', 'sudo dnf install valkey'],
      ['Alpine', 'apk add redis'],
      ['Arch', 'sudo pacman -S valkey'],
      docker,
    ],
  };
  const chosen = rows[process.platform] ?? rows.linux;
  return [
    'Install one, then type the same command again:',
    ...chosen.map(([system, command]) => `  ${system.padEnd(15)} ${command}`),
    'A Redis that runs elsewhere (Docker too) is named with REDIS_URL, for example',
    '  REDIS_URL=redis://127.0.0.1:6379 npm start',
  ];
}
