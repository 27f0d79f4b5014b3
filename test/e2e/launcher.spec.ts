import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { TestProcess } from '../support/processes.js';
import { freePort } from '../support/redis-server.js';
import { ScratchProject } from '../support/scratch-project.js';
import { until } from '../support/until.js';

/** A start of everything takes about 3 s here; a busy machine may need many times that. */
const LIMIT_MS = 60_000;

// Looks into /proc to see what is left.
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('npm start', () => {
  let project: ScratchProject;
  let port: number;

  beforeAll(async () => {
    project = new ScratchProject();
    port = await freePort();
  });
  afterAll(() => project.remove());

  const start = (env: Record<string, string> = {}) => project.npm(['start'], { PORT: String(port), ...env });
  const address = async (npm: TestProcess) => (await npm.waitForOutput(/Web +(http:\S+)/))[1] ?? '';
  const nothingLeft = () =>
    until('nothing of it is left', () => project.processes().length === 0, 20_000).catch((error: unknown) => {
      throw new Error(`Still there: ${JSON.stringify(project.processes())}`, { cause: error });
    });

  it(
    'serves the first page, refuses a second start, ends on Ctrl-C, and has its tasks again after a restart',
    async () => {
      const first = start();
      const url = await address(first);
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

      const second = start();
      expect((await second.ended).code).not.toBe(0);
      expect(second.output).toContain('Roost runs already from this folder');
      expect(second.output).toContain(url);

      first.pressCtrlC();
      await first.ended;
      await nothingLeft();

      const again = start();
      const location = new URL(submitted.headers.get('location') ?? '', await address(again));
      expect((await fetch(location)).status).toBe(200);

      // npm does not pass this on; it dies, and the launcher notices.
      again.signal('SIGTERM');
      await again.ended;
      await nothingLeft();
    },
    LIMIT_MS,
  );

  it(
    'leaves nothing behind when the launcher is killed, Redis included, and starts again',
    async () => {
      const npm = start();
      await address(npm);
      process.kill(project.pidOf(/scripts\/start\.mjs/), 'SIGKILL');
      await npm.ended;
      await nothingLeft();

      const again = start();
      expect((await fetch(await address(again))).status).toBe(200);
      again.pressCtrlC();
      await again.ended;
      await nothingLeft();
    },
    LIMIT_MS,
  );

  it(
    'clears away a Redis whose guardian was killed too, and goes on with its data',
    async () => {
      const npm = start();
      await address(npm);
      for (const script of [/scripts\/start\.mjs/, /scripts\/guardian\.mjs/]) {
        process.kill(project.pidOf(script), 'SIGKILL');
      }
      await npm.ended;
      expect(project.pidOf(/redis-server|valkey-server/)).toBeGreaterThan(0);

      const again = start();
      await again.waitForOutput(/cleared away what a killed start left/);
      await address(again);
      again.pressCtrlC();
      await again.ended;
      await nothingLeft();
    },
    LIMIT_MS,
  );

  it(
    'starts a crashed worker again',
    async () => {
      const npm = start();
      await address(npm);
      const pid = project.pidOf(/dist\/worker\.js/);
      process.kill(pid, 'SIGKILL');
      await npm.waitForOutput(/The worker ended \(SIGKILL\); starting it again in 1 s/);
      await until('another worker runs', () => project.pidOf(/dist\/worker\.js/) !== pid);
      npm.pressCtrlC();
      await npm.ended;
      await nothingLeft();
    },
    LIMIT_MS,
  );

  it(
    'names a taken port and the command that works',
    async () => {
      const other = createServer().listen(port, '127.0.0.1');
      await once(other, 'listening');
      const npm = start();
      expect((await npm.ended).code).not.toBe(0);
      other.close();
      expect(npm.output).toContain(`Port ${port} on 127.0.0.1 is taken`);
      expect(npm.output).toMatch(/PORT=\d+ npm start/);
      await nothingLeft();
    },
    LIMIT_MS,
  );

  it(
    'names a Redis that cannot be reached, without its password',
    async () => {
      const npm = start({ REDIS_URL: `redis://me:secret@127.0.0.1:${await freePort()}` });
      expect((await npm.ended).code).not.toBe(0);
      expect(npm.output).toMatch(/The Redis of REDIS_URL cannot be used: redis:\/\/me:\*\*\*@127\.0\.0\.1/);
      expect(npm.output).toContain('Nothing listens on');
      expect(npm.output).not.toContain('secret');
      await nothingLeft();
    },
    LIMIT_MS,
  );

  it(
    'names every wrong setting at once, and ends with the exit code for it',
    async () => {
      const npm = start({ WORKER_CONCURRENCY: 'many', LOG_LEVEL: 'loud' });
      expect((await npm.ended).code).toBe(78);
      expect(npm.output).toContain('WORKER_CONCURRENCY');
      expect(npm.output).toContain('LOG_LEVEL');
      await nothingLeft();
    },
    LIMIT_MS,
  );

  it(
    'sends whoever starts a single process without REDIS_URL to the right command',
    async () => {
      const npm = project.npm(['run', 'start:worker']);
      expect((await npm.ended).code).toBe(78);
      expect(npm.output).toMatch(/REDIS_URL=redis:\S+ npm run start:worker/);
    },
    LIMIT_MS,
  );
});
