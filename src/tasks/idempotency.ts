import { hash } from 'node:crypto';
import { RoostError } from '../contract/errors.js';

const MAX_KEY_LENGTH = 255;

/** @throws RoostError HEADER_INVALID unless it is 1-255 printable ASCII characters. */
export function checkIdempotencyKey(key: string): void {
  if (key.length >= 1 && key.length <= MAX_KEY_LENGTH && /^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(key)) return;
  const message = `must be 1 to ${MAX_KEY_LENGTH} printable ASCII characters; a UUID does well`;
  throw new RoostError('HEADER_INVALID', `The Idempotency-Key ${message}.`, [
    { path: 'Idempotency-Key', message },
  ]);
}

/** Tells two requests with one key apart; the order of an object's members makes no difference. */
export function fingerprint(content: unknown): string {
  return hash('sha256', JSON.stringify(sorted(content)), 'base64url').slice(0, 22);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted((value as Record<string, unknown>)[key])]),
  );
}
