import type { Redis } from 'ioredis';
import type { Settings } from '../config/settings.js';
import { toStorageError, withRedis } from '../queue/redis-errors.js';
import { Remembered } from './remembered.js';
import { csrfToken, digest, newSecret, SECRET } from './secrets.js';
import type { Identity } from './visitor.js';

/** How much later than its last use a session may be known to have been used, ms: one write in so much time. */
const TOUCH_MS = 60_000;
/** Anybody can say that they sign out: what is remembered of it while Redis is away has a bound. */
const MAX_ENDED = 10_000;

/** What Redis keeps of a login, under the digest of its id; the id is in the cookie alone. */
interface KeptSession {
  identity: Identity;
  /** Of what they signed in with: another password ends the session. */
  proof: string;
  /** ms since 1970. */
  startedAt: number;
  seenAt: number;
}

export interface Session extends KeptSession {
  csrf: string;
  isRemembered: boolean;
}

/** Logins, in Redis: every web process knows them, and none of them outlives their limits. */
export class Sessions {
  private readonly known: Remembered<KeptSession>;
  private readonly idleMs: number;
  private readonly wholeMs: number;
  private readonly prefix: string;
  /** Ended here while Redis was away, to be ended there as well. */
  private readonly ended = new Set<string>();

  constructor(
    private readonly redis: Redis,
    settings: Pick<Settings, 'QUEUE_PREFIX' | 'ACCESS_SESSION_IDLE_MINUTES' | 'ACCESS_SESSION_HOURS'>,
  ) {
    this.known = new Remembered(redis);
    this.prefix = `${settings.QUEUE_PREFIX}:access:session:`;
    this.idleMs = settings.ACCESS_SESSION_IDLE_MINUTES * 60_000;
    this.wholeMs = settings.ACCESS_SESSION_HOURS * 3_600_000;
  }

  /** The id of a new session; what the browser was known by before has no part in it. */
  async start(identity: Identity, proof: string): Promise<string> {
    const id = newSecret();
    const now = Date.now();
    const session: KeptSession = { identity, proof, startedAt: now, seenAt: now };
    await withRedis(this.redis, () =>
      this.redis.set(this.key(id), JSON.stringify(session), 'PX', this.restMs(session, now)),
    );
    return id;
  }

  /**
   * `isUse`: somebody did something, so that it idles no more; a page that keeps itself fresh is nobody's doing.
   * @throws RoostError REDIS_UNAVAILABLE where Redis is away and this process has not seen the session before.
   */
  async find(id: string | undefined, isUse: boolean): Promise<Session | undefined> {
    if (id === undefined || !SECRET.test(id)) return undefined;
    const key = this.key(id);
    if (this.ended.has(key)) {
      await this.end(id).catch(() => undefined);
      return undefined;
    }
    const found = await this.known.read(key, parse);
    const now = Date.now();
    if (!found || this.restMs(found.value, now) <= 0) return undefined;
    if (isUse && !found.isRemembered && now - found.value.seenAt > Math.min(TOUCH_MS, this.idleMs / 4))
      this.touch(key, found.value, now);
    return { ...found.value, csrf: csrfToken(id), isRemembered: found.isRemembered };
  }

  /** @throws RoostError REDIS_UNAVAILABLE; this process has it ended even then. */
  async end(id: string): Promise<void> {
    if (!SECRET.test(id)) return;
    const key = this.key(id);
    this.known.forget(key);
    this.ended.add(key);
    if (this.ended.size > MAX_ENDED) this.ended.delete(this.ended.values().next().value!);
    await withRedis(this.redis, () => this.redis.del(key));
    this.ended.delete(key);
  }

  private touch(key: string, session: KeptSession, now: number): void {
    const seen = { ...session, seenAt: now };
    // XX: who signed out in the meantime stays out.
    this.redis.set(key, JSON.stringify(seen), 'PX', this.restMs(seen, now), 'XX').catch((error: unknown) => {
      if (!toStorageError(error)) throw error;
    });
  }

  /** Until it ends by itself, ms. */
  private restMs({ startedAt, seenAt }: KeptSession, now: number): number {
    return Math.min(seenAt + this.idleMs, startedAt + this.wholeMs) - now;
  }

  private key(id: string): string {
    return this.prefix + digest(id);
  }
}

/** undefined for what none of ours has written. */
function parse(text: string): KeptSession | undefined {
  try {
    const session = JSON.parse(text) as Partial<KeptSession> | null;
    const isWhole =
      typeof session?.identity?.name === 'string' &&
      typeof session.proof === 'string' &&
      Number.isFinite(session.startedAt) &&
      Number.isFinite(session.seenAt);
    return isWhole ? (session as KeptSession) : undefined;
  } catch {
    return undefined;
  }
}
