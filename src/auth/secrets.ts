import { createHmac, hash, randomBytes } from 'node:crypto';

/** 256 bits as base64url: 43 characters. */
export const SECRET = /^[A-Za-z0-9_-]{43}$/;

export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Digest for storage. 256 random bits cannot be guessed, so no slow hash is needed. */
export function digest(secret: string): string {
  return hash('sha256', secret);
}

/**
 * Derives the CSRF token of a session's or login form's secret. Every web process can compute it without storing it,
 * and the secret cannot be derived from it.
 */
export function csrfToken(secret: string): string {
  return createHmac('sha256', secret).update('roost csrf').digest('base64url');
}

/** 64 bytes as base64url: a random pad, and the token XORed with it. */
const MASKED = /^[A-Za-z0-9_-]{86}$/;

/**
 * Masks the token with a new pad for each page. Pages are compressed and contain parts of their address: a constant
 * token could be guessed letter by letter from response lengths (BREACH).
 */
export function maskToken(token: string): string {
  const pad = randomBytes(32);
  return Buffer.concat([pad, xor(Buffer.from(token, 'base64url'), pad)]).toString('base64url');
}

/** Returns the token of a masked text; any other text unchanged. */
export function unmaskToken(text: string): string {
  if (!MASKED.test(text)) return text;
  const both = Buffer.from(text, 'base64url');
  return xor(both.subarray(32), both.subarray(0, 32)).toString('base64url');
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ b[i]!));
}
