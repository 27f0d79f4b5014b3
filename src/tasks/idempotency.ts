import { hash } from 'node:crypto';
import { RoostError } from '../model/errors.js';

const MAX_KEY_LENGTH = 255;

/**
 * @param path location of the key for the error message: the header, or a member of a line.
 * @throws RoostError HEADER_INVALID unless it is 1-255 printable ASCII characters.
 */
export function checkIdempotencyKey(key: string, path = 'Idempotency-Key'): void {
  if (key.length >= 1 && key.length <= MAX_KEY_LENGTH && /^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(key)) return;
  const message = `must be 1 to ${MAX_KEY_LENGTH} printable ASCII characters, for example a UUID`;
  throw new RoostError('HEADER_INVALID', `The ${path} ${message}.`, [{ path, message }]);
}

/**
 * Derives the key of one line of a bulk request: `<key>/<line>`, lines counted from 1. Uses the hash of the request's key
 * where the result would exceed the maximum length.
 */
export function toLineKey(key: string, line: number): string {
  const own = `${key}/${line}`;
  return own.length <= MAX_KEY_LENGTH ? own : `${hash('sha256', key, 'hex')}/${line}`;
}

/** Hashes the content of a request, to detect different requests with one key. Ignores the order of object members. */
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
