import type { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import type { Settings } from '../config/settings.js';
import { RoostError } from '../contract/errors.js';
import { withRedis } from '../queue/redis-errors.js';
import { isSame } from './decide.js';
import { isPermission, type Permission } from './permissions.js';
import { Remembered } from './remembered.js';
import { digest, newSecret } from './secrets.js';
import type { Identity } from './visitor.js';

const TOKEN = /^roost_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;
const ID = /^[0-9a-f]{16}$/;
/** How exactly the last use is known, ms: one write in so much time. */
const USED_MS = 60_000;
/** An expired token is shown this much longer. */
const SHOWN_AFTER_MS = 30 * 86_400_000;
/** In all; they are listed on one page. */
const MAX_TOKENS = 1000;

/** What Redis keeps of a token; of its secret the digest. */
interface KeptToken {
  id: string;
  name: string;
  secret: string;
  maker: Identity;
  scopes: Permission[];
  createdAt: number;
  expiresAt: number | null;
}

export interface ApiToken extends Omit<KeptToken, 'secret'> {
  lastUsedAt: number | null;
  lastUsedFrom: string | null;
}

export interface NewToken {
  name: string;
  scopes: Permission[];
  /** ms since 1970; null: until it is revoked. */
  expiresAt: number | null;
}

/** API tokens, in Redis. The whole of a token is known to whom it was shown, once. */
export class ApiTokens {
  private readonly known: Remembered<KeptToken>;
  private readonly prefix: string;
  /** When this process last wrote down a use, by id. */
  private readonly used = new Map<string, number>();

  constructor(
    private readonly redis: Redis,
    { QUEUE_PREFIX }: Pick<Settings, 'QUEUE_PREFIX'>,
  ) {
    this.known = new Remembered(redis);
    this.prefix = `${QUEUE_PREFIX}:access:`;
  }

  /** @throws RoostError REQUEST_INVALID where there are too many already. */
  async make(
    maker: Identity,
    { name, scopes, expiresAt }: NewToken,
  ): Promise<{ token: ApiToken; secret: string }> {
    const id = randomBytes(8).toString('hex');
    const secret = newSecret();
    const kept: KeptToken = {
      ...{ id, name, secret: digest(secret), maker, scopes },
      ...{ createdAt: Date.now(), expiresAt },
    };
    await withRedis(this.redis, async () => {
      if ((await this.redis.zcard(this.index)) >= MAX_TOKENS)
        throw new RoostError(
          'REQUEST_INVALID',
          `There are ${MAX_TOKENS} API tokens already: revoke some first.`,
        );
      const all = this.redis.multi().set(this.key(id), JSON.stringify(kept));
      if (expiresAt !== null) all.pexpireat(this.key(id), expiresAt + SHOWN_AFTER_MS);
      await all.zadd(this.index, kept.createdAt, id).exec();
    });
    return { token: toToken(kept, null), secret: `roost_${id}_${secret}` };
  }

  /** The token somebody has shown; undefined where it is none, revoked or expired. */
  async find(text: string): Promise<{ token: KeptToken; isRemembered: boolean } | undefined> {
    const [, id, secret] = TOKEN.exec(text) ?? [];
    if (!id || !secret) return undefined;
    const found = await this.known.read(this.key(id), parse);
    if (!found || !isSame(digest(secret), found.value.secret)) return undefined;
    const { expiresAt } = found.value;
    if (expiresAt !== null && expiresAt <= Date.now()) return undefined;
    return { token: found.value, isRemembered: found.isRemembered };
  }

  noteUse(id: string, from: string): void {
    const now = Date.now();
    if (now - (this.used.get(id) ?? 0) < USED_MS) return;
    this.used.set(id, now);
    this.redis.hset(this.uses, id, `${now} ${from}`).catch(() => this.used.delete(id));
  }

  /** Newest first. */
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
        const kept = text ? parse(text) : undefined;
        return kept ? [toToken(kept, uses[i] ?? null)] : [];
      });
    });
  }

  /** False where there is none. */
  revoke(id: string): Promise<boolean> {
    return withRedis(this.redis, async () => {
      if (!ID.test(id)) return false;
      const gone = await this.redis.del(this.key(id));
      this.known.forget(this.key(id));
      await this.redis.multi().zrem(this.index, id).hdel(this.uses, id).exec();
      return gone > 0;
    });
  }

  private get index(): string {
    return `${this.prefix}tokens`;
  }

  private get uses(): string {
    return `${this.prefix}token-uses`;
  }

  private key(id: string): string {
    return `${this.prefix}token:${id}`;
  }
}

function toToken({ secret: _, ...kept }: KeptToken, use: string | null): ApiToken {
  const [at, from] = use?.split(' ') ?? [];
  return { ...kept, lastUsedAt: at ? Number(at) : null, lastUsedFrom: from ?? null };
}

/** undefined for what none of ours has written. Permissions that there are no more are left out. */
function parse(text: string): KeptToken | undefined {
  try {
    const kept = JSON.parse(text) as Partial<KeptToken> | null;
    if (
      typeof kept?.secret !== 'string' ||
      typeof kept.maker?.name !== 'string' ||
      !Array.isArray(kept.scopes)
    )
      return undefined;
    return { ...(kept as KeptToken), scopes: kept.scopes.filter(isPermission) };
  } catch {
    return undefined;
  }
}
