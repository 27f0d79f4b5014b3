import type { Redis } from 'ioredis';
import type { Settings } from '../platform/config/settings.js';
import { toStorageError, withRedis } from '../bullmq/connection/redis-errors.js';
import type { Client } from './client.js';
import type { RecordSeal } from './record-seal.js';
import { StaleOnErrorCache } from './stale-on-error-cache.js';
import { csrfToken, digest, newSecret, SECRET } from './secrets.js';
import type { Identity } from './principal.js';
import { accessKey } from '../bullmq/keys.js';

/** Minimum time between two writes of a session's last use, ms. Bounds the precision of `seenAt`. */
const TOUCH_INTERVAL_MS = 60_000;
/** Limit on sign-outs remembered while Redis is unavailable: any client can send them. */
const MAX_ENDED = 10_000;
/** Number of sessions per MGET when listing. */
const LIST_CHUNK = 500;
/** Length of the public id of a session: a part of its digest, which gives no access. */
const PUBLIC_ID_LENGTH = 16;

/** Session record in Redis, under the digest of its id. Only the cookie holds the id. */
interface StoredSession {
  identity: Identity;
  /** Derived from the password: a new password ends the session. */
  proof: string;
  /** ms since 1970. */
  startedAt: number;
  seenAt: number;
  /** Signed in with a second factor. */
  factor?: true;
  /** Client that signed in. Absent for sessions of earlier versions. */
  client?: Client;
  /** Address of the last use. */
  seenFrom?: string;
}

export interface Session extends StoredSession {
  csrf: string;
  /** Id in lists. Differs from the id in the cookie. */
  publicId: string;
  isStale: boolean;
}

export interface ListedSession extends StoredSession {
  publicId: string;
  /** End without further use, ms since 1970. */
  endsAt: number;
}

type SessionFilter = (session: StoredSession, publicId: string) => boolean;

/** Sessions in Redis, shared by all web processes. */
export class Sessions {
  private readonly cache: StaleOnErrorCache<StoredSession>;
  private readonly idleMs: number;
  private readonly maxAgeMs: number;
  private readonly prefix: string;
  /** Sorted set of session digests by start time. */
  private readonly index: string;
  /** Keys ended here while Redis was unavailable. Deleted from Redis at their next use. */
  private readonly ended = new Set<string>();

  constructor(
    private readonly redis: Redis,
    settings: Pick<Settings, 'QUEUE_PREFIX' | 'ACCESS_SESSION_IDLE_MINUTES' | 'ACCESS_SESSION_HOURS'>,
    private readonly seal: RecordSeal,
    /** Called after a session was ended early. */
    private readonly onEnd: () => void,
  ) {
    this.cache = new StaleOnErrorCache(redis);
    this.prefix = settings.QUEUE_PREFIX;
    this.index = accessKey(settings.QUEUE_PREFIX, 'sessions');
    this.idleMs = settings.ACCESS_SESSION_IDLE_MINUTES * 60_000;
    this.maxAgeMs = settings.ACCESS_SESSION_HOURS * 3_600_000;
  }

  /** Creates a session and returns its id. Independent of any earlier secret of the browser. */
  async start(
    identity: Identity,
    proof: string,
    client: Client,
    { hasFactor = false }: { hasFactor?: boolean } = {},
  ): Promise<string> {
    const id = newSecret();
    const now = Date.now();
    const session: StoredSession = {
      ...{ identity, proof, startedAt: now, seenAt: now },
      ...{ client, seenFrom: client.from, ...(hasFactor ? { factor: true as const } : {}) },
    };
    const key = this.key(id);
    await withRedis(this.redis, () =>
      this.redis
        .multi()
        .set(key, this.sealed(key, session), 'PX', this.remainingMs(session, now))
        .zadd(this.index, now, digest(id))
        // Removes expired sessions from the index.
        .zremrangebyscore(this.index, 0, now - this.maxAgeMs)
        .exec(),
    );
    return id;
  }

  /**
   * Finds a session and records its use.
   * @param usedFrom address of the user's request; undefined for an automatic refresh, which is no activity
   * @throws RoostError REDIS_UNAVAILABLE if Redis is unavailable and the session is not cached here.
   */
  async find(id: string | undefined, usedFrom?: string): Promise<Session | undefined> {
    if (id === undefined || !SECRET.test(id)) return undefined;
    const key = this.key(id);
    if (this.ended.has(key)) {
      await this.end(id).catch(() => undefined);
      return undefined;
    }
    const found = await this.cache.read(key, (sealed) => parse(this.seal.open(key, sealed)));
    const now = Date.now();
    if (!found || this.remainingMs(found.value, now) <= 0) return undefined;
    const idle = now - found.value.seenAt;
    if (usedFrom !== undefined && !found.isStale && idle > Math.min(TOUCH_INTERVAL_MS, this.idleMs / 4))
      this.touch(key, { ...found.value, seenAt: now, seenFrom: usedFrom }, now);
    return {
      ...found.value,
      csrf: csrfToken(id),
      publicId: toPublicId(digest(id)),
      isStale: found.isStale,
    };
  }

  /** @param hash digest of the id. */
  async exists(hash: string): Promise<boolean> {
    return (await this.redis.exists(this.keyOf(hash))) > 0;
  }

  /** @throws RoostError REDIS_UNAVAILABLE; the session has ended in this process even then. */
  async end(id: string): Promise<void> {
    if (!SECRET.test(id)) return;
    const key = this.key(id);
    this.cache.forget(key);
    this.ended.add(key);
    if (this.ended.size > MAX_ENDED) this.ended.delete(this.ended.values().next().value!);
    const gone = await withRedis(this.redis, () => this.redis.del(key));
    this.ended.delete(key);
    if (gone === 0) return;
    // Publishes only for a real session: any client can send sign-outs of invented ones.
    this.onEnd();
    await withRedis(this.redis, () => this.redis.zrem(this.index, digest(id)));
  }

  /** Returns the sessions that match, newest first. */
  async list(matches: SessionFilter): Promise<ListedSession[]> {
    return (await this.findAll(matches)).map(({ hash, session }) => ({
      ...session,
      publicId: toPublicId(hash),
      endsAt: Date.now() + this.remainingMs(session, Date.now()),
    }));
  }

  /** Ends the sessions that match and returns how many. */
  async endAll(matches: SessionFilter): Promise<number> {
    const all = await this.findAll(matches);
    if (all.length === 0) return 0;
    const keys = all.map(({ hash }) => this.keyOf(hash));
    for (const key of keys) this.cache.forget(key);
    const gone = await withRedis(this.redis, async () => {
      // One DEL per key: cluster keys may be in different slots.
      const answers = await Promise.all(keys.map((key) => this.redis.del(key)));
      await this.redis.zrem(this.index, ...all.map(({ hash }) => hash));
      return answers.reduce((sum, n) => sum + n, 0);
    });
    if (gone > 0) this.onEnd();
    return gone;
  }

  private findAll(matches: SessionFilter): Promise<{ hash: string; session: StoredSession }[]> {
    return withRedis(this.redis, async () => {
      const found: { hash: string; session: StoredSession }[] = [];
      const hashes = await this.redis.zrevrange(this.index, 0, -1);
      for (let from = 0; from < hashes.length; from += LIST_CHUNK) {
        const chunk = hashes.slice(from, from + LIST_CHUNK);
        const texts = await this.redis.mget(chunk.map((hash) => this.keyOf(hash)));
        const gone = chunk.filter((_, i) => texts[i] === null);
        if (gone.length > 0) await this.redis.zrem(this.index, ...gone);
        for (const [i, hash] of chunk.entries()) {
          const text = texts[i];
          const session = text == null ? undefined : parse(this.seal.open(this.keyOf(hash), text));
          if (!session || this.remainingMs(session, Date.now()) <= 0) continue;
          if (matches(session, toPublicId(hash))) found.push({ hash, session });
        }
      }
      return found;
    });
  }

  private touch(key: string, session: StoredSession, now: number): void {
    this.redis
      // XX: a session that was ended meanwhile must not return.
      .set(key, this.sealed(key, session), 'PX', this.remainingMs(session, now), 'XX')
      .then(async (isStored) => {
        // Adds sessions from before the index existed.
        if (isStored)
          await this.redis.zadd(this.index, 'NX', session.startedAt, key.slice(this.keyOf('').length));
      })
      .catch((error: unknown) => {
        if (!toStorageError(error)) throw error;
      });
  }

  /** Remaining lifetime, ms. */
  private remainingMs({ startedAt, seenAt, identity }: StoredSession, now: number): number {
    const until = identity.kind === 'emergency' ? identity.until : Infinity;
    return Math.min(seenAt + this.idleMs, startedAt + this.maxAgeMs, until) - now;
  }

  private sealed(key: string, session: StoredSession): string {
    return this.seal.seal(key, JSON.stringify(session));
  }

  private key(id: string): string {
    return this.keyOf(digest(id));
  }

  private keyOf(hash: string): string {
    return accessKey(this.prefix, 'session', hash);
  }
}

function toPublicId(hash: string): string {
  return hash.slice(0, PUBLIC_ID_LENGTH);
}

/** Returns undefined for a record in another format. */
function parse(text: string | undefined): StoredSession | undefined {
  if (text === undefined) return undefined;
  try {
    const session = JSON.parse(text) as Partial<StoredSession> | null;
    const isComplete =
      typeof session?.identity?.name === 'string' &&
      typeof session.proof === 'string' &&
      Number.isFinite(session.startedAt) &&
      Number.isFinite(session.seenAt);
    return isComplete ? (session as StoredSession) : undefined;
  } catch {
    return undefined;
  }
}
