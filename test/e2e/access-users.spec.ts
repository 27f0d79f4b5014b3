import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isPassword } from '../../src/access/password.js';
import { UserFile } from '../../src/access/user-file.js';
import { parseUser } from '../../src/access/user.js';
import { TestProcess } from '../support/processes.js';
import { ScratchProject } from '../support/scratch-project.js';

const PASSWORD = 'Grüße from the roost';

describe('npm run user', () => {
  let project: ScratchProject;
  let file: UserFile;

  beforeAll(() => {
    project = new ScratchProject();
    file = new UserFile(join(project.folder, 'data/users'));
  });

  afterAll(() => project.remove());

  /** With the password on standard input, as a script would do it. */
  const user = async (args: string, password = PASSWORD) => {
    const run = new TestProcess('user', 'sh', ['-c', `printf '%s\\n' "$P" | node scripts/user.mjs ${args}`], {
      cwd: project.folder,
      env: { P: password, ACCESS_USERS_FILE: '' },
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
    await user('password ada', 'a new one for her');
    expect((await user('list')).output).toMatch(/^admin {5}ada\noperator {2}olga@example\.org\n$/);
    expect(await isPassword('a new one for her', file.read()[0]!.hash)).toBe(true);

    await user('remove ada');
    expect(file.read().map(({ name }) => name)).toEqual(['olga@example.org']);
  }, 120_000);

  it('prints a line for the settings and keeps nothing', async () => {
    const before = existsSync(file.path) && readFileSync(file.path, 'utf8');
    const { output } = await user('hash fritz --role viewer');
    const fritz = parseUser(output.trim());
    expect(fritz).toMatchObject({ name: 'fritz', role: 'viewer' });
    // Nothing that a shell, a compose file or a list would take for its own.
    expect(output.trim()).toMatch(/^[\w.:-]+$/);
    expect(existsSync(file.path) && readFileSync(file.path, 'utf8')).toBe(before);
  }, 60_000);

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
