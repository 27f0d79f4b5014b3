import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrowserClient } from '../support/browser-client.js';
import { projectRoot, startApp, TestProcess } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';

/** As sysexits.h has it: a setting is wrong, and starting again does not help. */
const EX_CONFIG = 78;
const LOOPBACK = '0100007F';
const LISTEN = '0A';

describe('a start without any user', () => {
  let redis: RedisServer;
  let folder: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    redis = await RedisServer.start();
    folder = mkdtempSync(join(tmpdir(), 'roost-start-'));
    env = {
      REDIS_URL: redis.url,
      LOG_DIR: folder,
      HISTORY_URL: `file:${join(folder, 'history.db')}`,
      ACCESS_USERS_FILE: join(folder, 'users'),
    };
  });

  afterAll(async () => {
    await redis.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('listens on loopback and nowhere else, and says on every page that it is open', async () => {
    const web = await startApp('web', env);
    try {
      expect(listening(Number(new URL(web.url!).port))).toEqual([LOOPBACK]);
      const guest = new BrowserClient(web.url!);
      for (const page of ['/', '/tasks', '/monitor', '/monitor/audit', '/access/tokens'])
        expect((await guest.get(page)).text).toContain('Open to everyone on this machine.');
    } finally {
      await web.stop();
    }
  });

  it.each(['0.0.0.0', '::'])('is refused on %s, with what to set', async (HOST) => {
    const app = new TestProcess('web', process.execPath, ['dist/main.js'], {
      cwd: projectRoot,
      env: { ...env, HOST, PORT: '0' },
    });
    expect(await app.ended).toEqual({ code: EX_CONFIG, signal: null });
    expect(app.output).toContain(`HOST is ${HOST}, so others can reach this Roost, and it has no users`);
    expect(app.output).toContain('npm run user -- add <name> --role admin');
  });
});

/** Addresses that a TCP port is open on, as the kernel has them. */
function listening(port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    readFileSync(table, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => state === LISTEN && local?.endsWith(`:${hex}`))
      .map(([, local]) => local!.split(':')[0]!),
  );
}
