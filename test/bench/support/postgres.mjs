import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cpuOfFamily } from './cpu.mjs';
import { BenchProcess } from './processes.mjs';
import { until } from './until.mjs';

const DEBIAN = '/usr/lib/postgresql';
/**
 * Debian's settings, but for three: no TCP, a commit that is on its way to disk for at most a moment, as Redis's with
 * `appendfsync everysec`, and room for all connections of all programs.
 */
const SETTINGS = ['listen_addresses=', 'synchronous_commit=off', 'max_connections=200'];
const USER = 'bench';

/** `{ bin, version }` of the newest Postgres that Debian's packages have put here, or undefined. */
export function findPostgres() {
  if (!existsSync(DEBIAN)) return undefined;
  const newest = readdirSync(DEBIAN)
    .filter((version) => existsSync(join(DEBIAN, version, 'bin/initdb')))
    .sort((a, b) => b - a)[0];
  if (!newest) return undefined;
  const bin = join(DEBIAN, newest, 'bin');
  const [version] = /\d+(\.\d+)*/.exec(
    execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' }),
  );
  return { bin, version };
}

/** A Postgres of the bench's own, in a folder that goes with it, reached by a socket in there. */
export class BenchPostgres {
  static async start({ bin }, scratch) {
    const postgres = new BenchPostgres();
    const folder = mkdtempSync(join(scratch, 'pg-'));
    const [data, sockets] = ['data', 'sockets'].map((name) => join(folder, name));
    for (const path of [data, sockets]) mkdirSync(path);
    const owner = nonRoot();
    if (owner) {
      for (const path of [folder, data, sockets]) chownSync(path, owner.uid, owner.gid);
      // The bench's own folder is for nobody else, and this server runs as somebody else.
      chmodSync(scratch, 0o711);
    }
    const init = ['-D', data, '-U', USER, '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C.UTF-8'];
    execFileSync(join(bin, 'initdb'), init, { ...owner, cwd: folder, stdio: 'ignore' });
    const args = ['-D', data, '-k', sockets, ...SETTINGS.flatMap((setting) => ['-c', setting])];
    postgres.process = new BenchProcess('postgres', join(bin, 'postgres'), args, { cwd: folder, owner });
    postgres.url = `postgres://${USER}@localhost/postgres?host=${encodeURIComponent(sockets)}`;
    await until('Postgres is ready', () => postgres.#isReady(), { everyMs: 20 });
    return postgres;
  }

  #isReady() {
    if (!this.process.isRunning) throw new Error(`Postgres has ended. It said:\n${this.process.output}`);
    return this.process.output.includes('ready to accept connections');
  }

  /** Microseconds of the server and of all processes it has had. */
  cpu() {
    return cpuOfFamily(this.process.pid);
  }
}

/** Postgres refuses to run as root: then it runs as the user that its package has made. */
function nonRoot() {
  if (process.getuid() !== 0) return undefined;
  const id = (option) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
