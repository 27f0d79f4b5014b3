import { spawn } from 'node:child_process';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Settings of a developer's own Roost must not reach the bench. */
const SETTINGS =
  /^(HOST|PORT|NO_COLOR|FORCE_COLOR|NODE_OPTIONS|(REDIS|QUEUE|WORKER|SHUTDOWN|LOG|HISTORY|TASK_RETENTION|ACCESS|OIDC)_\w+)$/;

const running = new Set();
let count = 0;

/** A program that is measured: its output goes to a file, as that of a service does, and costs the bench nothing. */
export class BenchProcess {
  /** Resolves with the first message of this type, for programs that speak to their parent. */
  #waiting = new Map();

  constructor(name, file, args, { cwd, env = {}, ipc = false, owner }) {
    this.name = name;
    this.logFile = join(cwd, `${name}-${++count}.log`);
    const log = openSync(this.logFile, 'a');
    const own = Object.fromEntries(Object.entries(process.env).filter(([key]) => !SETTINGS.test(key)));
    this.child = spawn(file, args, {
      cwd,
      ...owner,
      env: { ...own, NO_COLOR: '1', ...env },
      detached: true,
      stdio: ['ignore', log, log, ...(ipc ? ['ipc'] : [])],
    });
    closeSync(log);
    running.add(this);
    this.child.on('message', (message) => this.#waiting.get(message?.type)?.resolve(message));
    this.ended = new Promise((resolve) => {
      const end = (how) => {
        running.delete(this);
        for (const { reject } of this.#waiting.values())
          reject(new Error(`${name} ended (${how}). It said:\n${this.output.slice(-2000)}`));
        resolve();
      };
      this.child.once('error', (error) => end(error.message));
      this.child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
    });
  }

  get pid() {
    return this.child.pid;
  }

  get isRunning() {
    return running.has(this);
  }

  /** All it has said. */
  get output() {
    return readFileSync(this.logFile, 'utf8');
  }

  message(type) {
    return new Promise((resolve, reject) => {
      const done = (settle) => (value) => {
        this.#waiting.delete(type);
        settle(value);
      };
      this.#waiting.set(type, { resolve: done(resolve), reject: done(reject) });
      if (!this.isRunning) reject(new Error(`${this.name} has ended. It said:\n${this.output.slice(-2000)}`));
    });
  }

  /** Sends a message and waits for the answer of the same type. */
  ask(message) {
    const answer = this.message(message.type);
    this.child.send(message);
    return answer;
  }

  async stop(signal = 'SIGTERM') {
    if (!this.isRunning) return;
    // Its whole group: gunicorn and Celery have children, which a kill of the parent would leave behind.
    kill(-this.pid, signal);
    const hurry = setTimeout(() => kill(-this.pid, 'SIGKILL'), 10_000);
    await this.ended;
    clearTimeout(hurry);
    kill(-this.pid, 'SIGKILL');
  }
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

/** Things that are no BenchProcess and have to be ended with them. */
const others = new Set();
export function endWith(stop) {
  others.add(stop);
  return () => others.delete(stop);
}

export async function endProcesses() {
  await Promise.all([...running].map((one) => one.stop()));
  await Promise.all([...others].map((stop) => stop()));
}
