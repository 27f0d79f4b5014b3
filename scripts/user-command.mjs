// Keeps the file of users (ACCESS_USERS_FILE). A web app that runs follows it by itself.
//   npm run user -- add ada --role admin
//   npm run user -- list
//   npm run user -- password ada [--revoke-tokens]
//   npm run user -- role ada operator
//   npm run user -- remove ada
//   npm run user -- sessions ada             where they are signed in
//   npm run user -- sign-out ada             ends all their logins
//   npm run user -- reset-second-factor ada
//   npm run user -- break-glass "the provider is down"
//   npm run user -- hash ada --role admin     prints a line for ACCESS_USERS, changes nothing
// Prompts for the password twice; without a terminal it is the first line of standard input.
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { announceAccessChange } from './access-changed.mjs';
import { inRoot, loadSettings, root } from './project.mjs';
import { ensureRunnable } from './runnable.mjs';
import { Halt, printFailure } from './terminal.mjs';
import { runAccessCommand } from './user-access.mjs';
import { auditUserChange } from './user-audit.mjs';

const USAGE = [
  'npm run user -- add <name> --role <viewer|operator|admin>',
  'npm run user -- list',
  'npm run user -- password <name> [--revoke-tokens]    ends their API tokens as well',
  'npm run user -- role <name> <viewer|operator|admin>',
  'npm run user -- remove <name>',
  'npm run user -- sessions <name>    lists their logins',
  'npm run user -- sign-out <name>    ends all their logins',
  'npm run user -- reset-second-factor <name>',
  'npm run user -- break-glass <reason>    prints a code for one emergency login as admin',
  'npm run user -- hash <name> --role <role>    prints a line for ACCESS_USERS',
];

/** Commands that read or change the records of logins in Redis. They take the name of any user. */
const ON_REDIS = new Set(['sessions', 'sign-out', 'reset-second-factor', 'break-glass']);

export async function main(args) {
  try {
    loadSettings();
    await ensureRunnable();
    const access = {
      ...(await import(inRoot('dist/auth/password.js'))),
      ...(await import(inRoot('dist/auth/permissions.js'))),
      ...(await import(inRoot('dist/auth/user.js'))),
      ...(await import(inRoot('dist/auth/user-file.js'))),
    };
    const path = resolve(root, process.env.ACCESS_USERS_FILE?.trim() || 'data/users');
    await runUserCommand(args, {
      ...{ access, path, ask: askPassword },
      audit: async (change) => {
        await announceAccessChange();
        await auditUserChange(change);
      },
      print: (line) => console.log(line),
    });
  } catch (error) {
    process.exitCode = printFailure(error);
  }
}

/**
 * `access` is the compiled folder of that name; `ask` returns a new password, `print` prints lines, `audit` records changes.
 */
export async function runUserCommand(args, { access, path, ask, audit, print }) {
  const { command, name, role, extra, revokeTokens } = readArguments(args, access);
  if (ON_REDIS.has(command)) return runAccessCommand({ command, name }, { print });
  const file = new access.UserFile(path);
  const users = read(file);
  const known = users.find((user) => user.name === name);

  if (command === 'list') {
    if (users.length === 0) print(`No users in ${path}.`);
    for (const user of users) print(`${user.role.padEnd(8)}  ${user.name}`);
    return;
  }
  if (['remove', 'password', 'role'].includes(command) && !known)
    throw new Halt(`There is no user ${name} in ${path}.`, ['npm run user -- list']);
  if (command === 'add' && known)
    throw new Halt(`There is a user ${name} already.`, [`npm run user -- password ${name}`]);

  if (command === 'remove') {
    file.write(users.filter((user) => user !== known));
    await audit({ action: 'remove', name });
    print(`${name} is out: their logins and API tokens are over.`);
    if (users.length === 1)
      print('That was the last one: after its next start Roost is open to this machine.');
    return;
  }
  if (command === 'role') {
    if (!access.isRole(extra)) throw wrongRole(extra, access);
    file.write(users.map((user) => (user === known ? { ...user, role: extra } : user)));
    await audit({ action: 'role', name, detail: `${known.role} -> ${extra}` });
    return print(`${name} is ${extra} from now on.`);
  }

  const password = await ask(name);
  const problem = access.passwordProblem(password, name);
  if (problem) throw new Halt(`The password ${problem}.`);
  const hash = await access.hashPassword(password);
  if (command === 'hash') return print(access.printUser({ name, role, hash, id: access.newUserId() }));
  if (command === 'password') {
    // Tokens belong to the account's id: with a new one they are dead.
    const id = revokeTokens ? access.newUserId() : known.id;
    file.write(users.map((user) => (user === known ? { ...user, hash, id } : user)));
    await audit({ action: 'password', name, detail: revokeTokens ? 'API tokens revoked' : undefined });
    const tokens = revokeTokens
      ? 'their API tokens and second factor too'
      : 'their API tokens go on (--revoke-tokens ends them)';
    return print(`${name} has a new password; logins with the old one are over, ${tokens}.`);
  }
  file.write([...users, { name, role, hash, id: access.newUserId() }]);
  await audit({ action: 'add', name, detail: role });
  print(`${name} may sign in as ${role}. A Roost that runs knows it already.`);
}

function readArguments(args, access) {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: { role: { type: 'string' }, 'revoke-tokens': { type: 'boolean' } },
    });
  } catch (error) {
    throw new Halt(error.message, USAGE);
  }
  const [command, given, extra, ...more] = parsed.positionals;
  const places = {
    add: 2,
    list: 1,
    password: 2,
    role: 3,
    remove: 2,
    hash: 2,
    sessions: 2,
    'reset-second-factor': 2,
    'break-glass': 2,
    'sign-out': 2,
  }[command];
  if (places === undefined || parsed.positionals.length !== places || more.length > 0)
    throw new Halt(command === undefined ? 'Which one?' : 'That is not how it is called.', USAGE);
  // A provider's users have names that no user here could have.
  const name = given === undefined || ON_REDIS.has(command) ? given : access.toUserName(given);
  if (given !== undefined && name === undefined) {
    throw new Halt(`${JSON.stringify(given)} cannot be a name: letters, digits and ._@+- only, at most 64.`);
  }
  const { role } = parsed.values;
  if ((command === 'add' || command === 'hash') && !access.isRole(role)) throw wrongRole(role, access);
  const revokeTokens = parsed.values['revoke-tokens'] ?? false;
  if (revokeTokens && command !== 'password')
    throw new Halt('--revoke-tokens goes with `password` alone: `remove` ends all tokens of a user.', USAGE);
  return { command, name, role, extra, revokeTokens };
}

function wrongRole(role, { ROLES }) {
  const words = role === undefined ? 'Which role?' : `${JSON.stringify(role)} is no role.`;
  return new Halt(words, [
    `--role is one of: ${ROLES.join(', ')}`,
    'A viewer looks, an operator acts, an admin does that and reads the audit.',
  ]);
}

function read(file) {
  try {
    return file.read();
  } catch (error) {
    throw new Halt(error.message, ['Correct or remove that line.']);
  }
}

async function askPassword(name) {
  if (!process.stdin.isTTY) return firstLine();
  const password = await askHidden(`Password of ${name}: `);
  if ((await askHidden('Once more: ')) !== password) throw new Halt('These were two different passwords.');
  return password;
}

async function firstLine() {
  for await (const line of createInterface({ input: process.stdin })) return line;
  throw new Halt('No password came on standard input.');
}

/** Reads a line without echoing it. */
function askHidden(question) {
  process.stdout.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  return new Promise((resolve, reject) => {
    terminal.once('SIGINT', () => {
      terminal.close();
      reject(new Halt('Nothing was changed.', [], 130));
    });
    terminal.question('', (answer) => {
      terminal.close();
      process.stdout.write('\n');
      resolve(answer);
    });
  });
}
