import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Settings } from '../config/settings.js';
import { COMMANDS } from '../queue/tokens.js';
import { LoginLimit } from './login-limit.js';
import { isPassword, mayBePassword, NOBODYS_HASH } from './password.js';
import { digest } from './secrets.js';
import { Sessions } from './sessions.js';
import { Turns } from './turns.js';
import { toUserName } from './user.js';
import { Users } from './users.js';
import type { Identity } from './visitor.js';

/** Hashing one password takes 32 MB and most of a core. */
const HASHES_AT_ONCE = 2;
const MAX_WAITING = 40;

/** Signs people in with a password. */
@Injectable()
export class LoginService {
  private readonly turns = new Turns(HASHES_AT_ONCE, MAX_WAITING);
  private readonly limit: LoginLimit;

  constructor(
    @Inject(COMMANDS) redis: Redis,
    settings: Settings,
    private readonly users: Users,
    private readonly sessions: Sessions,
  ) {
    this.limit = new LoginLimit(redis, settings);
  }

  /**
   * The id of a new session; undefined where name or password are wrong, after the same work for either.
   * @throws RoostError TOO_MANY_REQUESTS, REDIS_UNAVAILABLE
   */
  async signIn(name: string, password: string, address: string): Promise<string | undefined> {
    const attempt = await this.limit.take(address, toUserName(name) ?? '');
    const user = this.users.find(name);
    const isRight = await this.turns.take(() =>
      isPassword(mayBePassword(password) ? password : ' ', user?.hash ?? NOBODYS_HASH),
    );
    if (!isRight || !user) return undefined;
    await attempt.giveBack();
    return this.sessions.start({ kind: 'user', name: user.name }, proofOf(user.hash));
  }

  /** The name as it is kept; undefined where it is nobody's. */
  knownName(name: string): string | undefined {
    return this.users.find(name)?.name;
  }

  /** A session holds as long as what it was started with. */
  isStillGood(identity: Identity, proof: string): boolean {
    if (identity.kind === 'oidc') return true;
    const user = this.users.find(identity.name);
    return user !== undefined && proofOf(user.hash) === proof;
  }
}

/** Tells whether a hash is still the same, and nothing about it. */
function proofOf(hash: string): string {
  return digest(hash).slice(0, 16);
}
