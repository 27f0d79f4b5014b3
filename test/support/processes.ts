import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustEnd } from './left-running.js';

export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), '../..');

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

interface ProcessOptions {
  cwd: string;
  env?: Record<string, string | undefined>;
  /** With a channel for messages, as the launcher gives one to the apps. */
  ipc?: boolean;
}

/** A process and all it has said. It leads a process group of its own, so that a terminal's Ctrl-C can be played. */
export class TestProcess {
  /** Standard output and standard error, as they came. */
  output = '';
  readonly messages: unknown[] = [];
  /** Resolves when the process is gone and its output is complete. */
  readonly ended: Promise<Exit>;
  private readonly child: ChildProcess;
  private readonly watchers = new Set<() => void>();
  private over = false;

  constructor(
    readonly name: string,
    file: string,
    args: string[],
    { cwd, env = {}, ipc = false }: ProcessOptions,
  ) {
    this.child = spawn(file, args, {
      cwd,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.changed();
      });
    }
    this.child.on('message', (message) => {
      this.messages.push(message);
      this.changed();
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => {
        this.over = true;
        this.changed();
        resolve({ code, signal });
      });
    });
    mustEnd({ name: `${name} (${this.pid})`, isRunning: () => this.isRunning, kill: () => this.kill() });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get isRunning(): boolean {
    return !this.over;
  }

  /** The match of `pattern` in what the process has said or will say; fails when it ends without. */
  waitForOutput(pattern: RegExp): Promise<RegExpExecArray> {
    return this.waitFor(`to say ${pattern}`, () => pattern.exec(this.output));
  }

  waitForMessage<T extends { type: string }>(type: T['type']): Promise<T> {
    return this.waitFor(`to send "${type}"`, () =>
      (this.messages as T[]).find((message) => message?.type === type),
    );
  }

  private waitFor<T>(what: string, look: () => T | null | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const found = look();
        if (!found && !this.over) return;
        this.watchers.delete(check);
        if (found) resolve(found);
        else reject(new Error(`Waited for ${this.name} ${what}, but it has ended. It said:\n${this.output}`));
      };
      this.watchers.add(check);
      check();
    });
  }

  private changed(): void {
    for (const check of [...this.watchers]) check();
  }

  /** Over the channel of one started with `ipc`. */
  send(message: object): void {
    this.child.send(message);
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.child.kill(signal);
  }

  /** As a terminal does it: to the process and everything in its group. */
  pressCtrlC(): void {
    if (this.isRunning) process.kill(-this.pid, 'SIGINT');
  }

  /** Asks it to end, and waits for that. */
  stop(): Promise<Exit> {
    this.signal('SIGTERM');
    return this.ended;
  }

  kill(): Promise<Exit> {
    this.signal('SIGKILL');
    return this.ended;
  }
}

export interface RunningApp extends TestProcess {
  /** Address of the web app; undefined for a worker. */
  url: string | undefined;
}

/**
 * The built web app or worker as a process of its own, not waited for. It gets a working folder of its own, so that
 * neither a developer's `.env` nor his `logs/` have a part in it. `env` needs REDIS_URL; the web app takes a free port.
 * `root`: the project's folder, or that of a `ScratchBuild`.
 */
export function spawnApp(
  name: 'web' | 'worker',
  env: Record<string, string>,
  root = projectRoot,
): TestProcess {
  const cwd = mkdtempSync(join(tmpdir(), `roost-${name}-`));
  const script = join(root, 'dist', name === 'web' ? 'main.js' : 'worker.js');
  const app = new TestProcess(name, process.execPath, ['--enable-source-maps', script], {
    cwd,
    env: { PORT: '0', ...env },
    ipc: true,
  });
  void app.ended.finally(() => rmSync(cwd, { recursive: true, force: true }));
  return app;
}

/** The same, once it has said that it is ready. */
export async function startApp(
  name: 'web' | 'worker',
  env: Record<string, string>,
  root?: string,
): Promise<RunningApp> {
  const app = spawnApp(name, env, root);
  const { url } = await app.waitForMessage<{ type: 'ready'; url?: string }>('ready');
  return Object.assign(app, { url });
}
