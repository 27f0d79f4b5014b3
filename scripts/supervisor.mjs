// A process of its own that outlives the script that started it by exactly as long as needed: it keeps Redis running
// while that script or any of its apps is there, and ends what is left when the script was killed (kill -9).
//
// Detection: its standard input is one end of a pipe whose other end is held by the starting script and, as an
// inherited descriptor, by every app. The operating system closes it when the last holder is gone, however it went.
// Its IPC channel closes with the script alone.
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateFolder } from './private-files.mjs';
import { askRedis } from './redis-client.mjs';
import { cutHalfScript } from './aof-repair.mjs';

const PAUSES_MS = [1_000, 2_000, 5_000, 10_000];
/** A Redis that ran this long starts again with the shortest pause. */
const STEADY_MS = 60_000;
const PING_EVERY_MS = 20;
const LOG_LIMIT_BYTES = 1_000_000;
/** Redis writes out its append-only file at a stop; more than this means that it hangs. */
const REDIS_STOP_MS = 10_000;

// Redis gives its files the rights that this leaves: its data holds the inputs of tasks.
process.umask(0o077);

let redis;
let server;
let stopping = false;
let apps = [];
let graceMs = 35_000;
let restarts = 0;

/** Resolves once the message is sent, so that an exit right after it can't lose it. */
const report = (message) =>
  new Promise((resolve) => {
    if (process.connected) process.send(message, resolve);
    else resolve();
  });
const alive = (child) => child && child.exitCode === null && child.signalCode === null;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

process.on('message', (message) => {
  if (message.type === 'begin') {
    graceMs = message.graceMs ?? graceMs;
    redis = message.redis;
    if (redis) runRedis();
    else report({ type: 'up' });
  }
  if (message.type === 'apps') apps = message.pids;
  if (message.type === 'stop') end();
});

process.on('disconnect', () => {
  // The apps end by themselves when their own channel closes; one that hangs is ended here.
  setTimeout(() => {
    for (const pid of apps) kill(pid, 'SIGKILL');
    end();
  }, graceMs).unref();
});
process.stdin.on('end', end);
process.stdin.on('error', end);
process.stdin.resume();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // gone already
  }
}

function record(content) {
  if (redis.record) writeFileSync(redis.record, `${JSON.stringify(content)}\n`);
}

async function runRedis() {
  const startedAt = Date.now();
  makePrivateFolder(redis.dir);
  tidyUp();
  const log = join(redis.dir, 'redis.log');
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT_BYTES) rmSync(log);
  const from = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  const args = [...redis.args, '--port', String(redis.port), '--dir', redis.dir, '--logfile', log];
  if (redis.password) args.push('--requirepass', redis.password);
  // The configuration comes on standard input: arguments can be read by every user of the machine.
  const child = (server = spawn(redis.bin, ['-'], {
    env: redis.env,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    windowsHide: true,
  }));
  child.stdin.on('error', () => {});
  child.stdin.end(toConfiguration(args));
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const up = await Promise.race([answers(child), ended.then(() => false)]);
  if (up) {
    record({ port: redis.port, pid: child.pid, supervisor: process.pid });
    report({ type: 'up', pid: child.pid, restarts });
  }
  const how = await ended;
  if (stopping) return;
  if (!up && restarts === 0) {
    await report({ type: 'failed', how, log: tail(log, from) });
    return end();
  }
  if (Date.now() - startedAt > STEADY_MS) restarts = 0;
  const waitMs = PAUSES_MS[Math.min(restarts, PAUSES_MS.length - 1)];
  restarts++;
  report({ type: 'restart', how, waitMs });
  await pause(waitMs);
  if (!stopping) await runRedis();
}

/** `--name value ...` as lines of a redis.conf, where a quoted value may hold anything. */
function toConfiguration(args) {
  const quote = (value) =>
    `"${Array.from(Buffer.from(value), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`;
  const lines = [];
  for (let i = 0; i < args.length; i += 2) lines.push(`${args[i].slice(2)} ${quote(args[i + 1])}\n`);
  return lines.join('');
}

/** Repairs the append-only file after a power loss. Where that fails, Redis itself reports what is wrong. */
function tidyUp() {
  try {
    const bytes = cutHalfScript(redis.dir);
    if (bytes > 0) report({ type: 'cut', bytes });
  } catch {
    // no right to write there, or no disk
  }
}

/** Becomes true when Redis answers, which with much data takes its time (it answers LOADING until then). */
async function answers(child) {
  while (alive(child)) {
    try {
      await askRedis({ host: '127.0.0.1', port: redis.port, password: redis.password }, [['PING']]);
      return true;
    } catch (error) {
      if (/^LOADING/.test(error.message)) report({ type: 'loading' });
      await pause(PING_EVERY_MS);
    }
  }
  return false;
}

function tail(log, from) {
  try {
    return readFileSync(log).subarray(from).toString().trim().split('\n').slice(-8);
  } catch {
    return [];
  }
}

async function end() {
  if (stopping) return;
  stopping = true;
  if (alive(server)) {
    const gone = new Promise((resolve) => server.once('exit', resolve));
    kill(server.pid, 'SIGTERM');
    const limit = setTimeout(() => kill(server.pid, 'SIGKILL'), REDIS_STOP_MS);
    await gone;
    clearTimeout(limit);
  }
  // Stores only the port: the next start uses the same one, so that addresses noted elsewhere stay valid.
  if (redis) record({ port: redis.port });
  if (redis?.removeDir) rmSync(redis.dir, { recursive: true, force: true });
  process.exit(0);
}
