import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import type { Redis } from 'ioredis';
import { Settings } from '../platform/config/settings.js';
import { RoostError } from '../model/errors.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { toNetwork } from './client-network.js';
import { ANONYMOUS } from './principal.js';
import { accessKey } from '../bullmq/keys.js';

const WINDOW_MS = 60_000;
/** Interval for sharing counts with the other web processes, ms. Requests do not wait for Redis. */
const SHARE_INTERVAL_MS = 100;
const MAX_CLIENTS = 50_000;
/**
 * Limits on logins started at a provider per minute, for one network and in total. Each occupies Redis until its
 * callback or for ten minutes, and any client can start one.
 */
const MAX_PROVIDER_LOGINS_PER_NETWORK = 120;
const MAX_PROVIDER_LOGINS = 1_200;
/** Limits on bytes of forms read without a login per minute. Such a form is shown again after the login. */
const MAX_FORM_BYTES_PER_NETWORK = 16 * 1024 * 1024;
const MAX_FORM_BYTES = 64 * 1024 * 1024;
/** Limits on characters of forms stored for logins at a provider, per minute. */
const MAX_SAVED_CHARS_PER_NETWORK = 1024 * 1024;
const MAX_SAVED_CHARS = 4 * 1024 * 1024;

interface Client {
  /** Count of all web processes at the last exchange. */
  shared: number;
  /** Count of this process since then. */
  own: number;
}

/**
 * Limits API calls per minute by session user, token or, without users, address. Counts locally at once and in Redis
 * with a delay. Each process counts alone while Redis is unavailable.
 */
@Injectable()
export class RateLimit implements OnModuleDestroy {
  private window = 0;
  private clients = new Map<string, Client>();
  /**
   * Counts of unauthenticated clients by network. Local to each process, so that anonymous requests cause no Redis
   * load.
   */
  private anonymousCounts = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
    private readonly settings: Settings,
  ) {}

  readonly middleware = (req: Request, _res: Response, next: NextFunction): void => {
    const limit = this.settings.RATE_LIMIT_PER_MINUTE;
    if (limit > 0 && req.path.startsWith('/api/')) this.count(clientOf(req), limit);
    next();
  };

  /** @throws RoostError TOO_MANY_REQUESTS. Rejected requests do not count. */
  count(name: string, limit: number, now: number = Date.now()): void {
    this.startWindow(now);
    let client = this.clients.get(name);
    if (!client) this.clients.set(name, (client = { shared: 0, own: 0 }));
    if (client.shared + client.own >= limit) throw tooMany(limit, WINDOW_MS - (now % WINDOW_MS));
    client.own++;
    this.timer ??= setTimeout(() => this.share(), SHARE_INTERVAL_MS).unref();
  }

  /**
   * Counts a request without a valid login or token.
   * @throws RoostError TOO_MANY_REQUESTS
   */
  countAnonymous(req: Request, now: number = Date.now()): void {
    const limit = this.settings.RATE_LIMIT_PER_MINUTE;
    if (limit <= 0) return;
    this.startWindow(now);
    if (!this.claim(toNetwork(req.ip ?? ''), limit)) throw tooMany(limit, WINDOW_MS - (now % WINDOW_MS));
  }

  /**
   * Counts a login started at a provider.
   * @throws RoostError TOO_MANY_REQUESTS
   */
  countProviderLogin(req: Request, now: number = Date.now()): void {
    this.startWindow(now);
    if (
      this.claim(`begun ${toNetwork(req.ip ?? '')}`, MAX_PROVIDER_LOGINS_PER_NETWORK) &&
      this.claim('begun', MAX_PROVIDER_LOGINS)
    )
      return;
    const retryAfter = Math.max(1, Math.ceil((WINDOW_MS - (now % WINDOW_MS)) / 1000));
    throw new RoostError(
      'TOO_MANY_REQUESTS',
      `Too many logins were started. Wait ${retryAfter} s, then try again.`,
      undefined,
      { retryAfter },
    );
  }

  /** Whether a form of this length may be read from an unauthenticated client. */
  acquireFormBytes(req: Request, length: number, now: number = Date.now()): boolean {
    this.startWindow(now);
    return (
      this.claim(`form ${toNetwork(req.ip ?? '')}`, MAX_FORM_BYTES_PER_NETWORK, length) &&
      this.claim('form', MAX_FORM_BYTES, length)
    );
  }

  /** Whether a form of this length may be stored in Redis during the login at a provider. */
  acquireSavedChars(req: Request, length: number, now: number = Date.now()): boolean {
    this.startWindow(now);
    return (
      this.claim(`saved form ${toNetwork(req.ip ?? '')}`, MAX_SAVED_CHARS_PER_NETWORK, length) &&
      this.claim('saved form', MAX_SAVED_CHARS, length)
    );
  }

  onModuleDestroy(): void {
    clearTimeout(this.timer);
  }

  private claim(name: string, limit: number, amount = 1): boolean {
    const count = (this.anonymousCounts.get(name) ?? 0) + amount;
    if (count <= limit) this.anonymousCounts.set(name, count);
    return count <= limit;
  }

  private startWindow(now: number): void {
    const window = Math.floor(now / WINDOW_MS);
    if (window !== this.window || this.clients.size > MAX_CLIENTS) this.clients = new Map();
    if (window !== this.window || this.anonymousCounts.size > MAX_CLIENTS) this.anonymousCounts = new Map();
    this.window = window;
  }

  private share(): void {
    this.timer = undefined;
    for (const [name, client] of this.clients) {
      const { own } = client;
      if (own === 0) continue;
      const key = accessKey(this.settings.QUEUE_PREFIX, 'rate', this.window, name);
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
  const { via, name, identity } = req.principal ?? ANONYMOUS;
  // Names at a provider are not unique.
  if (via === 'session' && identity?.kind === 'oidc') return `session:subject:${identity.subject}`;
  return via === 'session' || via === 'token' ? `${via}:${name}` : `address:${req.ip}`;
}

function tooMany(limit: number, restMs: number): RoostError {
  const retryAfter = Math.max(1, Math.ceil(restMs / 1000));
  return new RoostError(
    'TOO_MANY_REQUESTS',
    `More than ${limit} calls in a minute (RATE_LIMIT_PER_MINUTE): wait ${retryAfter} s, then go on. ` +
      'One call of /api/v1/tasks/bulk submits up to 1,000 tasks.',
    undefined,
    { retryAfter },
  );
}
