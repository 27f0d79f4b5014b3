import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustEnd } from './left-running.js';
import { until } from './until.js';

interface RedisOptions {
  /** With an append-only file data outlives a restart, as in the product. Off by default: faster. */
  appendOnly?: boolean;
  /** More of redis-server's own options, such as `['--maxmemory', '64mb']`. */
  args?: string[];
}

/** A private redis-server on a free port, to be stopped, killed, frozen and started again by a test. */
export class RedisServer {
  private child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    readonly dir: string,
    private readonly options: RedisOptions,
  ) {
    mustEnd({
      name: `redis-server on port ${port}`,
      isRunning: () => this.isRunning,
      kill: () => this.remove(),
    });
  }

  static async start(options: RedisOptions = {}): Promise<RedisServer> {
    const dir = mkdtempSync(join(tmpdir(), 'roost-redis-'));
    const server = new RedisServer(await freePort(), dir, options);
    await server.startAgain();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** On the same port and folder, after `stop` or `kill`; `more`: options for this time alone. */
  async startAgain(more: string[] = []): Promise<void> {
    if (this.isRunning) throw new Error('It still runs: stop() or kill() it first.');
    const { appendOnly = false, args = [] } = this.options;
    const bin = process.env.TEST_REDIS_SERVER_BIN ?? 'redis-server';
    const libraries = process.env.TEST_REDIS_LIB;
    const child = spawn(
      bin,
      [
        ...['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.dir, '--save', ''],
        ...['--appendonly', appendOnly ? 'yes' : 'no', '--maxmemory-policy', 'noeviction'],
        ...['--logfile', join(this.dir, 'redis.log'), ...args, ...more],
      ],
      { stdio: 'ignore', env: { ...process.env, ...(libraries ? { LD_LIBRARY_PATH: libraries } : {}) } },
    );
    this.child = child;
    const failed = new Promise<never>((_, reject) => {
      child.once('error', reject);
      child.once('exit', (code) =>
        reject(new Error(`redis-server ended at once (exit code ${code}), see ${this.dir}`)),
      );
    });
    failed.catch(() => {});
    await Promise.race([until(`Redis answers on port ${this.port}`, () => answers(this.port)), failed]);
  }

  /** In order: what was acknowledged is written to the append-only file, where there is one. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** As by a crash (kill -9). */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Connected, but without an answer, until `thaw`. */
  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  /** Ends it and its data. */
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.child || !this.isRunning) return;
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    await exit;
  }
}

/** A port the system picks: free, at least until somebody else asks. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (data) => end(data.toString().startsWith('+PONG')));
    socket.once('error', () => end(false));
  });
}
