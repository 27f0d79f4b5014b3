import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensurePrivateFolder } from './private-files.js';
import type { Settings } from './settings.js';

const FILE_NAME = 'access-secret';
/** 256 bits as base64url. */
const SECRET = /^[A-Za-z0-9_-]{43}$/;

type SecretSettings = Pick<Settings, 'ACCESS_SECRET' | 'ACCESS_USERS_FILE'>;

/** Returns the file of the secret if ACCESS_SECRET is not set. Stored next to the user file. */
export function accessSecretFile({ ACCESS_USERS_FILE }: Pick<Settings, 'ACCESS_USERS_FILE'>): string {
  return join(dirname(ACCESS_USERS_FILE), FILE_NAME);
}

/**
 * Returns the secret of the web apps, or undefined if none exists yet.
 * @throws Error if the file is unreadable or invalid.
 */
export function findAccessSecret(settings: SecretSettings): string | undefined {
  return settings.ACCESS_SECRET || readSecretFile(accessSecretFile(settings));
}

/**
 * Returns the secret; the first process that needs it creates it.
 * @throws Error if the file can be neither read nor created.
 */
export function ensureAccessSecret(settings: SecretSettings): string {
  return findAccessSecret(settings) ?? create(accessSecretFile(settings));
}

/**
 * Returns undefined if the file does not exist.
 * @throws Error if the file is unreadable or invalid.
 */
export function readSecretFile(file: string): string | undefined {
  try {
    const secret = readFileSync(file, 'utf8').trim();
    if (!SECRET.test(secret))
      throw new Error(`${file} contains no valid secret. Delete it to have a new one created`);
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Creates the file atomically. If two processes start at once, the first link wins. */
function create(file: string): string {
  ensurePrivateFolder(dirname(file));
  const draft = `${file}.${process.pid}.new`;
  writeFileSync(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
  chmodSync(draft, 0o600);
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readSecretFile(file)!;
}
