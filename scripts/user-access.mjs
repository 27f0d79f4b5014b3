// The part of `npm run user` that needs the Redis of the web apps: logins that are open, second factors, emergencies.
import { userInfo } from 'node:os';
import { auditUserChange } from './user-audit.mjs';
import { inRoot } from './project.mjs';
import { runningEmbedded } from './redis-embedded.mjs';
import { Halt } from './terminal.mjs';

const SETTINGS_CURE = 'npm run user needs the same REDIS_URL, QUEUE_PREFIX and ACCESS_SECRET as the web app.';

/** `{ sessions, settings, redis, seal, close }` over the compiled code of the web app, with its settings. */
async function openAccess() {
  const load = (path) => import(inRoot('dist', path));
  const [
    { loadSettings },
    { commandConnection, closeConnection },
    { RecordSeal },
    { Sessions },
    { sessionChannel },
  ] = await Promise.all([
    load('platform/config/load-settings.js'),
    load('bullmq/connection/redis-connections.js'),
    load('auth/record-seal.js'),
    load('auth/sessions.js'),
    load('auth/session-changes.js'),
  ]);
  const named = process.env.REDIS_URL?.trim();
  const url = named || (await runningEmbedded())?.url;
  if (!url)
    throw new Halt('No Redis is named or runs in this folder, and logins are stored there.', [
      'Start Roost first (npm start), or set REDIS_URL.',
      SETTINGS_CURE,
    ]);
  const settings = loadSettings({ ...process.env, REDIS_URL: url });
  const silent = Object.assign(() => undefined, { child: () => silent });
  const log = { debug: silent, info: silent, warn: (...words) => note(words.at(-1)), error: silent };
  const redis = commandConnection(settings, 'user', log);
  const seal = new RecordSeal(settings, log);
  const announce = () =>
    void redis.publish(sessionChannel(settings.QUEUE_PREFIX), '1').catch(() => undefined);
  return {
    ...{ settings, redis, seal, load, log },
    sessions: new Sessions(redis, settings, seal, announce),
    close: () => closeConnection(redis),
  };
}

function note(words) {
  console.error(String(words));
}

/** Runs `work` with the web apps' access to Redis; a refusal of Redis becomes a readable failure. */
async function withAccess(work) {
  const access = await openAccess();
  try {
    return await work(access);
  } catch (error) {
    if (typeof error?.code !== 'string' || error.name !== 'RoostError') throw error;
    throw new Halt(error.detail, [SETTINGS_CURE]);
  } finally {
    await access.close();
  }
}

/** A sentence for the audit, the log and everybody's pages. */
const MAX_REASON = 200;

/** Commands `sessions`, `sign-out`, `reset-second-factor` and `break-glass`; a name is as the web app shows it, of a provider's users too. */
export async function runAccessCommand({ command, name }, { print, audit = auditUserChange }) {
  if (command === 'break-glass') return breakGlass(name, { print, audit });
  await withAccess(async ({ sessions, redis, settings, seal, load, log }) => {
    const isTheirs = (session) => session.identity.name === name;
    if (command === 'sessions') {
      const all = await sessions.list(isTheirs);
      if (all.length === 0) return print(`${name} is signed in nowhere.`);
      for (const one of all) print(sessionLine(one));
      return;
    }
    if (command === 'reset-second-factor') {
      const { Users } = await load('auth/users.js');
      const { SecondFactors } = await load('auth/second-factors.js');
      const user = new Users(settings, log).find(name);
      if (!user) throw new Halt(`There is no user ${name} with a password.`, ['npm run user -- list']);
      if (!(await new SecondFactors(redis, settings, seal).reset(user.id)))
        return print(`${name} has no second factor.`);
      await sessions.endAll(isTheirs);
      await audit({ action: 'reset-second-factor', name });
      return print(
        `The second factor of ${name} is gone, and so are their logins: the password alone is enough now.`,
      );
    }
    const ended = await sessions.endAll(isTheirs);
    await audit({ action: 'sign-out', name, detail: `${ended} logins ended` });
    print(
      ended === 0
        ? `${name} is signed in nowhere.`
        : `${name} is signed out everywhere: ${ended} ${ended === 1 ? 'login' : 'logins'} ended. API tokens go on.`,
    );
  });
}

/** Prints a code that signs in once as admin, for an hour. */
async function breakGlass(reason, { print, audit }) {
  const words = reason.trim();
  if (words === '' || words.length > MAX_REASON || /\p{C}/u.test(words))
    throw new Halt(`Give a reason, in 1 to ${MAX_REASON} characters of text.`, [
      'npm run user -- break-glass "the login provider is down"',
    ]);
  await withAccess(async ({ redis, settings, seal, sessions, load }) => {
    const { EmergencyAccess, CODE_MS } = await load('auth/emergency.js');
    const unheard = { publish: () => undefined, version: 0 };
    const emergencies = new EmergencyAccess(redis, settings, seal, sessions, unheard);
    const code = await emergencies.issue(userInfo().username, words);
    await audit({ action: 'break-glass', name: 'break-glass', detail: words });
    const at = settings.PUBLIC_URL || `http://127.0.0.1:${settings.PORT}`;
    print(`Sign in at ${at}/login/break-glass with this code, once, within ${CODE_MS / 60_000} minutes:`);
    print(code);
    print(
      'You are admin for an hour then. Every page shows it to everybody, and the audit and the log record all your actions.',
    );
  });
}

function sessionLine({ publicId, startedAt, seenAt, client, seenFrom }) {
  const time = (ms) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
  const from = seenFrom || client?.from || 'an unknown address';
  const browser = client?.browser || 'unknown browser';
  return `${publicId}  since ${time(startedAt)}  last seen ${time(seenAt)} UTC  from ${from}  ${browser}`;
}
