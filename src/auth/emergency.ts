import type { Redis } from 'ioredis';
import { TtlCache } from '../coordination/ttl-cache.js';
import type { Settings } from '../platform/config/settings.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import type { SessionChanges } from './session-changes.js';
import type { Client } from './client.js';
import type { RecordSeal } from './record-seal.js';
import { digest, newSecret, SECRET } from './secrets.js';
import type { Sessions } from './sessions.js';
import type { EmergencyIdentity } from './principal.js';
import { accessKey } from '../bullmq/keys.js';

/** Lifetime of an unused code, ms. */
export const CODE_MS = 15 * 60_000;
/** Maximum duration of the login, ms. Use does not extend it. */
export const LOGIN_MS = 3_600_000;
/** Cache time of the active login, ms. A SessionChanges message invalidates it earlier. */
const CACHE_MS = 5_000;

interface Issued {
  by: string;
  reason: string;
  until: number;
}

/** Active break-glass login, shown on every page. */
export interface Emergency {
  by: string;
  reason: string;
  /** ms since 1970. */
  until: number;
}

/**
 * Break-glass logins: a code from the command line signs in once, as admin, for an hour, without a password or second
 * factor. Codes are sealed, so write access to Redis is not enough to create one.
 */
export class EmergencyAccess {
  private readonly prefix: string;
  private readonly recent = new TtlCache<Emergency | undefined>(CACHE_MS);

  constructor(
    private readonly redis: Redis,
    settings: Pick<Settings, 'QUEUE_PREFIX'>,
    private readonly seal: RecordSeal,
    private readonly sessions: Pick<Sessions, 'start' | 'exists'>,
    private readonly changes: Pick<SessionChanges, 'publish' | 'version'>,
  ) {
    this.prefix = settings.QUEUE_PREFIX;
  }

  /** Creates a code. Must only be shown to the operator of this instance. */
  async issue(by: string, reason: string): Promise<string> {
    const code = newSecret();
    const key = this.key(code);
    const issued: Issued = { by, reason, until: Date.now() + CODE_MS };
    await withRedis(this.redis, () =>
      this.redis.set(key, this.seal.seal(key, JSON.stringify(issued)), 'PX', CODE_MS),
    );
    return code;
  }

  /** Returns the new session id and its identity, or undefined if the code is unknown, used or expired. */
  async redeem(
    typed: string,
    client: Client,
  ): Promise<{ session: string; identity: EmergencyIdentity } | undefined> {
    const code = typed.trim();
    if (!SECRET.test(code)) return undefined;
    const key = this.key(code);
    // GETDEL makes the code single-use.
    const sealed = await withRedis(this.redis, () => this.redis.getdel(key));
    const text = sealed === null ? undefined : this.seal.open(key, sealed);
    const issued = text === undefined ? undefined : (JSON.parse(text) as Issued);
    if (!issued || issued.until <= Date.now()) return undefined;
    const { by, reason } = issued;
    const until = Date.now() + LOGIN_MS;
    const identity: EmergencyIdentity = {
      kind: 'emergency',
      name: `BREAK GLASS by ${by}`,
      by,
      reason,
      until,
    };
    const session = await this.sessions.start(identity, '', client, { hasFactor: true });
    const active = JSON.stringify({ by, reason, until, session: digest(session) });
    await withRedis(this.redis, () =>
      this.redis.set(this.active, this.seal.seal(this.active, active), 'PX', LOGIN_MS),
    );
    this.changes.publish();
    return { session, identity };
  }

  /** Returns the most recent active login for all pages, or undefined if none is active or Redis is unavailable. */
  current(): Promise<Emergency | undefined> {
    return this.recent.get(`${this.changes.version}`, () => this.read().catch(() => undefined));
  }

  private async read(): Promise<Emergency | undefined> {
    const sealed = await this.redis.get(this.active);
    const text = sealed === null ? undefined : this.seal.open(this.active, sealed);
    if (text === undefined) return undefined;
    const { session, ...emergency } = JSON.parse(text) as Emergency & { session: string };
    return emergency.until > Date.now() && (await this.sessions.exists(session)) ? emergency : undefined;
  }

  private get active(): string {
    return accessKey(this.prefix, 'break-glass-active');
  }

  private key(code: string): string {
    return accessKey(this.prefix, 'break-glass', digest(code));
  }
}
