import type { Logger } from 'pino';
import { SettingsError } from '../platform/config/load-settings.js';
import type { Settings } from '../platform/config/settings.js';
import { TickCache } from '../coordination/tick-cache.js';
import { UserFile } from './user-file.js';
import { parseUser, toUserName, type User } from './user.js';

/**
 * Users with a password, from the settings and the user file. The file is read again when it changes. An unreadable
 * change leaves the users as they were; a deleted file removes its users.
 */
export class Users {
  private readonly fromSettings: ReadonlyMap<string, User>;
  private readonly file: UserFile;
  private all: ReadonlyMap<string, User>;
  private stamp: string;
  private readonly stamps = new TickCache<string>();
  private reads = 0;

  /** @throws SettingsError naming every invalid line. */
  constructor(
    settings: Pick<Settings, 'ACCESS_USERS' | 'ACCESS_USERS_FILE'>,
    private readonly log: Logger,
  ) {
    const problems: string[] = [];
    const fixed = new Map<string, User>();
    for (const [i, line] of settings.ACCESS_USERS.entries()) {
      try {
        const user = parseUser(line);
        if (fixed.has(user.name)) throw new Error(`has ${user.name} a second time`);
        fixed.set(user.name, user);
      } catch (error) {
        problems.push(`ACCESS_USERS, entry ${i + 1}, ${(error as Error).message}`);
      }
    }
    this.fromSettings = fixed;
    this.file = new UserFile(settings.ACCESS_USERS_FILE);
    this.stamp = this.file.stamp();
    try {
      this.all = this.merge(this.file.read());
    } catch (error) {
      problems.push((error as Error).message);
    }
    if (problems.length > 0) throw new SettingsError(problems);
  }

  get hasAny(): boolean {
    return this.current().size > 0;
  }

  /** Incremented whenever the file changes. */
  get version(): number {
    this.current();
    return this.reads;
  }

  /** Finds a user by the name as typed. */
  find(name: string): User | undefined {
    const known = toUserName(name);
    return known === undefined ? undefined : this.current().get(known);
  }

  private current(): ReadonlyMap<string, User> {
    const stamp = this.stamps.get(this.file.path, () => this.file.stamp());
    if (stamp === this.stamp) return this.all;
    this.stamp = stamp;
    this.reads++;
    try {
      this.all = this.merge(this.file.read());
      this.log.info({ users: this.all.size }, 'user file reloaded');
    } catch (error) {
      this.log.error(
        { err: error },
        'cannot read the user file; the users stay unchanged until it is corrected',
      );
    }
    return this.all;
  }

  /** Users of the settings take precedence: write access to the file must not replace them. */
  private merge(users: User[]): ReadonlyMap<string, User> {
    return new Map([...users.map((user): [string, User] => [user.name, user]), ...this.fromSettings]);
  }
}
