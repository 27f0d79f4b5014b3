// The Redis that `npm start` brings along: on 127.0.0.1 and a port of its own, with a random password, data in data/redis.
import { randomBytes } from 'node:crypto';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { nextFreePort, whyNotFree } from './ports.mjs';
import { makePrivateFolder } from './private-files.mjs';
import { inRoot, readJson } from './project.mjs';
import { askRedis, redisInfo } from './redis-client.mjs';
import { RedisSupervisor } from './supervisor-client.mjs';
import { redisEnvironment } from './redis-find.mjs';
import { Halt } from './terminal.mjs';

export const DATA_DIR = inRoot('data/redis');
const RECORD = inRoot('data/redis/server.json');
/** File with Redis's password. Every process of this folder reads it, so it must stay private. */
const PASSWORD = inRoot('data/redis/password');
/** Away from 6379, where somebody else's Redis may be. */
const FIRST_PORT = 6390;

const COMMON = [
  ...['--bind', '127.0.0.1', '--daemonize', 'no', '--save', ''],
  // Evicting keys would lose tasks without a word.
  ...['--maxmemory-policy', 'noeviction'],
  // Task records with values up to this many bytes stay compact. The name before Redis 7, which all of them know.
  ...['--hash-max-ziplist-value', '512'],
];
export const LASTING = [...COMMON, '--appendonly', 'yes'];
export const FLEETING = [...COMMON, '--appendonly', 'no'];

export const localUrl = (port, password) => `redis://${password ? `:${password}@` : ''}127.0.0.1:${port}`;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** `{ port, pid, supervisor?, target, url }` of the Redis that runs on our data right now, proved by asking it. */
export async function runningEmbedded() {
  const known = readJson(RECORD);
  if (!known?.pid) return undefined;
  const password = readText(PASSWORD)?.trim();
  const target = { host: '127.0.0.1', port: known.port, password };
  try {
    return await proved(known, target);
  } catch (error) {
    // Started by a version that set no password.
    if (!password || !/without any password|no password is set/i.test(error.message)) return undefined;
    return proved(known, { ...target, password: undefined }).catch(() => undefined);
  }
}

async function proved(known, target) {
  const { process_id: pid } = await redisInfo(target);
  const [[, dir]] = await askRedis(target, [['CONFIG', 'GET', 'dir']]);
  if (Number(pid) !== known.pid || realpathSync(dir) !== realpathSync(DATA_DIR)) return undefined;
  return { ...known, target, url: localUrl(target.port, target.password) };
}

/** Stays the same for a folder, so that a worker started elsewhere in it survives a restart of `npm start`. */
function passwordOfFolder() {
  const known = readText(PASSWORD)?.trim();
  if (known) return known;
  const password = randomBytes(32).toString('hex');
  writeFileSync(PASSWORD, `${password}\n`, { mode: 0o600 });
  return password;
}

/**
 * A Redis that a killed start left behind. Its supervisor ends it once the last worker is done; without one
 * (killed too) we end it, cleanly, and start our own on the same data and port.
 */
export async function endLeftover(update, graceMs) {
  const deadline = Date.now() + graceMs;
  for (let left = await runningEmbedded(); left; left = await runningEmbedded()) {
    // 0.1.0 wrote `guardian`.
    if (isAlive(left.supervisor ?? left.guardian) && Date.now() < deadline) {
      update('the last start is finishing its tasks');
      await pause(200);
      continue;
    }
    update('ending the Redis that an earlier start left');
    // Redis closes the connection instead of answering.
    await askRedis(left.target, [['SHUTDOWN']]).catch(() => {});
    while (await whyNotFree(left.port)) await pause(50);
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // In a container without an init, a process that has ended may stay in the table as a zombie.
  const state = readText(`/proc/${pid}/stat`)?.replace(/^.*\) /, '');
  return !state?.startsWith('Z');
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Starts it under a supervisor: `{ guard, port, url }`. */
export async function startEmbedded(redis, graceMs, onEvent) {
  makePrivateFolder(DATA_DIR);
  const password = passwordOfFolder();
  const known = readJson(RECORD)?.port;
  let port = known && !(await whyNotFree(known)) ? known : await nextFreePort(FIRST_PORT);
  for (let tries = 0; ; tries++) {
    const guard = new RedisSupervisor();
    try {
      const options = {
        bin: redis.bin,
        env: redisEnvironment(redis),
        args: LASTING,
        dir: DATA_DIR,
        port,
        password,
        record: RECORD,
      };
      await guard.begin(options, graceMs, onEvent);
      return { guard, port, url: localUrl(port, password) };
    } catch (error) {
      await guard.ended;
      // Somebody took the port between our look and Redis's.
      if (error.isPortInUse && tries < 3) port = await nextFreePort(port + 1);
      else throw explained(error);
    }
  }
}

function explained(error) {
  if (!(error instanceof Halt)) return error;
  const cure = [...error.cure, ''];
  if (error.cure.some((line) => /bad file format|Unrecoverable error|corrupt/i.test(line))) {
    cure.push(
      `The data in ${DATA_DIR} is damaged. Keep a copy of the folder, then try redis-check-aof --fix on`,
      'the newest .incr.aof file in it, or move the folder away to start empty.',
    );
  } else {
    cure.push(`Is there room and the right to write in ${DATA_DIR}?`);
  }
  return new Halt(error.message, cure);
}
