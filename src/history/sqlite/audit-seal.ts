import { createHmac, timingSafeEqual } from 'node:crypto';

export type SealCheck = 'valid' | 'wrong' | 'unknown';

/** Separates this key from other keys derived from the same secret. */
const PURPOSE = 'roost audit';

/** Derives the key for the audit's seals from the web apps' secret. The key does not reveal the secret. */
export function toAuditKey(secret: string): string {
  return createHmac('sha256', secret).update(PURPOSE).digest('base64url');
}

/**
 * Seals texts with a key that is not in the store: write access to the store is not enough to create a seal. A seal
 * names its key, `<key id>.<HMAC-SHA-256>`, so that a seal by another key is distinguishable from a wrong one.
 */
export class AuditSeal {
  private readonly keys: Map<string, string>;
  private readonly own: string | undefined;

  /** Seals with the first key; accepts seals by any of them. */
  constructor(keys: readonly string[] = []) {
    this.keys = new Map(keys.map((key) => [keyId(key), key]));
    this.own = keys[0] === undefined ? undefined : keyId(keys[0]);
  }

  get hasKey(): boolean {
    return this.own !== undefined;
  }

  /** Null without a key. */
  seal(text: string): string | null {
    return this.own === undefined ? null : `${this.own}.${mac(this.keys.get(this.own)!, text)}`;
  }

  check(text: string, seal: string): SealCheck {
    const [id = '', found = ''] = seal.split('.', 2);
    const key = this.keys.get(id);
    if (key === undefined) return 'unknown';
    const [a, b] = [Buffer.from(found), Buffer.from(mac(key, text))];
    return a.length === b.length && timingSafeEqual(a, b) ? 'valid' : 'wrong';
  }
}

function keyId(key: string): string {
  return mac(key, 'id').slice(0, 8);
}

function mac(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}
