import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import type { Logger } from 'pino';
import { accessSecretFile, ensureAccessSecret } from '../platform/config/access-secret.js';
import type { Settings } from '../platform/config/settings.js';
import { newSecret } from './secrets.js';

const SEALED = /^([A-Za-z0-9_-]{43})\.(.*)$/s;
/** Nonce length of AES-GCM. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Minimum time between two warnings about broken seals, ms. */
const WARN_EVERY_MS = 60_000;

/**
 * Authenticates records of logins and tokens in Redis. Redis does not hold the secret, so read and write access to
 * Redis is not enough to forge a record. The record's key is part of the seal: a record copied to another key does
 * not open.
 */
export class RecordSeal {
  private secret: string | undefined;
  private cipherKey: Buffer | undefined;
  private warnedAt = 0;

  constructor(
    private readonly settings: Pick<Settings, 'ACCESS_SECRET' | 'ACCESS_USERS_FILE'>,
    private readonly log: Logger,
  ) {}

  seal(key: string, text: string): string {
    return `${this.mac(key, text)}.${text}`;
  }

  /** Returns the text sealed under this key. Returns undefined and logs a warning for any other. */
  open(key: string, sealed: string): string | undefined {
    const [, mac, text] = SEALED.exec(sealed) ?? [];
    if (mac !== undefined && text !== undefined && isSame(mac, this.mac(key, text))) return text;
    this.warn();
    return undefined;
  }

  /** Encrypts secrets that must not be readable in Redis: AES-256-GCM, bound to the record's key like a seal. */
  encrypt(key: string, text: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.encryptionKey(), iv).setAAD(Buffer.from(key));
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url');
  }

  /** Returns the text encrypted under this key. Returns undefined and logs a warning for any other. */
  decrypt(key: string, encrypted: string): string | undefined {
    try {
      const bytes = Buffer.from(encrypted, 'base64url');
      const [iv, rest] = [bytes.subarray(0, IV_BYTES), bytes.subarray(IV_BYTES)];
      const decipher = createDecipheriv('aes-256-gcm', this.encryptionKey(), iv, {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(key)).setAuthTag(rest.subarray(0, TAG_BYTES));
      return Buffer.concat([decipher.update(rest.subarray(TAG_BYTES)), decipher.final()]).toString('utf8');
    } catch {
      this.warn();
      return undefined;
    }
  }

  private encryptionKey(): Buffer {
    this.cipherKey ??= Buffer.from(hkdfSync('sha256', this.known(), '', 'roost record encryption', 32));
    return this.cipherKey;
  }

  private known(): string {
    return (this.secret ??= this.readSecret());
  }

  private mac(key: string, text: string): string {
    return createHmac('sha256', this.known()).update(`${key}\n${text}`).digest('base64url');
  }

  private readSecret(): string {
    try {
      return ensureAccessSecret(this.settings);
    } catch (error) {
      this.log.warn(
        { err: error },
        `${accessSecretFile(this.settings)} cannot be stored, so logins and API tokens end with this process: set ACCESS_SECRET`,
      );
      return newSecret();
    }
  }

  private warn(): void {
    if (Date.now() - this.warnedAt < WARN_EVERY_MS) return;
    this.warnedAt = Date.now();
    this.log.warn(
      'a login or API token in Redis does not carry the seal of this web app, and was refused: it was written by ' +
        'an earlier version, by a web app with another ACCESS_SECRET, or by somebody else',
    );
  }
}

function isSame(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
