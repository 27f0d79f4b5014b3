import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Settings } from '../platform/config/settings.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import type { Client } from './client.js';
import { LoginLimit } from './login-limit.js';
import { isPassword, mayBePassword, DUMMY_HASH } from './password.js';
import { digest } from './secrets.js';
import { Sessions } from './sessions.js';
import { ConcurrencyLimiter } from '../platform/concurrency-limiter.js';
import { toUserName, type User } from './user.js';
import { Users } from './users.js';
import type { Identity } from './principal.js';

/** Limit on concurrent hashes. Each takes 32 MB and most of a core. */
const MAX_CONCURRENT_HASHES = 2;
const MAX_WAITING = 40;

/** Signs users in with a password. */
@Injectable()
export class LoginService {
  private readonly hashing = new ConcurrencyLimiter(
    MAX_CONCURRENT_HASHES,
    MAX_WAITING,
    'Too many users are signing in. Try again in a moment.',
  );
  readonly limit: LoginLimit;

  constructor(
    @Inject(COMMAND_CLIENT) redis: Redis,
    settings: Settings,
    private readonly users: Users,
    private readonly sessions: Sessions,
  ) {
    this.limit = new LoginLimit(redis, settings);
  }

  /**
   * Returns the user with this name and password, or undefined. A wrong name costs the same work as a wrong password.
   * @throws RoostError TOO_MANY_REQUESTS, REDIS_UNAVAILABLE
   */
  async check(name: string, password: string, client: Client): Promise<User | undefined> {
    const attempt = await this.limit.acquire(client.from, toUserName(name) ?? '');
    const user = this.users.find(name);
    const isRight = await this.hashing.run(() =>
      isPassword(mayBePassword(password) ? password : ' ', user?.hash ?? DUMMY_HASH),
    );
    if (!isRight || !user) return undefined;
    await attempt.release();
    return user;
  }

  /** Creates a session and returns its id. Requires that every check has passed. */
  start(user: User, client: Client, hasFactor: boolean): Promise<string> {
    const identity = { kind: 'user', name: user.name, id: user.id } as const;
    return this.sessions.start(identity, this.proofOf(user), client, { hasFactor });
  }

  /** Returns a value that changes with the password and reveals nothing about it. */
  proofOf({ hash }: User): string {
    return digest(hash).slice(0, 16);
  }

  /** Returns the user if the account is the same, and the password too if a proof of it is given. */
  findSameUser(name: string, id: string, proof?: string): User | undefined {
    const user = this.users.find(name);
    if (user?.id !== id || (proof !== undefined && this.proofOf(user) !== proof)) return undefined;
    return user;
  }

  /** Returns the stored spelling of the name, or undefined if no user has it. */
  findName(name: string): string | undefined {
    return this.users.find(name)?.name;
  }

  /** Whether the account and password that started the session are unchanged. */
  isProofValid(identity: Identity, proof: string): boolean {
    if (identity.kind !== 'user') return true;
    return this.findSameUser(identity.name, identity.id, proof) !== undefined;
  }
}
