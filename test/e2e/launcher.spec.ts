import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { hashPassword } from '../../src/auth/password.js';
import { BrowserClient } from '../support/browser-client.js';
import { NpmStart } from '../support/npm-start.js';
import { projectRoot, TestProcess } from '../support/processes.js';
import { freePort } from '../support/redis-server.js';
import { until } from '../support/until.js';

/** A start of everything takes about 3 s here; a busy machine may need many times that. */
const LIMIT_MS = 300_000;

/** Nobody, on most systems; any id without rights here would do. */
const OTHER_USER = 65_534;
const AS_OTHER_USER = `--reuid=${OTHER_USER} --regid=${OTHER_USER} --clear-groups --no-new-privs`;
/** Why no other user can be played here; '' where one can. */
const noOtherUser =
  process.getuid?.() !== 0
    ? 'only root can act as another user'
    : spawnSync('sh', ['-c', `setpriv ${AS_OTHER_USER} "$0" -e 0`, process.execPath]).status !== 0
      ? 'setpriv, or Node as another user, does not run here'
      : '';

// Looks into /proc to see what is left.
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('npm start', () => {
  let npmStart: NpmStart;

  beforeAll(async () => {
    npmStart = await NpmStart.prepare();
  });
  afterAll(() => npmStart.remove());

  it(
    'serves the first page, refuses a second start, ends on Ctrl-C, and has its tasks again after a restart',
    async () => {
      const first = npmStart.start();
      const url = await npmStart.address(first);
      expect((await fetch(url)).status).toBe(200);
      expect(first.output).toContain(`${url}/monitor`);
      expect(first.output).toContain(`${url}/api/docs`);
      expect(first.output).toMatch(/npm run start:worker .*finds this Redis by itself/);

      const body = JSON.stringify({
        type: 'divide',
        input: { x: 10, y: 2 },
        options: { delayMs: 3_600_000 },
      });
      const headers = { 'content-type': 'application/json' };
      const submitted = await fetch(`${url}/api/v1/tasks`, { method: 'POST', headers, body });
      expect(submitted.status).toBe(202);

      const second = npmStart.start();
      expect((await second.ended).code).not.toBe(0);
      expect(second.output).toContain('Roost runs already from this folder');
      expect(second.output).toContain(url);

      // Another user of the machine reads no file, no argument, and gets nothing out of Redis.
      expect(openPaths(npmStart.project.folder)).toEqual([]);
      const secret = readFileSync(join(npmStart.project.folder, 'data/redis/password'), 'utf8').trim();
      expect(secret).toMatch(/^[0-9a-f]{64}$/);
      const commands = npmStart.project.processes().map(({ command }) => command);
      expect(commands.filter((command) => command.includes(secret))).toEqual([]);
      expect([first.output, await startLockAnswer(npmStart.project.folder)].join()).not.toContain(secret);
      const { port } = readJson(npmStart.project.folder, 'data/redis/server.json');
      expect(await sendTo(port, 'GET x\r\n')).toMatch(/^-NOAUTH/);

      const worker = npmStart.project.npm(['run', 'start:worker'], { WORKER_NAME: 'one-more' });
      await worker.waitForOutput(/Joining the Roost of this folder/);
      await worker.waitForOutput(/worker one-more is ready/);
      expect(await workersOf(url)).toContain('one-more');
      worker.pressCtrlC();
      await worker.ended;

      await npmStart.end(first);

      // The next start restricts files that an earlier version left readable.
      const mended = join(npmStart.project.folder, 'data/history.db');
      chmodSync(mended, 0o644);
      chmodSync(join(npmStart.project.folder, 'logs'), 0o755);
      const again = npmStart.start();
      const location = new URL(submitted.headers.get('location') ?? '', await npmStart.address(again));
      expect((await fetch(location)).status).toBe(200);
      expect(openPaths(npmStart.project.folder)).toEqual([]);

      // npm does not pass this on; it dies, and the launcher notices.
      again.signal('SIGTERM');
      await again.ended;
      await npmStart.nothingLeft();
    },
    LIMIT_MS,
  );

  (noOtherUser ? it.skip : it)(
    `S49: keeps everything from another user of the machine${noOtherUser && ` (skipped: ${noOtherUser})`}`,
    async () => {
      const { folder } = npmStart.project;
      const secrets = ['canary-of-the-input', 'canary-of-access-secret-0123456789'];
      const hash = await hashPassword('a password of people', { logN: 10, r: 8, p: 1 });
      const npm = npmStart.start({ ACCESS_USERS: `ada:admin:${hash}`, ACCESS_SECRET: secrets[1]! });
      const url = await npmStart.address(npm);
      const ada = new BrowserClient(url);
      await ada.signIn('ada', 'a password of people');
      const task = { type: 'process-text', input: { text: secrets[0], operation: 'upper' } };
      const csrf = { 'x-csrf-token': await ada.csrf() };
      expect((await ada.call('POST', '/api/v1/tasks?wait=30', task, csrf)).status).toBe(200);
      secrets.push(hash, ...ada.cookies.values(), csrf['x-csrf-token']);
      secrets.push(readFileSync(join(folder, 'data/redis/password'), 'utf8').trim());

      // Others may look into the project, as in many homes and /srv: data/ and logs/ are closed by themselves.
      chmodSync(folder, 0o755);
      const pids = npmStart.project.processes().map(({ pid }) => pid);
      const [name] = [...ada.cookies.keys()];
      const forgeries = [
        {},
        { cookie: `${name}=${'A'.repeat(43)}` },
        { authorization: `Bearer roost_${'A'.repeat(43)}` },
        { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-user': 'ada', host: 'localhost' },
      ];
      const ports = listeningPorts(pids);
      const found = await asOtherUser({ folder, pids, ports, url, forgeries });
      expect(found).toMatchObject({
        ...{ uid: OTHER_USER, groups: [OTHER_USER], canSeeFolder: true, readable: [], written: [] },
        ...{ environments: 0, links: 0, forged: [401, 401, 401, 401] },
      });
      const redis = readJson(folder, 'data/redis/server.json').port;
      expect(ports).toEqual(expect.arrayContaining([redis, npmStart.port]));
      const [, fromRedis] = found.answers[redis]!;
      expect(fromRedis!.trim().split('\r\n')).toEqual(Array(4).fill(expect.stringMatching(/^-NOAUTH/)));
      for (const secret of secrets) expect(JSON.stringify(found)).not.toContain(secret);
      await npmStart.end(npm);
    },
    LIMIT_MS,
  );

  describe('after a kill', () => {
    /** Processes shared by the tests: each start of everything costs seconds. */
    let npm: TestProcess;

    beforeAll(async () => {
      npm = npmStart.start();
      await npmStart.address(npm);
    }, LIMIT_MS);
    afterAll(() => npmStart.end(npm), LIMIT_MS);

    it(
      'starts a crashed worker again',
      async () => {
        const pid = npmStart.project.pidOf(/dist\/worker\.js/);
        process.kill(pid, 'SIGKILL');
        await npm.waitForOutput(/The worker ended \(SIGKILL\); starting it again in 1 s/);
        await until('another worker runs', () => npmStart.project.pidOf(/dist\/worker\.js/) !== pid);
      },
      LIMIT_MS,
    );

    it(
      'leaves nothing behind when the launcher is killed, Redis included, and starts again',
      async () => {
        process.kill(npmStart.project.pidOf(/scripts\/start\.mjs/), 'SIGKILL');
        await npm.ended;
        await npmStart.nothingLeft();

        npm = npmStart.start();
        expect((await fetch(await npmStart.address(npm))).status).toBe(200);
      },
      LIMIT_MS,
    );

    it(
      'clears away a Redis whose supervisor was killed too, and goes on with its data',
      async () => {
        for (const script of [/scripts\/start\.mjs/, /scripts\/supervisor\.mjs/]) {
          process.kill(npmStart.project.pidOf(script), 'SIGKILL');
        }
        await npm.ended;
        expect(npmStart.project.pidOf(/redis-server|valkey-server/)).toBeGreaterThan(0);

        npm = npmStart.start();
        await npm.waitForOutput(/removed the leftovers of a killed start/);
        await npmStart.address(npm);
      },
      LIMIT_MS,
    );
  });

  it(
    'names a taken port and the command that works',
    async () => {
      const other = createServer().listen(npmStart.port, '127.0.0.1');
      await once(other, 'listening');
      const npm = npmStart.start();
      expect((await npm.ended).code).not.toBe(0);
      other.close();
      expect(npm.output).toContain(`Port ${npmStart.port} on 127.0.0.1 is used`);
      expect(npm.output).toMatch(/PORT=\d+ npm start/);
      await npmStart.nothingLeft();
    },
    LIMIT_MS,
  );

  it(
    'names a Redis that cannot be reached, without its password',
    async () => {
      const npm = npmStart.start({ REDIS_URL: `redis://me:secret@127.0.0.1:${await freePort()}` });
      expect((await npm.ended).code).not.toBe(0);
      expect(npm.output).toMatch(/The Redis of REDIS_URL cannot be used: redis:\/\/\*\*\*@127\.0\.0\.1/);
      expect(npm.output).toContain('Nothing listens on');
      expect(npm.output).not.toContain('secret');
      await npmStart.nothingLeft();
    },
    LIMIT_MS,
  );

  it(
    'names every wrong setting at once, and ends with the exit code for it',
    async () => {
      const npm = npmStart.start({ WORKER_CONCURRENCY: 'many', LOG_LEVEL: 'loud' });
      expect((await npm.ended).code).toBe(78);
      expect(npm.output).toContain('WORKER_CONCURRENCY');
      expect(npm.output).toContain('LOG_LEVEL');
      await npmStart.nothingLeft();
    },
    LIMIT_MS,
  );

  it(
    'sends whoever starts a single process without REDIS_URL to the right command',
    async () => {
      const npm = npmStart.project.npm(['run', 'start:worker']);
      expect((await npm.ended).code).toBe(78);
      expect(npm.output).toContain('no npm start runs in this folder');
      expect(npm.output).toMatch(/REDIS_URL=redis:\S+ npm run start:worker/);
    },
    LIMIT_MS,
  );
});

interface OtherUserFinds {
  answers: Record<number, string[]>;
}

/** Returns the findings of `other-user.mjs`, run by a user without rights here. */
async function asOtherUser(given: object): Promise<OtherUserFinds> {
  const script = join(projectRoot, 'test/support/fixtures/other-user.mjs');
  const run = new TestProcess(
    'other user',
    'sh',
    [
      '-c',
      `exec setpriv ${AS_OTHER_USER} "$0" --input-type=module - "$1" < "$2"`,
      process.execPath,
      JSON.stringify(given),
      script,
    ],
    // No part of what it finds is what it was given.
    { cwd: '/', env: Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined])) },
  );
  const { code } = await run.ended;
  if (code !== 0) throw new Error(`The other user failed: ${run.output}`);
  return JSON.parse(run.output) as OtherUserFinds;
}

/** Ports of this machine that one of these processes listens on. */
function listeningPorts(pids: number[]): number[] {
  const sockets = new Set(
    pids.flatMap((pid) =>
      readdirSync(`/proc/${pid}/fd`).map((fd) => {
        try {
          return readlinkSync(`/proc/${pid}/fd/${fd}`);
        } catch {
          return '';
        }
      }),
    ),
  );
  const rows = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter((columns) => columns[3] === '0A' && sockets.has(`socket:[${columns[9]}]`))
    .map((columns) => parseInt(columns[1]!.split(':')[1]!, 16));
}

/** Lists the paths that group or others may access: data/, logs/ and all below. */
function openPaths(folder: string): string[] {
  return ['data', 'logs'].flatMap((name) => {
    const top = join(folder, name);
    const below = readdirSync(top, { recursive: true, encoding: 'utf8' }).map((path) => join(top, path));
    return [top, ...below].filter((path) => statSync(path).mode & 0o077);
  });
}

function readJson(folder: string, path: string): { port: number } {
  return JSON.parse(readFileSync(join(folder, path), 'utf8')) as { port: number };
}

function startLockAnswer(folder: string): Promise<string> {
  return sendTo(readJson(folder, 'data/start.json').port, '');
}

/** The first of what a port of this machine answers. */
async function sendTo(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  if (text) socket.write(text);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return chunk.toString();
}

async function workersOf(url: string): Promise<string[]> {
  const answer = await fetch(`${url}/api/v1/workers`);
  const { items } = (await answer.json()) as { items: { name: string }[] };
  return items.map(({ name }) => name);
}
