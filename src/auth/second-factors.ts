import type { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import type { Settings } from '../platform/config/settings.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import type { RecordSeal } from './record-seal.js';
import { digest } from './secrets.js';
import { accessKey } from '../bullmq/keys.js';

/** RFC 6238 as authenticator apps implement it: SHA-1, 6 digits, 30 s. */
const PERIOD_S = 30;
/** Number of adjacent time steps accepted on each side: clocks differ, and people type slowly. */
const WINDOW_STEPS = 1;
/** Retention of used codes, ms. Longer than a code is valid. */
const USED_CODE_RETENTION_MS = (2 * WINDOW_STEPS + 2) * PERIOD_S * 1000;
const MAX_USED_CODES = 10_000;
const RECOVERY_CODE_COUNT = 10;
/** Excludes 0, 1, i, l and o. 12 letters of about 32 give 60 bits. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const RECOVERY_CODE_LENGTH = 12;

/** Compare-and-set, so that a recovery code works once even with concurrent requests. */
const SWAP_SCRIPT =
  "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) return 1 end return 0";

interface StoredFactor {
  /** Base32. */
  secret: string;
  /** Digests of the unused recovery codes. */
  recovery: string[];
  enrolledAt: number;
}

/** `unreadable`: the record exists, but was sealed with another secret. */
export type FactorState = 'off' | 'on' | 'unreadable';
export type Accepted = 'code' | 'recovery code';

/**
 * Second factors of local users: TOTP secrets and recovery codes, encrypted in Redis under the account's id. An
 * unreadable record denies the login.
 */
export class SecondFactors {
  /** Codes accepted by this process until they expire, so that a loss of Redis data does not allow reuse. */
  private readonly used = new Map<string, number>();

  constructor(
    private readonly redis: Redis,
    private readonly settings: Pick<Settings, 'QUEUE_PREFIX' | 'PUBLIC_URL'>,
    private readonly seal: RecordSeal,
  ) {}

  newSecret(): string {
    return new Secret({ size: 20 }).base32;
  }

  /** Returns the otpauth:// address for an authenticator app, as QR code or link. */
  uri(secret: string, name: string): string {
    const { PUBLIC_URL, QUEUE_PREFIX } = this.settings;
    const host = PUBLIC_URL === '' ? '' : ` ${new URL(PUBLIC_URL).hostname}`;
    const issuer = `Roost${host || (QUEUE_PREFIX === 'roost' ? '' : ` ${QUEUE_PREFIX}`)}`;
    return toTotp(secret, { issuer, label: name }).toString();
  }

  async state(userId: string): Promise<FactorState> {
    const text = await this.read(userId);
    if (text === null) return 'off';
    return this.open(userId, text) ? 'on' : 'unreadable';
  }

  /** Returns the number of unused recovery codes. */
  async recoveryLeft(userId: string): Promise<number> {
    const text = await this.read(userId);
    return (text === null ? undefined : this.open(userId, text))?.recovery.length ?? 0;
  }

  /**
   * Enrols the secret if `code` is valid and no factor exists. Returns the recovery codes, which are not readable
   * later.
   */
  async enrol(userId: string, secret: string, code: string): Promise<string[] | undefined> {
    if (!(await this.isCode(userId, secret, code))) return undefined;
    return this.store(userId, secret, 'new');
  }

  /** Replaces all recovery codes. Returns undefined without a second factor. */
  async renewRecovery(userId: string): Promise<string[] | undefined> {
    const text = await this.read(userId);
    const stored = text === null ? undefined : this.open(userId, text);
    return stored && this.store(userId, stored.secret, 'replaced');
  }

  /** Accepts a code of the app or a recovery code, each once. */
  async accept(userId: string, typed: string): Promise<Accepted | undefined> {
    const text = await this.read(userId);
    const stored = text === null ? undefined : this.open(userId, text);
    if (!stored) return undefined;
    if (await this.isCode(userId, stored.secret, typed)) return 'code';
    const hash = digest(normalized(typed));
    if (!stored.recovery.includes(hash)) return undefined;
    const rest = { ...stored, recovery: stored.recovery.filter((one) => one !== hash) };
    const swapped = await withRedis(this.redis, () =>
      this.redis.eval(SWAP_SCRIPT, 1, this.key(userId), text!, this.sealed(userId, rest)),
    );
    return swapped === 1 ? 'recovery code' : undefined;
  }

  /** Returns false if no factor existed. */
  async reset(userId: string): Promise<boolean> {
    return (await withRedis(this.redis, () => this.redis.del(this.key(userId)))) > 0;
  }

  private async store(
    userId: string,
    secret: string,
    how: 'new' | 'replaced',
  ): Promise<string[] | undefined> {
    const codes = Array.from({ length: RECOVERY_CODE_COUNT }, newRecoveryCode);
    const stored: StoredFactor = {
      secret,
      recovery: codes.map((code) => digest(normalized(code))),
      enrolledAt: Date.now(),
    };
    const sealed = this.sealed(userId, stored);
    const done = await withRedis(this.redis, () =>
      how === 'new'
        ? this.redis.set(this.key(userId), sealed, 'NX')
        : this.redis.set(this.key(userId), sealed, 'XX'),
    );
    return done === 'OK' ? codes : undefined;
  }

  /** Checks a code and marks it as used. */
  private async isCode(userId: string, secret: string, typed: string): Promise<boolean> {
    const token = typed.replace(/\s/g, '');
    if (!/^\d{6}$/.test(token)) return false;
    const now = Date.now();
    const delta = toTotp(secret).validate({ token, window: WINDOW_STEPS, timestamp: now });
    if (delta === null) return false;
    const step = `${userId}:${digest(secret).slice(0, 16)}:${Math.floor(now / 1000 / PERIOD_S) + delta}`;
    if ((this.used.get(step) ?? 0) > now) return false;
    this.used.set(step, now + USED_CODE_RETENTION_MS);
    if (this.used.size > MAX_USED_CODES) this.used.delete(this.used.keys().next().value!);
    const first = await withRedis(this.redis, () =>
      this.redis.set(
        accessKey(this.settings.QUEUE_PREFIX, 'used-code', step),
        '1',
        'PX',
        USED_CODE_RETENTION_MS,
        'NX',
      ),
    );
    return first === 'OK';
  }

  private read(userId: string): Promise<string | null> {
    return withRedis(this.redis, () => this.redis.get(this.key(userId)));
  }

  private sealed(userId: string, stored: StoredFactor): string {
    return this.seal.encrypt(this.key(userId), JSON.stringify(stored));
  }

  private open(userId: string, text: string): StoredFactor | undefined {
    const opened = this.seal.decrypt(this.key(userId), text);
    return opened === undefined ? undefined : (JSON.parse(opened) as StoredFactor);
  }

  private key(userId: string): string {
    return accessKey(this.settings.QUEUE_PREFIX, 'second-factor', userId);
  }
}

function toTotp(secret: string, words: { issuer?: string; label?: string } = {}): TOTP {
  return new TOTP({
    ...words,
    secret: Secret.fromBase32(secret),
    algorithm: 'SHA1',
    digits: 6,
    period: PERIOD_S,
  });
}

function newRecoveryCode(): string {
  let code = '';
  while (code.length < RECOVERY_CODE_LENGTH) {
    const [byte] = randomBytes(1);
    // Rejects bytes beyond a multiple of the alphabet, so that every letter is equally likely.
    if (byte! < 256 - (256 % ALPHABET.length)) code += ALPHABET[byte! % ALPHABET.length];
  }
  return code.replace(/(.{4})(?=.)/g, '$1-');
}

function normalized(code: string): string {
  return code.toLowerCase().replace(/[^a-z0-9]/g, '');
}
