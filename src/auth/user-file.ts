import { chmodSync, closeSync, existsSync, fsyncSync, openSync, readFileSync } from 'node:fs';
import { renameSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { ensurePrivateFolder } from '../platform/config/private-files.js';
import { parseUser, printUser, type User } from './user.js';

const HEAD =
  '# Users of Roost, one a line: name:role:hash:id. Written by `npm run user`; read again when it changes.';

/** User file that `npm run user` manages. */
export class UserFile {
  constructor(readonly path: string) {}

  /**
   * Returns an empty list if the file does not exist.
   * @throws Error naming the first invalid line.
   */
  read(): User[] {
    if (!existsSync(this.path)) return [];
    const users = new Map<string, User>();
    for (const [i, line] of readFileSync(this.path, 'utf8').split(/\r?\n/).entries()) {
      if (line.trim() === '' || line.startsWith('#')) continue;
      try {
        const user = parseUser(line);
        if (users.has(user.name)) throw new Error(`has ${user.name} a second time`);
        users.set(user.name, user);
      } catch (error) {
        throw new Error(`Line ${i + 1} of ${this.path} ${(error as Error).message}.`, { cause: error });
      }
    }
    return [...users.values()];
  }

  /** Replaces the file atomically, readable only by its owner. */
  write(users: readonly User[]): void {
    ensurePrivateFolder(dirname(this.path));
    const next = `${this.path}.${process.pid}.new`;
    const file = openSync(next, 'w', 0o600);
    try {
      writeSync(file, `${[HEAD, ...users.map(printUser)].join('\n')}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    chmodSync(next, 0o600);
    renameSync(next, this.path);
  }

  /** Returns a value that changes with the file. */
  stamp(): string {
    const stat = statSync(this.path, { throwIfNoEntry: false, bigint: true });
    return stat ? `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}` : 'none';
  }
}
