// Client of supervisor.mjs: starts it, sends it the Redis to run, and passes its pipe on to the apps.
import { spawn } from 'node:child_process';
import { inRoot } from './project.mjs';
import { Halt } from './terminal.mjs';

export class RedisSupervisor {
  #child;
  #ended;
  #pids = new Set();
  #report = () => {};

  constructor() {
    this.#child = spawn(process.execPath, [inRoot('scripts/supervisor.mjs')], {
      cwd: inRoot(),
      // Its own session: Ctrl-C in the terminal is for us, Redis has to outlive the workers.
      detached: true,
      windowsHide: true,
      stdio: ['pipe', 'ignore', 'ignore', 'ipc'],
    });
    this.#child.stdin.on('error', () => {});
    this.#child.on('error', () => {});
    this.#child.on('message', (message) => this.#report(message));
    this.#ended = new Promise((resolve) => this.#child.once('exit', resolve));
  }

  /** One more entry of every app's `stdio`: see supervisor.mjs. */
  get lifeline() {
    return this.#child.stdin;
  }

  /**
   * Ready when Redis answers (at once, without one). `redis` is `{ bin, env, args, dir, port, password?, record?, removeDir? }`;
   * `args` are pairs of `--name` and its value.
   * `onEvent` gets `loading`, `cut` (a script that was not written whole is left out), and later `restart` and `up` when Redis ended and came back.
   */
  begin(redis, graceMs, onEvent = () => {}) {
    return new Promise((resolve, reject) => {
      this.#report = (message) => {
        if (message.type === 'failed') {
          const busy = message.log.some((line) => /Address already in use/i.test(line));
          const cure = message.log.length ? ['Its output:', ...message.log.map((line) => `  ${line}`)] : [];
          const error = new Halt(`Redis did not start (${message.how}).`, cure);
          return reject(Object.assign(error, { isPortInUse: busy }));
        }
        if (message.type === 'up') resolve();
        onEvent(message);
      };
      this.#ended.then(() => reject(new Halt('The process that keeps Redis ended while starting it.')));
      this.#child.send({ type: 'begin', redis, graceMs });
    });
  }

  /** Resolves when the supervisor is gone, for whatever reason. */
  get ended() {
    return this.#ended;
  }

  watch(pid) {
    this.#pids.add(pid);
    this.#send({ type: 'apps', pids: [...this.#pids] });
  }

  forget(pid) {
    this.#pids.delete(pid);
    this.#send({ type: 'apps', pids: [...this.#pids] });
  }

  /** Stops Redis, then the supervisor. */
  async stop() {
    this.#send({ type: 'stop' });
    await this.#ended;
  }

  #send(message) {
    if (this.#child.connected) this.#child.send(message, () => {});
  }
}
