import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { projectRoot, TestProcess } from './processes.js';

/** Files that a clone does not have: built, installed or private. The build is copied, it need not be made again. */
const NOT_COPIED = new Set(['.git', '.cache', '.env', 'coverage', 'data', 'logs', 'node_modules']);

/** The project in a folder of its own, with the packages of the real one, to run npm in. */
export class ScratchProject {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'roost-project-')));

  constructor() {
    cpSync(projectRoot, this.folder, {
      recursive: true,
      // The build's stamp is compared with the times of its files.
      preserveTimestamps: true,
      filter: (path) => !NOT_COPIED.has(relative(projectRoot, path).split(sep)[0] ?? ''),
    });
    symlinkSync(join(projectRoot, 'node_modules'), join(this.folder, 'node_modules'));
  }

  npm(args: string[], env: Record<string, string> = {}): TestProcess {
    const name = `npm ${args.join(' ')}`;
    const all = { REDIS_SERVER_BIN: process.env.TEST_REDIS_SERVER_BIN, ...libraries(), ...env };
    const cli = process.env.npm_execpath;
    if (cli?.endsWith('npm-cli.js')) {
      return new TestProcess(name, process.execPath, [cli, ...args], { cwd: this.folder, env: all });
    }
    return new TestProcess(name, 'npm', args, { cwd: this.folder, env: all });
  }

  /** Every process whose working folder is in here, as `pid command`. Linux only. */
  processes(): { pid: number; command: string }[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        try {
          // A process that has ended but was not yet collected has no folder any more: reading the link fails.
          const cwd = readlinkSync(`/proc/${pid}/cwd`);
          if (cwd !== this.folder && !cwd.startsWith(this.folder + sep)) return [];
          const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
          return [{ pid: Number(pid), command }];
        } catch {
          return [];
        }
      });
  }

  pidOf(command: RegExp): number {
    const found = this.processes().find((one) => command.test(one.command));
    if (!found) throw new Error(`No process like ${command} in ${this.folder}`);
    return found.pid;
  }

  remove(): void {
    for (const { pid } of this.processes()) process.kill(pid, 'SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function libraries(): Record<string, string> {
  return process.env.TEST_REDIS_LIB ? { LD_LIBRARY_PATH: process.env.TEST_REDIS_LIB } : {};
}
