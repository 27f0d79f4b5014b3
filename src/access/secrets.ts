import { createHmac, hash, randomBytes } from 'node:crypto';

/** 256 bit, as base64url: 43 characters. */
export const SECRET = /^[A-Za-z0-9_-]{43}$/;

export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** What is kept of a secret. One of 256 random bits needs no slow hash: there is nothing to guess. */
export function digest(secret: string): string {
  return hash('sha256', secret);
}

/**
 * The token against cross-site requests that belongs to a session's or a login form's secret. Made from the secret
 * alone, so that every web process knows it and none has to keep it; the secret cannot be told from it.
 */
export function csrfToken(secret: string): string {
  return createHmac('sha256', secret).update('roost csrf').digest('base64url');
}
