import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { NpmStart } from '../support/npm-start.js';
import { freePort } from '../support/redis-server.js';
import { until } from '../support/until.js';

/** A start of everything takes about 3 s here; a busy machine may need many times that. */
const LIMIT_MS = 60_000;

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
      expect(first.output).toMatch(/REDIS_URL=redis:\/\/127\.0\.0\.1:\d+ npm run start:worker/);

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

      await npmStart.end(first);

      const again = npmStart.start();
      const location = new URL(submitted.headers.get('location') ?? '', await npmStart.address(again));
      expect((await fetch(location)).status).toBe(200);

      // npm does not pass this on; it dies, and the launcher notices.
      again.signal('SIGTERM');
      await again.ended;
      await npmStart.nothingLeft();
    },
    LIMIT_MS,
  );

  it(
    'leaves nothing behind when the launcher is killed, Redis included, and starts again',
    async () => {
      const npm = npmStart.start();
      await npmStart.address(npm);
      process.kill(npmStart.project.pidOf(/scripts\/start\.mjs/), 'SIGKILL');
      await npm.ended;
      await npmStart.nothingLeft();

      const again = npmStart.start();
      expect((await fetch(await npmStart.address(again))).status).toBe(200);
      await npmStart.end(again);
    },
    LIMIT_MS,
  );

  it(
    'clears away a Redis whose guardian was killed too, and goes on with its data',
    async () => {
      const npm = npmStart.start();
      await npmStart.address(npm);
      for (const script of [/scripts\/start\.mjs/, /scripts\/guardian\.mjs/]) {
        process.kill(npmStart.project.pidOf(script), 'SIGKILL');
      }
      await npm.ended;
      expect(npmStart.project.pidOf(/redis-server|valkey-server/)).toBeGreaterThan(0);

      const again = npmStart.start();
      await again.waitForOutput(/cleared away what a killed start left/);
      await npmStart.address(again);
      await npmStart.end(again);
    },
    LIMIT_MS,
  );

  it(
    'starts a crashed worker again',
    async () => {
      const npm = npmStart.start();
      await npmStart.address(npm);
      const pid = npmStart.project.pidOf(/dist\/worker\.js/);
      process.kill(pid, 'SIGKILL');
      await npm.waitForOutput(/The worker ended \(SIGKILL\); starting it again in 1 s/);
      await until('another worker runs', () => npmStart.project.pidOf(/dist\/worker\.js/) !== pid);
      await npmStart.end(npm);
    },
    LIMIT_MS,
  );

  it(
    'names a taken port and the command that works',
    async () => {
      const other = createServer().listen(npmStart.port, '127.0.0.1');
      await once(other, 'listening');
      const npm = npmStart.start();
      expect((await npm.ended).code).not.toBe(0);
      other.close();
      expect(npm.output).toContain(`Port ${npmStart.port} on 127.0.0.1 is taken`);
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
      expect(npm.output).toMatch(/The Redis of REDIS_URL cannot be used: redis:\/\/me:\*\*\*@127\.0\.0\.1/);
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
      expect(npm.output).toMatch(/REDIS_URL=redis:\S+ npm run start:worker/);
    },
    LIMIT_MS,
  );
});
