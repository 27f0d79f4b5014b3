import type { Logger } from 'pino';
import { SettingsError } from '../config/load-settings.js';
import type { Settings } from '../config/settings.js';
import { OnceATurn } from './once-a-turn.js';
import { UserFile } from './user-file.js';
import { parseUser, toUserName, type User } from './user.js';

/**
 * Those who may sign in with a password: of the settings, and of the file, which is read again when it has changed.
 * A file that cannot be read later on leaves the users as they were; one that is gone leaves none of its users.
 */
export class Users {
  private readonly fixed: ReadonlyMap<string, User>;
  private readonly file: UserFile;
  private all: ReadonlyMap<string, User>;
  private stamp: string;
  private readonly stamps = new OnceATurn<string>();

  /** @throws SettingsError naming every line that is not right. */
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
    this.fixed = fixed;
    this.file = new UserFile(settings.ACCESS_USERS_FILE);
    this.stamp = this.file.stamp();
    try {
      this.all = this.together(this.file.read());
    } catch (error) {
      problems.push((error as Error).message);
    }
    if (problems.length > 0) throw new SettingsError(problems);
  }

  get areThere(): boolean {
    return this.current().size > 0;
  }

  /** `name` as it was typed. */
  find(name: string): User | undefined {
    const known = toUserName(name);
    return known === undefined ? undefined : this.current().get(known);
  }

  private current(): ReadonlyMap<string, User> {
    const stamp = this.stamps.of(this.file.path, () => this.file.stamp());
    if (stamp === this.stamp) return this.all;
    this.stamp = stamp;
    try {
      this.all = this.together(this.file.read());
      this.log.info({ users: this.all.size }, 'users read again');
    } catch (error) {
      this.log.error({ err: error }, 'the file of users cannot be read; they stay as they were');
    }
    return this.all;
  }

  /** The settings go first: whoever writes the file cannot become one of theirs. */
  private together(users: User[]): ReadonlyMap<string, User> {
    return new Map([...users.map((user): [string, User] => [user.name, user]), ...this.fixed]);
  }
}
