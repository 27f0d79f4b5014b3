import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiClient } from '../support/api-client.js';
import { projectRoot, startApp, TestProcess, type RunningApp } from '../support/processes.js';
import { openHistory } from '../support/recorded.js';
import { RedisServer } from '../support/redis-server.js';
import { ScratchProject } from '../support/scratch-project.js';
import { until } from '../support/until.js';

const DOCS = readFileSync(join(projectRoot, 'docs/backup.md'), 'utf8');
const BEFORE = 300;

/** The lines of the shell under a heading. */
function linesUnder(heading: string): string[] {
  const section = DOCS.slice(DOCS.indexOf(`\n## ${heading}\n`)).split(/\n## /)[1]!;
  return /```sh\n([^]*?)\n```/.exec(section)![1]!.split('\n');
}

describe('docs/backup.md', () => {
  let project: ScratchProject;
  let redis: RedisServer;
  let other: RedisServer;
  let web: RunningApp;
  let worker: RunningApp;
  let file: string;

  const start = (name: 'web' | 'worker', { url }: RedisServer) =>
    startApp(name, { REDIS_URL: url, HISTORY_URL: `file:${file}` }, project.folder);
  const ended = async (process: TestProcess) => ({ ...(await process.ended), output: process.output });
  const sh = (line: string) => ended(new TestProcess(line, 'sh', ['-c', line], { cwd: project.folder }));
  const backup = (args: string[], env: Record<string, string> = {}) =>
    ended(
      new TestProcess('backup', process.execPath, ['scripts/backup.mjs', ...args], {
        cwd: project.folder,
        env: { INIT_CWD: project.folder, HISTORY_URL: undefined, ...env },
      }),
    );
  const finished = async (app: RunningApp) => {
    const { total } = await new ApiClient(app.url!).get<{ total: number }>(
      '/api/v1/tasks?q=tag:before state:completed',
    );
    return total;
  };

  beforeAll(async () => {
    project = new ScratchProject();
    file = join(project.folder, 'data/history.db');
    [redis, other] = await Promise.all([RedisServer.start(), RedisServer.start()]);
    [web, worker] = await Promise.all([start('web', redis), start('worker', redis)]);
  });

  afterAll(async () => {
    await Promise.all([web, worker].map((app) => app?.kill()));
    await Promise.all([redis, other].map((server) => server?.remove()));
    project?.remove();
  });

  it('makes a backup while tasks are submitted and recorded, and restores it into a new Roost', async () => {
    const api = new ApiClient(web.url!);
    const lines = (tag: string, n: number) =>
      Array.from({ length: n }, (_, x) => ({ type: 'divide', input: { x, y: 4 }, options: { tags: [tag] } }));
    const submit = (tag: string, n: number) => api.call('POST', '/api/v1/tasks/bulk', lines(tag, n));
    await submit('before', BEFORE);
    await api.call('POST', '/api/v1/searches', { name: 'Kept', q: 'tag:before' });
    await until('all of them are recorded', async () => (await finished(web)) === BEFORE);

    let isOver = false;
    let during = 0;
    const load = (async () => {
      while (!isOver) {
        await submit('during', 50);
        during += 50;
      }
    })();
    const made: Awaited<ReturnType<typeof sh>>[] = [];
    try {
      for (const line of linesUnder('Make a backup')) made.push(await sh(line));
    } finally {
      isOver = true;
      await load;
    }
    for (const { code, output } of made) expect([code, output]).toEqual([0, expect.any(String)]);
    expect(made.at(-1)!.output).toMatch(/copied and checked[^]*tasks +[\d,]+ [^]*audit entries +\d+/);
    expect(during).toBeGreaterThan(0);
    const copy = join(project.folder, 'backups/history.db');
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(project.folder, 'backups'))).toEqual(['history.db']);
    // The web app continues to record after the copy.
    const after = await api.submit('divide', { x: 1, y: 2 });
    await api.inState(after.id, ['completed']);
    await until('it is recorded', () => {
      const engine = openHistory(file);
      const state = engine.get(after.id)?.state;
      engine.close();
      return state === 'completed';
    });
    await Promise.all([web.stop(), worker.stop()]);

    for (const line of linesUnder('Restore')) {
      const { code, output } = await sh(line);
      expect({ line, code, output }).toEqual({ line, code: 0, output: '' });
    }
    expect(existsSync(join(project.folder, 'data/before-restore/history.db'))).toBe(true);
    web = await start('web', other);
    expect(await finished(web)).toBe(BEFORE);
    const restored = new ApiClient(web.url!);
    const { items } = await restored.get<{ items: object[] }>('/api/v1/searches');
    expect(items).toMatchObject([{ name: 'Kept' }]);
    const audit = await restored.get<{ items: object[] }>('/api/v1/audit?limit=200');
    expect(audit.items.length).toBeGreaterThan(1);
    await until('it records', async () => {
      const { history } = (await (await fetch(`${web.url}/health/ready`)).json()) as {
        history: { recordedBy: string };
      };
      return history.recordedBy === 'this web app';
    });
  });

  it('shows what is wrong and what to do, and leaves what is there alone', async () => {
    const target = join(project.folder, 'kept.db');
    writeFileSync(target, 'mine');
    mkdirSync(join(project.folder, 'folder'));
    writeFileSync(join(project.folder, 'letter.txt'), 'Dear Ada,\n'.repeat(100));
    const none = join(project.folder, 'none.db');
    const cases: [args: string[], answer: RegExp, url?: string][] = [
      [[], /Name the file for the backup\.[^]*npm run backup -- <file>/],
      [['a.db', 'b.db'], /One file, please/],
      [['--forse', 'a.db'], /Unknown option '--forse'/],
      [['nowhere/a.db'], /There is no folder .*nowhere\.[^]*mkdir -p/],
      [['folder'], /folder is a folder\.[^]*Name a file/],
      [['kept.db'], /kept\.db is there already\.[^]*--force/],
      [['data/history.db', '--force'], /is the history itself/],
      [['data/history.db-wal', '--force'], /is the history itself/],
      [['a.db'], /There is no history at .*none\.db/, `file:${none}`],
      [['a.db'], /letter\.txt is no (database|history)/, 'file:letter.txt'],
      [['a.db'], /HISTORY_URL names no file/, 'postgres://db/roost'],
    ];
    const outcomes = await Promise.all(
      cases.map(([args, , url]) => backup(args, url ? { HISTORY_URL: url } : {})),
    );
    outcomes.forEach(({ code, output }, i) => {
      expect([cases[i]![0], code]).toEqual([cases[i]![0], 1]);
      expect(output).toMatch(cases[i]![1]);
      expect(output).not.toMatch(/^ +at /m);
    });
    expect(readFileSync(target, 'utf8')).toBe('mine');
    expect([existsSync(none), existsSync(join(project.folder, 'a.db'))]).toEqual([false, false]);
    expect(readdirSync(project.folder).filter((name) => name.includes('.part'))).toEqual([]);

    expect(await backup(['kept.db', '--force'])).toMatchObject({ code: 0 });
    expect(statSync(target).mode & 0o777).toBe(0o600);
    const engine = openHistory(target);
    expect(engine.size().tasks).toBeGreaterThanOrEqual(BEFORE);
    engine.close();
  });
});
