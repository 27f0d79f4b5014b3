import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import type { Redis } from 'ioredis';
import { Settings } from '../config/settings.js';
import { RoostError } from '../contract/errors.js';
import { COMMANDS } from '../queue/tokens.js';
import { toNetwork } from './network.js';
import { NOBODY } from './visitor.js';

const WINDOW_MS = 60_000;
/** Between two words with the other web processes: nobody waits for Redis because of it. */
const TELL_MS = 100;
const MAX_CLIENTS = 50_000;
/**
 * Logins begun at a provider in a minute, from one network and from all: each is kept in Redis until it comes back or
 * its ten minutes are over, and anybody can begin one.
 */
const BEGUN_BY_ONE = 120;
const BEGUN_BY_ALL = 1_200;

interface Client {
  /** What all web processes have counted, as far as it is known. */
  shared: number;
  /** What was counted here since. */
  own: number;
}

/**
 * Calls of the API that one client may make in a minute: of a login, of a token, or where there are no users of an
 * address. Counted here at once and in Redis a little later; while Redis is away each process counts for itself.
 */
@Injectable()
export class RateLimit implements OnModuleDestroy {
  private window = 0;
  private clients = new Map<string, Client>();
  /** Of addresses nobody has come in from; each process counts for itself: Redis has nothing to do for strangers. */
  private strangers = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(COMMANDS) private readonly redis: Redis,
    private readonly settings: Settings,
  ) {}

  readonly middleware = (req: Request, _res: Response, next: NextFunction): void => {
    const limit = this.settings.RATE_LIMIT_PER_MINUTE;
    if (limit > 0 && req.path.startsWith('/api/')) this.take(clientOf(req), limit);
    next();
  };

  /** @throws RoostError TOO_MANY_REQUESTS; what is refused is not counted. */
  take(name: string, limit: number, now: number = Date.now()): void {
    this.turn(now);
    let client = this.clients.get(name);
    if (!client) this.clients.set(name, (client = { shared: 0, own: 0 }));
    if (client.shared + client.own >= limit) throw tooMany(limit, WINDOW_MS - (now % WINDOW_MS));
    client.own++;
    this.timer ??= setTimeout(() => this.tell(), TELL_MS).unref();
  }

  /**
   * For who is about to be sent away, or wants to sign in: no login and no token of anybody.
   * @throws RoostError TOO_MANY_REQUESTS
   */
  takeStranger(req: Request, now: number = Date.now()): void {
    const limit = this.settings.RATE_LIMIT_PER_MINUTE;
    if (limit <= 0) return;
    this.turn(now);
    if (!this.claim(toNetwork(req.ip ?? ''), limit)) throw tooMany(limit, WINDOW_MS - (now % WINDOW_MS));
  }

  /**
   * For who begins to sign in at a provider.
   * @throws RoostError TOO_MANY_REQUESTS
   */
  takeBegun(req: Request, now: number = Date.now()): void {
    this.turn(now);
    if (this.claim(`begun ${toNetwork(req.ip ?? '')}`, BEGUN_BY_ONE) && this.claim('begun', BEGUN_BY_ALL))
      return;
    const retryAfter = Math.max(1, Math.ceil((WINDOW_MS - (now % WINDOW_MS)) / 1000));
    throw new RoostError(
      'TOO_MANY_REQUESTS',
      `Too many have begun to sign in: wait ${retryAfter} s, then try again.`,
      undefined,
      { retryAfter },
    );
  }

  onModuleDestroy(): void {
    clearTimeout(this.timer);
  }

  private claim(name: string, limit: number): boolean {
    const count = this.strangers.get(name) ?? 0;
    if (count < limit) this.strangers.set(name, count + 1);
    return count < limit;
  }

  private turn(now: number): void {
    const window = Math.floor(now / WINDOW_MS);
    if (window !== this.window || this.clients.size > MAX_CLIENTS) this.clients = new Map();
    if (window !== this.window || this.strangers.size > MAX_CLIENTS) this.strangers = new Map();
    this.window = window;
  }

  private tell(): void {
    this.timer = undefined;
    for (const [name, client] of this.clients) {
      const { own } = client;
      if (own === 0) continue;
      const key = `${this.settings.QUEUE_PREFIX}:access:rate:${this.window}:${name}`;
      client.own = 0;
      client.shared += own;
      this.redis
        .multi()
        .incrby(key, own)
        .pexpire(key, 2 * WINDOW_MS)
        .exec()
        .then(
          (answers) => (client.shared = Math.max(client.shared, Number(answers?.[0]?.[1]) || 0)),
          () => undefined,
        );
    }
  }
}

function clientOf(req: Request): string {
  const { via, name, identity } = req.visitor ?? NOBODY;
  // People may have a name in common at their provider.
  if (via === 'session' && identity?.kind === 'oidc') return `session:subject:${identity.subject}`;
  return via === 'session' || via === 'token' ? `${via}:${name}` : `address:${req.ip}`;
}

function tooMany(limit: number, restMs: number): RoostError {
  const retryAfter = Math.max(1, Math.ceil(restMs / 1000));
  return new RoostError(
    'TOO_MANY_REQUESTS',
    `More than ${limit} calls in a minute (RATE_LIMIT_PER_MINUTE): wait ${retryAfter} s, then go on. ` +
      'One call of /api/v1/tasks/bulk hands in up to 1,000 tasks.',
    undefined,
    { retryAfter },
  );
}
