import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cpSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ApiClient } from '../support/api-client.js';
import { projectRoot } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { ScratchProject } from '../support/scratch-project.js';
import { until } from '../support/until.js';

const LIMIT_MS = 240_000;

interface Locked {
  packages: Record<string, { dev?: boolean }>;
}

/** In place of all packages those that `npm ci --omit=dev` leaves. */
function omitDevPackages(folder: string): void {
  const packages = join(folder, 'node_modules');
  rmSync(packages);
  const lock = JSON.parse(readFileSync(join(projectRoot, 'package-lock.json'), 'utf8')) as Locked;
  for (const [path, { dev }] of Object.entries(lock.packages)) {
    const isOuter = path.lastIndexOf('node_modules/') === 0;
    const from = join(projectRoot, path);
    if (!dev && isOuter && existsSync(from)) cpSync(from, join(folder, path), { recursive: true });
  }
}

describe('a deployment: a build with production packages', () => {
  let project: ScratchProject;
  let redis: RedisServer;
  let env: Record<string, string>;

  beforeAll(async () => {
    project = new ScratchProject();
    omitDevPackages(project.folder);
    redis = await RedisServer.start();
    // No registry: whatever would install something fails.
    env = { REDIS_URL: redis.url, PORT: '0', npm_config_registry: 'http://127.0.0.1:9/' };
  }, LIMIT_MS);

  afterAll(async () => {
    project?.remove();
    await redis?.remove();
  });

  const run = (script: string, ...args: string[]) => project.npm(['run', script, '--', ...args], env);

  it(
    'starts as it is, runs tasks, and its commands leave it as it is',
    async () => {
      const [web, worker] = [run('start:web'), run('start:worker')];
      const [url] = await web.waitForOutput(/http:\/\/127\.0\.0\.1:\d+/);
      await worker.waitForOutput(/worker \S+ is ready/);
      const api = new ApiClient(url);
      const { id } = await api.submit('divide', { x: 6, y: 3 });
      await api.inState(id, ['completed']);

      const backup = run('backup', join(project.folder, 'backup.db'));
      expect({ ...(await backup.ended), output: backup.output }).toMatchObject({ code: 0 });
      expect(existsSync(join(project.folder, 'backup.db'))).toBe(true);

      const ends = await Promise.all([web.stop(), worker.stop()]);
      expect(ends).toHaveLength(2);
      await until('nothing of it is left', () => project.processes().length === 0);
      expect([web.output, worker.output].join()).not.toMatch(/installing|compiling/);
      expect(existsSync(join(project.folder, 'node_modules/typescript7'))).toBe(false);
    },
    LIMIT_MS,
  );

  it(
    'shows what to run where the build or a package is missing',
    async () => {
      const worker = join(project.folder, 'dist/worker.js');
      renameSync(worker, `${worker}.away`);
      const unbuilt = run('start:web');
      expect((await unbuilt.ended).code).toBe(1);
      expect(unbuilt.output).toContain('dist/worker.js is missing');
      expect(unbuilt.output).toContain('npm run build');
      renameSync(`${worker}.away`, worker);

      rmSync(join(project.folder, 'node_modules/ioredis'), { recursive: true });
      const incomplete = run('start:worker');
      expect((await incomplete.ended).code).toBe(1);
      expect(incomplete.output).toMatch(/ioredis \S+ is missing/);
      expect(incomplete.output).toContain('npm ci --omit=dev');
    },
    LIMIT_MS,
  );
});
