// Shared by `npm start` and `npm run dev`: the lock of the folder, the checks, Redis, and the order of a stop.
import { App } from './apps.mjs';
import { onEnding } from './signals.mjs';
import { RedisSupervisor } from './supervisor-client.mjs';
import { ensurePackages } from './packages.mjs';
import { nextFreePort, whyNotFree } from './ports.mjs';
import { endPrograms } from './programs.mjs';
import { makePrivate } from './private-files.mjs';
import { commandWith, inRoot, loadSettings, version } from './project.mjs';
import { endLeftover, runningEmbedded, startEmbedded } from './redis-embedded.mjs';
import { findRedis } from './redis-find.mjs';
import { checkNamedRedis, EXIT_CONFIG } from './redis-named.mjs';
import { abandonStep, bold, dim, Halt, note, print, printFailure, step } from './terminal.mjs';
import { acquireStartLock } from './start-lock.mjs';

/** Added to the apps' own limit for a stop before they are ended from outside. */
const STOP_MARGIN_MS = 5_000;

const APPS = {
  web: { title: 'The web app', script: 'main.js' },
  worker: { title: 'The worker', script: 'worker.js' },
};

export class Session {
  /** The apps that run or are to run, web first. */
  apps = [];
  settings;
  redisUrl;
  stopping = false;
  /** True once everything was ready: only then does a stop print a summary. */
  running = false;
  #command;
  #lock;
  #guard;
  #redisFound;
  #showRedisStep = () => {};

  constructor(command) {
    this.#command = command;
    onEnding((signal, count) => {
      if (count === 1) void this.stop(0, { aloud: true });
      else this.apps.forEach((app) => app.kill());
    });
  }

  /** Runs a whole command; a failure ends the session with its message and exit code. */
  async run(work) {
    try {
      print(`\n  ${bold('Roost')} ${version} ${dim(`on Node ${process.versions.node}`)}\n`);
      this.settings = loadSettings();
      await work();
    } catch (error) {
      // A requested stop makes the current step fail.
      if (!this.stopping) await this.stop(undefined, { failure: error });
    }
  }

  get stopLimitMs() {
    return this.settings.shutdownMs + STOP_MARGIN_MS;
  }

  /** Refuses everything that can be refused before an installation takes time. */
  async prepare() {
    this.#lock = await acquireStartLock();
    const open = ['data', 'logs'].flatMap((folder) => makePrivate(inRoot(folder)));
    if (open.length > 0) {
      note(
        `Other users of this machine can read ${open[0]}${open.length > 1 ? ` and ${open.length - 1} more` : ''},`,
      );
      note('which belong to another user. Let their owner run: chmod -R go= data logs');
    }
    if (await runningEmbedded()) {
      await step('Redis', 'cleaning up after the last start', async (update) => {
        await endLeftover(update, this.stopLimitMs);
        return 'removed the leftovers of a killed start, without its data';
      });
    }
    await this.#checkPort();
    const { redisUrl } = this.settings;
    if (redisUrl) await step('Redis', 'asking the Redis of REDIS_URL', () => checkNamedRedis(redisUrl));
    // Where Redis has to be fetched first, that happens beside npm's work, and ends both at once if there is none.
    const redis = redisUrl ? undefined : findRedis((words) => this.#showRedisStep(words));
    this.#redisFound = redis;
    await step('Packages', 'checking the npm packages', (update) => {
      const installed = ensurePackages(update);
      return redis ? Promise.race([installed, redis.then(() => installed)]) : installed;
    });
  }

  /** A value that is no port is left to the app, which names every wrong setting. */
  async #checkPort() {
    const { host, port } = this.settings;
    const number = Number(port);
    if (!/^\d+$/.test(port) || number === 0 || number > 65_535) return;
    const why = await whyNotFree(number, host);
    if (!why) return;
    if (why !== 'EADDRINUSE' && why !== 'EACCES') {
      const cure = commandWith('HOST', '127.0.0.1', this.#command);
      throw new Halt(
        `HOST ${host} is no address of this machine (${why}). Use one that is:`,
        cure,
        EXIT_CONFIG,
      );
    }
    const free = await nextFreePort(number < 1024 ? 5000 : number + 1, host);
    const cure = [commandWith('PORT', free, this.#command)];
    if (process.platform === 'darwin' && number === 5000) {
      cure.push('', 'On a Mac this is often AirPlay Receiver (System Settings, General, AirDrop & Handoff).');
    }
    const what = why === 'EACCES' ? 'is not open to this user' : 'is used by another program';
    throw new Halt(`Port ${port} on ${host} ${what}. Use another one:`, cure, EXIT_CONFIG);
  }

  async startRedis() {
    await this.#lock.confirm();
    this.redisUrl = this.settings.redisUrl;
    if (this.redisUrl) {
      this.#guard = new RedisSupervisor();
      await this.#guard.begin(undefined, this.stopLimitMs);
    } else {
      await step('Redis', 'looking for a redis-server', async (update) => {
        this.#showRedisStep = update;
        const redis = await this.#redisFound;
        update(`starting ${redis.name} ${redis.version}`);
        const embedded = await startEmbedded(redis, this.stopLimitMs, (event) => {
          if (event.type === 'loading') update('reading its data');
          else printRedisEvent(event);
        });
        this.#guard = embedded.guard;
        this.redisUrl = embedded.url;
        const name = redis.name === 'Redis' ? '' : `${redis.name} `;
        return `${name}${redis.version} on 127.0.0.1:${embedded.port}, data in data/redis`;
      });
    }
    void this.#guard.ended.then(() => {
      const failure = new Halt('The supervisor of the apps and Redis was ended.');
      void this.stop(undefined, { aloud: true, failure });
    });
  }

  /** `onEnd` as in App. */
  newApp(name, env, onEnd) {
    return new App({
      name,
      ...APPS[name],
      env: { REDIS_URL: this.redisUrl, ...env },
      guard: this.#guard,
      onEnd,
    });
  }

  /** The command that starts another worker on the same Redis. */
  get oneMoreWorker() {
    const how = this.settings.redisUrl
      ? 'with the same REDIS_URL'
      : 'in this folder: it finds this Redis by itself';
    return `npm run start:worker ${dim(`(${how})`)}`;
  }

  /** Address of the web app, as reported by it where it does. */
  address(ready) {
    const { host, port } = this.settings;
    const name = ['0.0.0.0', '::'].includes(host) ? 'localhost' : host;
    return (ready.url ?? `http://${name.includes(':') ? `[${name}]` : name}:${port}`).replace(/\/$/, '');
  }

  /** From now on a second start in this folder is given our address, and a stop prints what it does. */
  announce(url) {
    // Every user of this machine can ask for this: it must contain no secret.
    this.#lock.announce({ url });
    this.running = true;
  }

  /** Stops the apps first, Redis last: a worker needs it to store what it finishes. A failure is printed last. */
  async stop(exitCode, { aloud = false, failure } = {}) {
    if (this.stopping) return;
    this.stopping = true;
    abandonStep();
    endPrograms();
    const isShown = aloud && (this.running || this.apps.some((app) => app.running));
    if (isShown)
      print(`\n  Stopping; running tasks are finished first. ${dim('Ctrl-C again ends at once.')}\n`);
    const line = (name, done, end) => (isShown ? step(name, 'stopping', () => end.then(() => done)) : end);
    const ends = this.apps.map((app) => ({ app, was: app.running, end: app.stop(this.stopLimitMs) }));
    for (const { app, was, end } of ends) {
      if (was) await line(app.name === 'web' ? 'Web' : 'Worker', 'stopped', end);
    }
    if (this.#guard) {
      const embedded = Boolean(await runningEmbedded());
      const end = this.#guard.stop();
      await (embedded ? line('Redis', 'stopped, data is in data/redis', end) : end);
    }
    this.#lock?.release();
    const code = failure ? printFailure(failure) : exitCode;
    if (isShown && !failure) print();
    process.exit(code);
  }
}

function printRedisEvent(event) {
  if (event.type === 'cut') {
    note(`Redis: its last write was not whole and is left out (${event.bytes} bytes).`);
  }
  if (event.type === 'restart') {
    note(`Redis ended (${event.how}); starting it again in ${event.waitMs / 1000} s.`);
  }
  if (event.type === 'up' && event.restarts > 0) note('Redis is back.');
}
