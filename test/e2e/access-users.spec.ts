import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { EmergencyAccess } from '../../src/auth/emergency.js';
import { isPassword } from '../../src/auth/password.js';
import { RecordSeal } from '../../src/auth/record-seal.js';
import { Sessions } from '../../src/auth/sessions.js';
import { UserFile } from '../../src/auth/user-file.js';
import { parseUser } from '../../src/auth/user.js';
import { SqliteDatabase } from '../../src/history/sqlite/database.js';
import { StoreEngine } from '../../src/history/sqlite/store-engine.js';
import { Redis } from 'ioredis';
import { RedisServer } from '../support/redis-server.js';
import { TestProcess } from '../support/processes.js';
import { ScratchProject } from '../support/scratch-project.js';

const PASSWORD = 'Grüße from the roost';

describe('npm run user', () => {
  let project: ScratchProject;
  let file: UserFile;
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
    project = new ScratchProject();
    file = new UserFile(join(project.folder, 'data/users'));
  });

  afterAll(async () => {
    project.remove();
    await redis.remove();
  });

  /** With the password on standard input, as a script would do it. */
  const user = async (args: string, password = PASSWORD) => {
    const run = new TestProcess('user', 'sh', ['-c', `printf '%s\\n' "$P" | node scripts/user.mjs ${args}`], {
      cwd: project.folder,
      env: { P: password, ACCESS_USERS_FILE: '', REDIS_URL: redis.url, QUEUE_PREFIX: 'own' },
    });
    const { code } = await run.ended;
    expect(run.output).not.toContain(password);
    return { code, output: run.output };
  };

  it('adds, shows, changes and removes', async () => {
    expect((await user('list')).output).toContain('No users in');
    expect(await user('add ada --role admin')).toEqual({
      code: 0,
      output: expect.stringContaining('ada may sign in as admin'),
    });
    const [ada] = file.read();
    expect(ada).toMatchObject({ name: 'ada', role: 'admin' });
    expect(await isPassword(PASSWORD, ada!.hash)).toBe(true);
    expect(await isPassword(`${PASSWORD} `, ada!.hash)).toBe(false);
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    expect(readFileSync(file.path, 'utf8')).not.toContain(PASSWORD);

    await user('add olga@example.org --role viewer', 'another one entirely');
    await user('role olga@example.org operator');
    const account = file.read()[0]!.id;
    expect((await user('password ada', 'a new one for her')).output).toContain('API tokens go on');
    expect(file.read()[0]!.id).toBe(account);
    await user('password ada --revoke-tokens', 'a new one for her');
    expect(file.read()[0]!.id).not.toBe(account);
    expect((await user('list')).output).toMatch(/^admin {5}ada\noperator {2}olga@example\.org\n$/);
    expect(await isPassword('a new one for her', file.read()[0]!.hash)).toBe(true);

    await user('remove ada');
    expect(file.read().map(({ name }) => name)).toEqual(['olga@example.org']);
    const engine = new StoreEngine({ file: join(project.folder, 'data/history.db') });
    const entries = engine.searchAudit({ limit: 10 }).reverse();
    engine.close();
    const me = userInfo().username;
    expect(entries.map(({ who, via, path, targets, reason }) => [who, via, path, targets, reason])).toEqual([
      [me, 'cli', 'npm run user -- add', ['ada'], 'admin'],
      [me, 'cli', 'npm run user -- add', ['olga@example.org'], 'viewer'],
      [me, 'cli', 'npm run user -- role', ['olga@example.org'], 'viewer -> operator'],
      [me, 'cli', 'npm run user -- password', ['ada'], null],
      [me, 'cli', 'npm run user -- password', ['ada'], 'API tokens revoked'],
      [me, 'cli', 'npm run user -- remove', ['ada'], null],
    ]);
  });

  it('has an audit that can be checked and written out, and that tells of who changed it', async () => {
    const audit = async (args: string) => {
      const run = new TestProcess('audit', process.execPath, ['scripts/audit.mjs', ...args.split(' ')], {
        cwd: project.folder,
        env: { INIT_CWD: project.folder, ACCESS_USERS_FILE: '', HISTORY_URL: '', ACCESS_SECRET: '' },
      });
      const { code } = await run.ended;
      return { code, output: run.output };
    };
    const whole = await audit('verify');
    expect(whole).toEqual({
      code: 0,
      output: expect.stringMatching(/is as it was written[^]* 6 as they were/),
    });
    const [, head] = /head +(\d+:[\w-]+)/.exec(whole.output)!;
    expect(whole.output).toContain('whether entries were cut off its end');
    const lines = (await audit('export -')).output.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      ...[1, 2, 3, 4, 5].map((no) => ({ no, link: no, via: 'cli' })),
      { no: 6, link: 6, hash: head!.split(':')[1], targets: ['ada'], path: 'npm run user -- remove' },
    ]);
    expect((await audit('export out.jsonl')).output).toContain('6 entries in');
    const exported = join(project.folder, 'out.jsonl');
    expect(readFileSync(exported, 'utf8').trim().split('\n')).toEqual(lines);
    expect(statSync(exported).mode & 0o777).toBe(0o600);
    expect(await audit('export out.jsonl')).toMatchObject({ code: 1 });

    const tamper = (sql: string) => {
      const db = new SqliteDatabase(join(project.folder, 'data/history.db'));
      db.exec(sql);
      db.close();
    };
    tamper("CREATE TABLE kept AS SELECT * FROM audit; UPDATE audit SET who = 'bob' WHERE no = 3");
    expect(await audit('verify')).toEqual({
      code: 1,
      output: expect.stringMatching(
        /is not as it was written[^]* This entry was changed: entry 3, of \d{4}-/,
      ),
    });
    tamper('DELETE FROM audit; INSERT INTO audit SELECT * FROM kept; DROP TABLE kept');
    expect((await audit(`verify --head ${head}`)).code).toBe(0);
    tamper('DELETE FROM audit WHERE no > 4; DELETE FROM audit_chain WHERE n > 4');
    expect((await audit('verify')).code).toBe(0);
    expect(await audit(`verify --head ${head}`)).toEqual({
      code: 1,
      output: expect.stringContaining('ends before the noted head (6)'),
    });

    renameSync(join(project.folder, 'data/access-secret'), join(project.folder, 'data/elsewhere'));
    expect(await audit('verify')).toMatchObject({
      code: 1,
      output: expect.stringContaining('The secret is not here'),
    });
    expect((await audit('verify --without-secret')).code).toBe(0);
    expect((await audit('verify --secret data/elsewhere')).code).toBe(0);
    renameSync(join(project.folder, 'data/elsewhere'), join(project.folder, 'data/access-secret'));
    for (const wrong of ['very', 'verify --head 7', 'export'])
      expect(await audit(wrong)).toMatchObject({ code: 2, output: expect.not.stringContaining('    at ') });
    expect(await audit('verify --history nowhere.db')).toMatchObject({
      code: 1,
      output: expect.stringContaining('There is no history at'),
    });
  });

  it('tells the web apps of a change, so that open streams are checked at once', async () => {
    const subscriber = new Redis(redis.url);
    try {
      await subscriber.subscribe('own:access:changes');
      const heard = new Promise((resolve) => subscriber.once('message', resolve));
      await user('add tilda --role viewer');
      await heard;
      await user('remove tilda');
    } finally {
      subscriber.disconnect();
    }
  });

  it('lists the logins of a user, of a provider too, and ends them all', async () => {
    const own = new Redis(redis.url);
    const settings = { QUEUE_PREFIX: 'own', ACCESS_SESSION_IDLE_MINUTES: 60, ACCESS_SESSION_HOURS: 2 };
    const seal = new RecordSeal(
      { ACCESS_SECRET: '', ACCESS_USERS_FILE: file.path },
      pino({ level: 'silent' }),
    );
    const sessions = new Sessions(own, settings, seal, () => undefined);
    try {
      const client = { from: '192.0.2.7', browser: 'Firefox 128 on Linux' };
      const ids = [];
      for (const name of ['olga@example.org', 'olga@example.org', 'ada'])
        ids.push(await sessions.start({ kind: 'oidc', name, subject: 's', issuer: 'https://i' }, '', client));
      const { output } = await user('sessions olga@example.org');
      expect(output.trim().split('\n')).toEqual(
        Array(2).fill(
          expect.stringMatching(/^[0-9a-f]{16} {2}since .* from 192\.0\.2\.7 {2}Firefox 128 on Linux$/),
        ),
      );
      expect((await user('reset-second-factor olga@example.org')).output).toContain('has no second factor');
      const { output: glass } = await user("break-glass 'a reason'");
      const [code] = /^[\w-]{43}$/m.exec(glass) ?? [];
      const announced = { publish: () => undefined, version: 0 };
      const login = await new EmergencyAccess(own, settings, seal, sessions, announced).redeem(code!, client);
      expect(login!.identity).toMatchObject({ by: userInfo().username, reason: 'a reason' });
      expect((await user("break-glass ''")).output).toContain('Give a reason');
      expect((await user('sign-out olga@example.org')).output).toContain('2 logins ended');
      expect((await user('sessions olga@example.org')).output).toContain('is signed in nowhere');
      const found = await Promise.all(ids.map((id) => sessions.find(id)));
      expect(found.map((session) => session?.identity.name)).toEqual([undefined, undefined, 'ada']);
    } finally {
      own.disconnect();
    }
  });

  it('prints a line for the settings and keeps nothing', async () => {
    const before = existsSync(file.path) && readFileSync(file.path, 'utf8');
    const { output } = await user('hash fritz --role viewer');
    const fritz = parseUser(output.trim());
    expect(fritz).toMatchObject({ name: 'fritz', role: 'viewer' });
    // Nothing that a shell, a compose file or a list would take for its own.
    expect(output.trim()).toMatch(/^[\w.:-]+$/);
    expect(existsSync(file.path) && readFileSync(file.path, 'utf8')).toBe(before);
  });

  it.each([
    ['', PASSWORD, 'Which one?'],
    ['ad ada', PASSWORD, 'That is not how it is called.'],
    ['add ada', PASSWORD, 'Which role?'],
    ['add ada --role boss', PASSWORD, '"boss" is no role.'],
    ['add a:b --role admin', PASSWORD, '"a:b" cannot be a name'],
    ['add berta --role admin', 'short', 'The password must be at least 10 characters long.'],
    ['add berta --role admin', 'berta-berta-berta', 'The password must not have the name in it.'],
    [
      'add berta --role admin',
      'aaaaaaaaaaaa',
      'The password must have more than three different characters.',
    ],
    ['remove nobody', PASSWORD, 'There is no user nobody'],
  ])('refuses %j in words', async (args, password, words) => {
    const { code, output } = await user(args, password);
    expect(code).toBe(1);
    expect(output).toContain(words);
    expect(output).not.toContain('    at ');
  });
});
