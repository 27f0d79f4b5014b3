// Runs dist/main.js and dist/worker.js: waits until they are ready, starts them again when they crash, ends them.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { inRoot, NODE_FLAGS } from './project.mjs';
import { EXIT_CONFIG } from './redis-named.mjs';
import { coloured, dim, Halt, note, print } from './terminal.mjs';

/** Exit code of a worker that had stopped fetching tasks: src/worker/fetch-watchdog.ts. */
const EXIT_STUCK = 75;
const PAUSES_MS = [1_000, 2_000, 5_000, 10_000];
/** An app that ran this long starts again with the shortest pause. */
const STEADY_MS = 60_000;
/** Lines of an app's output stored until it is ready, to print when it fails. */
const MAX_STORED_LINES = 200;
/** Longest wait for the last output of an app that has ended. */
const DRAIN_MS = 500;

/** Resolves when all messages of a process that has ended are read: they may come after its 'exit'. */
export function messagesRead(child) {
  if (!child.connected) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('disconnect', resolve);
    setTimeout(resolve, DRAIN_MS).unref();
  });
}

export class App {
  #child;
  #stopping = false;
  #wasReady = false;
  #isLeaving = false;
  #crashes = 0;
  #again;
  #gone;
  #held = [];
  #holding = true;
  #settle;

  /** `onEnd` gets a Halt when the app is gone for good, or undefined when something else asked it to stop. */
  constructor({ name, title, script, env, guard, onEnd }) {
    Object.assign(this, { name, title, script, env, guard, onEnd });
    this.ready = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    // The launcher awaits it later; until then a rejection must not count as unhandled.
    this.ready.catch(() => {});
  }

  start() {
    const startedAt = Date.now();
    this.#isLeaving = false;
    const child = (this.#child = spawn(process.execPath, [...NODE_FLAGS, inRoot('dist', this.script)], {
      cwd: inRoot(),
      env: { ...process.env, ...this.env, ...(coloured ? { FORCE_COLOR: '1' } : {}) },
      // Its own session, so that Ctrl-C reaches it through us, in order. It stops when the IPC channel closes.
      detached: true,
      windowsHide: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', this.guard.lifeline],
    }));
    this.guard.watch(child.pid);
    for (const stream of ['stdout', 'stderr']) {
      createInterface({ input: child[stream] }).on('line', (line) => this.#addLine(line, stream));
    }
    child.on('message', (message) => {
      // Sent by an app that was asked to stop; any other exit is a crash, whatever its code.
      if (message?.type === 'leaving') this.#isLeaving = true;
      if (message?.type !== 'ready') return;
      this.#wasReady = true;
      this.#settle.resolve(message);
    });
    child.once('error', (error) => this.#addLine(error.message, 'stderr'));
    child.once('exit', (code, signal) => {
      this.guard.forget(child.pid);
      // Its last output comes before 'close'; a process it started may hold the pipes open for longer.
      const drained = new Promise((resolve) => {
        child.once('close', resolve);
        setTimeout(resolve, DRAIN_MS).unref();
      });
      this.#gone = Promise.all([drained, messagesRead(child)]).then(() =>
        this.#ended(code, signal, Date.now() - startedAt),
      );
    });
  }

  #addLine(line, stream) {
    if (this.#holding) {
      this.#held.push({ line, stream });
      if (this.#held.length > MAX_STORED_LINES) this.#held.shift();
    } else print(`  ${dim(this.name.padEnd(6))} ${line}`, process[stream]);
  }

  /** Prints its lines as they come from now on. */
  show() {
    this.#holding = false;
    for (const { line, stream } of this.#held.splice(0)) this.#addLine(line, stream);
  }

  #ended(code, signal, ranMs) {
    const stuck = code === EXIT_STUCK ? ': it had stopped fetching tasks' : '';
    const how = signal ?? `exit code ${code}${stuck}`;
    if (this.#stopping)
      return this.#settle.reject(new Halt(`${this.title} was stopped before it was ready.`));
    if (code === EXIT_CONFIG || !this.#wasReady) {
      const failure = this.#failure(code, how);
      this.#settle.reject(failure);
      return this.onEnd?.(this, failure);
    }
    if (code === 0 && this.#isLeaving) return this.onEnd?.(this);
    if (ranMs > STEADY_MS) this.#crashes = 0;
    const waitMs = PAUSES_MS[Math.min(this.#crashes++, PAUSES_MS.length - 1)];
    note(`${this.title} ended (${how}); starting it again in ${waitMs / 1000} s.`);
    this.#again = setTimeout(() => this.start(), waitMs);
  }

  #failure(code, how) {
    const linesOf = (stream) => this.#held.filter((item) => item.stream === stream).map((item) => item.line);
    if (code === EXIT_CONFIG) {
      const lines = linesOf('stderr');
      return new Halt(lines.join('\n') || `${this.title} cannot start (${how}).`, [], EXIT_CONFIG);
    }
    const lines = this.#held.map((item) => item.line).slice(-30);
    return new Halt(`${this.title} ended before it was ready (${how}). Its last words:`, lines);
  }

  get running() {
    return Boolean(this.#child) && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Asks it to stop and waits; kills it after `limitMs`. */
  stop(limitMs) {
    this.#stopping = true;
    clearTimeout(this.#again);
    if (!this.running) return Promise.resolve();
    return new Promise((resolve) => {
      const limit = setTimeout(() => this.kill(), limitMs);
      this.#child.once('exit', () => {
        clearTimeout(limit);
        resolve(this.#gone);
      });
      // Windows has no SIGTERM that could be caught; there the end of the channel asks the same.
      if (process.platform === 'win32') this.#child.disconnect();
      else this.#child.kill('SIGTERM');
    });
  }

  kill() {
    if (this.running) this.#child.kill('SIGKILL');
  }
}
