// One `npm start` per folder. The holder listens on a port of its own and answers with who it is, so that a lock file
// left behind by a killed start is told from one that is held, whatever became of its process id.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { inRoot, readJson, root } from './project.mjs';
import { commandWith } from './project.mjs';
import { Halt } from './say.mjs';

const LOCK = inRoot('data/start.json');
const ANSWER_MS = 1_000;

export async function takeStartLock() {
  const holder = { root, pid: process.pid };
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(JSON.stringify(holder));
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  server.unref();
  const content = JSON.stringify({ pid: process.pid, port: server.address().port });
  mkdirSync(inRoot('data'), { recursive: true });
  while (!tryWrite(content)) {
    const other = await ask(readJson(LOCK)?.port);
    if (other?.root === root) throw runsAlready(other);
    rmSync(LOCK, { force: true });
  }
  return {
    /** Tells a second start where we answer. */
    announce: (details) => Object.assign(holder, details),
    /** Two starts that found the same stale file at the same instant could both think it theirs; one is wrong. */
    async confirm() {
      if (readFileSync(LOCK, 'utf8') !== content) throw runsAlready((await ask(readJson(LOCK)?.port)) ?? {});
    },
    release() {
      server.close();
      if (readJson(LOCK)?.pid === process.pid) rmSync(LOCK, { force: true });
    },
  };
}

/** Who runs in this folder: `{ pid, url?, redisUrl? }`, or undefined. */
export async function runningStart() {
  const other = await ask(readJson(LOCK)?.port);
  return other?.root === root ? other : undefined;
}

function tryWrite(content) {
  try {
    writeFileSync(LOCK, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw new Halt(`The folder ${inRoot('data')} cannot be written: ${error.message}`, [
      'Make it writable for this user.',
    ]);
  }
}

function ask(port) {
  return new Promise((resolve) => {
    if (!port) return resolve(undefined);
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setTimeout(ANSWER_MS, () => socket.destroy());
    socket.on('data', (chunk) => (text += chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      try {
        resolve(JSON.parse(text));
      } catch {
        resolve(undefined);
      }
    });
  });
}

function runsAlready({ pid, url, redisUrl }) {
  const where = url ? `: ${url}` : ', and is still starting';
  return new Halt(`Roost runs already from this folder (process ${pid ?? 'unknown'})${where}`, [
    'Stop it with Ctrl-C where it was started, or',
    ...(pid ? [`  kill ${pid}`] : []),
    ...(redisUrl
      ? ['For one more worker:', `  ${commandWith('REDIS_URL', redisUrl, 'npm run start:worker')}`]
      : []),
  ]);
}
