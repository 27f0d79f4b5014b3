import type { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import type { Settings } from '../platform/config/settings.js';
import { RoostError } from '../model/errors.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import { isEqualConstantTime } from './authorize.js';
import { isPermission, type Permission } from './permissions.js';
import type { RecordSeal } from './record-seal.js';
import { StaleOnErrorCache } from './stale-on-error-cache.js';
import { digest, newSecret } from './secrets.js';
import type { Identity } from './principal.js';
import { accessKey } from '../bullmq/keys.js';

const TOKEN = /^roost_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;
const ID = /^[0-9a-f]{16}$/;
/** Minimum time between two writes of a token's last use, ms. Bounds the precision of `lastUsedAt`. */
const USE_WRITE_INTERVAL_MS = 60_000;
/** Time that an expired token stays in the list, ms. */
const EXPIRED_RETENTION_MS = 30 * 86_400_000;
/** Limit on all tokens together. They are listed on one page. */
const MAX_TOKENS = 1000;

/** Token record in Redis. Holds only the digest of the secret. */
interface StoredToken {
  id: string;
  name: string;
  secret: string;
  maker: Identity;
  scopes: Permission[];
  createdAt: number;
  expiresAt: number | null;
}

export interface ApiToken extends Omit<StoredToken, 'secret'> {
  lastUsedAt: number | null;
  lastUsedFrom: string | null;
}

export interface NewToken {
  name: string;
  scopes: Permission[];
  /** ms since 1970; null: valid until revoked. */
  expiresAt: number | null;
}

/** API tokens in Redis. The full token is returned only once, when it is created. */
export class ApiTokens {
  private readonly cache: StaleOnErrorCache<StoredToken>;
  private readonly prefix: string;
  /** Time of the last use that this process recorded, by token id. */
  private readonly used = new Map<string, number>();

  constructor(
    private readonly redis: Redis,
    { QUEUE_PREFIX }: Pick<Settings, 'QUEUE_PREFIX'>,
    private readonly seal: RecordSeal,
    /** Called after a token has been revoked. */
    private readonly onRevoke: () => void,
  ) {
    this.cache = new StaleOnErrorCache(redis);
    this.prefix = QUEUE_PREFIX;
  }

  /** @throws RoostError REQUEST_INVALID at MAX_TOKENS. */
  async create(
    maker: Identity,
    { name, scopes, expiresAt }: NewToken,
  ): Promise<{ token: ApiToken; secret: string }> {
    const id = randomBytes(8).toString('hex');
    const secret = newSecret();
    const stored: StoredToken = {
      ...{ id, name, secret: digest(secret), maker, scopes },
      ...{ createdAt: Date.now(), expiresAt },
    };
    await withRedis(this.redis, async () => {
      if ((await this.redis.zcard(this.index)) >= MAX_TOKENS)
        throw new RoostError(
          'REQUEST_INVALID',
          `There are ${MAX_TOKENS} API tokens already: revoke some first.`,
        );
      const sealed = this.seal.seal(this.key(id), JSON.stringify(stored));
      const all = this.redis.multi().set(this.key(id), sealed);
      if (expiresAt !== null) all.pexpireat(this.key(id), expiresAt + EXPIRED_RETENTION_MS);
      await all.zadd(this.index, stored.createdAt, id).exec();
    });
    return { token: toToken(stored, null), secret: `roost_${id}_${secret}` };
  }

  /** Returns the token that `text` proves, or undefined if it is unknown, revoked or expired. */
  async find(text: string): Promise<{ token: StoredToken; isStale: boolean } | undefined> {
    const [, id, secret] = TOKEN.exec(text) ?? [];
    if (!id || !secret) return undefined;
    const found = await this.cache.read(this.key(id), (sealed) => this.open(id, sealed));
    if (!found || !isEqualConstantTime(digest(secret), found.value.secret)) return undefined;
    const { expiresAt } = found.value;
    if (expiresAt !== null && expiresAt <= Date.now()) return undefined;
    return { token: found.value, isStale: found.isStale };
  }

  recordUse(id: string, from: string): void {
    const now = Date.now();
    if (now - (this.used.get(id) ?? 0) < USE_WRITE_INTERVAL_MS) return;
    this.used.set(id, now);
    this.redis.hset(this.uses, id, `${now} ${from}`).catch(() => this.used.delete(id));
  }

  /** Returns the tokens, newest first. */
  list(): Promise<ApiToken[]> {
    return withRedis(this.redis, async () => {
      const ids = await this.redis.zrevrange(this.index, 0, MAX_TOKENS);
      if (ids.length === 0) return [];
      const [texts, uses] = await Promise.all([
        this.redis.mget(ids.map((id) => this.key(id))),
        this.redis.hmget(this.uses, ...ids),
      ]);
      const gone = ids.filter((_, i) => texts[i] === null);
      if (gone.length > 0) await this.redis.zrem(this.index, ...gone);
      return texts.flatMap((text, i) => {
        const stored = text ? this.open(ids[i]!, text) : undefined;
        return stored ? [toToken(stored, uses[i] ?? null)] : [];
      });
    });
  }

  /** Returns false if the token does not exist. */
  revoke(id: string): Promise<boolean> {
    return withRedis(this.redis, async () => {
      if (!ID.test(id)) return false;
      const gone = await this.redis.del(this.key(id));
      this.cache.forget(this.key(id));
      if (gone > 0) this.onRevoke();
      await this.redis.multi().zrem(this.index, id).hdel(this.uses, id).exec();
      return gone > 0;
    });
  }

  private open(id: string, sealed: string): StoredToken | undefined {
    const text = this.seal.open(this.key(id), sealed);
    return text === undefined ? undefined : parse(text);
  }

  private get index(): string {
    return accessKey(this.prefix, 'tokens');
  }

  private get uses(): string {
    return accessKey(this.prefix, 'token-uses');
  }

  private key(id: string): string {
    return accessKey(this.prefix, 'token', id);
  }
}

function toToken({ secret: _, ...stored }: StoredToken, use: string | null): ApiToken {
  const [at, from] = use?.split(' ') ?? [];
  return { ...stored, lastUsedAt: at ? Number(at) : null, lastUsedFrom: from ?? null };
}

/** Returns undefined for a record in another format. Drops permissions that no longer exist. */
function parse(text: string): StoredToken | undefined {
  try {
    const stored = JSON.parse(text) as Partial<StoredToken> | null;
    if (
      typeof stored?.secret !== 'string' ||
      typeof stored.maker?.name !== 'string' ||
      !Array.isArray(stored.scopes)
    )
      return undefined;
    return { ...(stored as StoredToken), scopes: stored.scopes.filter(isPermission) };
  } catch {
    return undefined;
  }
}
