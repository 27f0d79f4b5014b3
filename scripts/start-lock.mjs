// One `npm start` per folder. The holder listens on a port of its own and answers with who it is, so that a lock file
// of a killed start is distinguished from one in use, even if its process id was assigned again.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { makePrivateFolder } from './private-files.mjs';
import { inRoot, readJson, root } from './project.mjs';
import { Halt } from './terminal.mjs';

const LOCK = inRoot('data/start.json');
const ANSWER_MS = 1_000;

export async function acquireStartLock() {
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
  makePrivateFolder(inRoot('data'));
  while (!tryWrite(content)) {
    const other = await ask(readJson(LOCK)?.port);
    if (other?.root === root) throw runsAlready(other);
    rmSync(LOCK, { force: true });
  }
  return {
    /** Answers a second start with our address. */
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

function tryWrite(content) {
  try {
    writeFileSync(LOCK, content, { flag: 'wx', mode: 0o600 });
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

function runsAlready({ pid, url }) {
  const where = url ? `: ${url}` : ', and is still starting';
  return new Halt(`Roost runs already from this folder (process ${pid ?? 'unknown'})${where}`, [
    'Stop it with Ctrl-C where it was started, or',
    ...(pid ? [`  kill ${pid}`] : []),
    'For one more worker: npm run start:worker',
  ]);
}
