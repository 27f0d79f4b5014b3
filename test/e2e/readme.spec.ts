import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Settings } from '../../src/platform/config/settings.js';
import { ERRORS } from '../../src/model/errors.js';
import type { AttemptView, LogLine } from '../../src/model/task-view.js';
import { ApiClient } from '../support/api-client.js';
import { EventStream } from '../support/event-stream.js';
import { projectRoot, type RunningApp, startApp, TestProcess } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { ScratchProject } from '../support/scratch-project.js';

const README = readFileSync(join(projectRoot, 'README.md'), 'utf8');

describe('the README', () => {
  it('lists every error code with its status and meaning', () => {
    const rows = tableAfter('## When something is refused').map(([code, status, title]) => [
      code!.replaceAll('`', ''),
      status,
      title,
    ]);
    const codes = Object.entries(ERRORS).map(([code, { status, title }]) => [code, String(status), title]);
    expect(rows).toEqual(codes);
  });

  it('gives the defaults that the settings have', () => {
    const settings = { ...new Settings() } as Record<string, unknown>;
    const words: Record<string, unknown> = {
      all: [],
      'no more': [],
      'its own Redis': undefined,
      'of the package': settings.APP_VERSION,
      none: '',
    };
    const rows = tableAfter('## Settings');
    expect(rows.length).toBeGreaterThan(3);
    for (const [names, defaults] of rows) {
      const told = defaults!
        .split(', ')
        .map((text) => (text.startsWith('`') ? text.replaceAll('`', '') : words[text]));
      const real = names!
        .replaceAll('`', '')
        .split(', ')
        .map((name) => {
          expect(name === 'REDIS_URL' || name in settings).toBe(true);
          return typeof settings[name] === 'number' ? String(settings[name]) : settings[name];
        });
      expect([names, told]).toEqual([names, real]);
    }
  });

  it('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
      scripts: object;
    };
    const named = [...README.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!);
    expect(named).toContain('dev');
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('and the other documents lead to files and headings that exist', () => {
    const documents = (folder: string, recursive: boolean) =>
      readdirSync(join(projectRoot, folder), { recursive, encoding: 'utf8' })
        .filter((name) => name.endsWith('.md'))
        .map((name) => join(folder, name));
    const files = [...documents('.', false), ...documents('docs', true)];
    expect(files).toContain('SECURITY.md');
    expect(files.flatMap(brokenLinks)).toEqual([]);
  });

  it('has each decision in their index under a number of its own', () => {
    const folder = join(projectRoot, 'docs/decisions');
    const records = readdirSync(folder).filter((name) => name !== 'README.md');
    const index = readFileSync(join(folder, 'README.md'), 'utf8');
    const listed = [...index.matchAll(/^\| \[(\d{3})\]\((\1-[\w-]+\.md)\)/gm)].map(([, , name]) => name);
    expect(listed).toEqual(records.sort());
    expect(new Set(records.map((name) => name.slice(0, 3))).size).toBe(records.length);
  });

  it('starts no line of code with a path that is not there', () => {
    const decisions = readdirSync(join(projectRoot, 'docs/decisions')).map(
      (name) => `docs/decisions/${name}`,
    );
    const files = ['README.md', 'CONTRIBUTING.md', 'UPGRADING.md', 'docs/house.md', ...decisions];
    const text = files.map((file) => readFileSync(join(projectRoot, file), 'utf8')).join('\n');
    const paths = [...text.matchAll(/`((?:src|test|scripts|views|docs)\/[\w./-]*\w\/?)`/g)].map(
      ([, path]) => path!,
    );
    expect(paths.length).toBeGreaterThan(0);
    expect(paths.filter((path) => !existsSync(join(projectRoot, path)))).toEqual([]);
  });
});

describe('what the README shows', () => {
  let project: ScratchProject;
  let redis: RedisServer;
  let web: RunningApp;
  let worker: RunningApp;
  let api: ApiClient;

  beforeAll(async () => {
    project = new ScratchProject();
    const code = codeAfter('## Add a task type', 'ts');
    const path = /^\/\/ (\S+\.ts)$/m.exec(code)![1]!;
    expect(path).toMatch(/^src\/task-types\//);
    mkdirSync(dirname(join(project.folder, path)), { recursive: true });
    writeFileSync(join(project.folder, path), code);
    const build = project.npm(['run', 'build']);
    redis = await RedisServer.start();
    const { code: exitCode } = await build.ended;
    if (exitCode !== 0) throw new Error(`The build with the README's task type failed:\n${build.output}`);
    const env = { REDIS_URL: redis.url };
    [web, worker] = await Promise.all([
      startApp('web', env, project.folder),
      startApp('worker', env, project.folder),
    ]);
    api = new ApiClient(web.url!);
  });

  afterAll(async () => {
    await Promise.all([web?.stop(), worker?.stop()]);
    await redis?.remove();
    project?.remove();
  });

  it('a task type in one file gets its form and its schema', async () => {
    const { items } = await api.get<{ items: { name: string; title: string; schema: object }[] }>(
      '/api/v1/task-types',
    );
    expect(items.find(({ name }) => name === 'greet')).toMatchObject({
      title: 'Greet',
      schema: {
        properties: { name: { maxLength: 100 }, times: { maximum: 100, default: 1 } },
        required: ['name'],
      },
    });
    const html = await (await fetch(web.url!)).text();
    expect(html).toContain('id="form-greet"');
    expect(html).toMatch(/id="greet-input-times"[^>]* value="5"/);
  });

  it('its task runs, shows how far it is, writes a log and gives its result', async () => {
    const { id, links } = await api.submit('greet', { name: 'Ada', times: 3 });
    const stream = await EventStream.open(`${web.url}${links.events}`);
    expect(await api.inState(id, ['completed', 'failed'])).toMatchObject({
      state: 'completed',
      result: { said: Array<string>(3).fill('Hello, Ada!') },
      progress: { done: 3, total: 3, message: 'greeting' },
    });
    const { items } = await api.get<{ items: LogLine[] }>(`/api/v1/tasks/${id}/logs`);
    expect(items.map(({ text }) => text)).toEqual(['said it 1 times', 'said it 2 times', 'said it 3 times']);
    await stream.waitFor(({ data }) => data.task?.state === 'completed');
    stream.close();
  });

  it('its permanent error is not tried again, and its wrong input is refused by name', async () => {
    const { id } = await api.submit('greet', { name: 'nobody' });
    expect(await api.inState(id, ['completed', 'failed'])).toMatchObject({
      state: 'failed',
      error: { name: 'PermanentError', message: 'Nobody is there.' },
      attempts: { made: 1, max: 3 },
    });
    expect((await api.get<{ items: AttemptView[] }>(`/api/v1/tasks/${id}/attempts`)).items).toHaveLength(1);
    const refused = await api.call('POST', '/api/v1/tasks', {
      type: 'greet',
      input: { name: 'Ada', times: 101 },
    });
    expect([refused.status, await refused.json()]).toMatchObject([
      422,
      { fields: [{ path: 'input.times' }] },
    ]);
  });

  const hasCurl = spawnSync('curl', ['--version']).status === 0;
  (hasCurl ? it : it.skip)('its curl lines work as they stand', async () => {
    const commands = codeAfter('## The same over REST', 'sh').split(/\n\n/);
    expect(commands).toHaveLength(3);
    const run = (command: string) => {
      const line = command.replaceAll('localhost:5000', new URL(web.url!).host);
      return new TestProcess(line, 'sh', ['-c', line], { cwd: project.folder });
    };
    const submitted = run(commands[0]!);
    expect((await submitted.ended).code).toBe(0);
    expect(submitted.output).toMatch(/^HTTP\/1\.1 202 Accepted\r\n/);
    const id = /^Location: \/api\/v1\/tasks\/(\S+)\r$/m.exec(submitted.output)![1]!;
    const waited = run(commands[1]!);
    expect((await waited.ended).code).toBe(0);
    expect(waited.output).toContain('"quotient":5');
    const events = run(commands[2]!.replace('<id>', id));
    await events.waitForOutput(/^event: (snapshot|state)\r?\n[^]*"state":"completed"/m);
    events.pressCtrlC();
    await events.ended;
  });
});

/** The first block of this language under a heading. */
function codeAfter(heading: string, language: string): string {
  return new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(sectionOf(heading))![1]!;
}

/** The cells of the first table under a heading, without its head. */
function tableAfter(heading: string): string[][] {
  const rows = sectionOf(heading)
    .split('\n')
    .filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

function sectionOf(heading: string): string {
  const start = README.indexOf(`\n${heading}\n`);
  if (start < 0) throw new Error(`The README has no ${heading}`);
  const end = README.indexOf('\n## ', start + 1);
  return README.slice(start, end < 0 ? undefined : end);
}

function brokenLinks(file: string): string[] {
  const text = readFileSync(join(projectRoot, file), 'utf8').replaceAll(/```[^]*?```/g, '');
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path, heading] = target.split('#');
      const linked = path ? join(projectRoot, dirname(file), path) : join(projectRoot, file);
      if (!existsSync(linked)) return true;
      return heading !== undefined && !anchorsOf(readFileSync(linked, 'utf8')).includes(heading);
    })
    .map((target) => `${file}: ${target}`);
}

/** As GitHub makes them of headings. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}
