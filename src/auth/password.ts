import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/**
 * Cost of new hashes: 2^15 x 8 x 3, about a third of a second and 32 MB. One of the equally strong settings of
 * https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html, chosen for small machines.
 */
const COST: Cost = { logN: 15, r: 8, p: 3 };
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const MIN_LENGTH = 10;
const MAX_LENGTH = 256;

interface Cost {
  logN: number;
  r: number;
  p: number;
}

interface ParsedHash extends Cost {
  salt: Buffer;
  key: Buffer;
}

/**
 * `scrypt.15.8.3.<salt>.<key>`. Uses dots instead of the usual dollars: shells, compose files and .env readers
 * replace `$name` in values and would silently change the hash.
 */
const HASH = /^scrypt\.(\d{1,2})\.(\d{1,2})\.(\d{1,2})\.([A-Za-z0-9_-]{11,86})\.([A-Za-z0-9_-]{22,86})$/;

export async function hashPassword(password: string, cost: Cost = COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, { ...cost, salt }, KEY_BYTES);
  return ['scrypt', cost.logN, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join(
    '.',
  );
}

/** Whether the password matches the hash. Takes the same time either way. */
export async function isPassword(password: string, hash: string): Promise<boolean> {
  const { key, ...rest } = parseHash(hash);
  return timingSafeEqual(await derive(password, rest, key.length), key);
}

/** Hash of a random key, compared when the user does not exist to equalize timing. */
export const DUMMY_HASH = [
  'scrypt',
  COST.logN,
  COST.r,
  COST.p,
  randomBytes(SALT_BYTES).toString('base64url'),
  randomBytes(KEY_BYTES).toString('base64url'),
].join('.');

/** @throws Error with a message if the text is no hash, or its cost would overload the machine. */
export function parseHash(hash: string): ParsedHash {
  const [, logN, r, p, salt, key] = HASH.exec(hash) ?? [];
  if (!salt || !key) throw new Error('is not a password hash; `npm run user -- hash` makes one');
  const cost = { logN: Number(logN), r: Number(r), p: Number(p) };
  if (cost.logN < 10 || cost.logN > 20 || cost.r < 1 || cost.r > 16 || cost.p < 1 || cost.p > 16) {
    throw new Error('is a password hash with a cost out of bounds');
  }
  return { ...cost, salt: Buffer.from(salt, 'base64url'), key: Buffer.from(key, 'base64url') };
}

/** Returns the problem with a new password, or undefined. */
export function passwordProblem(password: string, name: string): string | undefined {
  const length = [...password].length;
  if (length < MIN_LENGTH) return `must be at least ${MIN_LENGTH} characters long`;
  if (password.length > MAX_LENGTH) return `must be at most ${MAX_LENGTH} characters long`;
  if (new Set(password).size < 4) return 'must have more than three different characters';
  if (password.toLowerCase().includes(name.toLowerCase())) return 'must not have the name in it';
  return undefined;
}

/** Rejects texts that cannot be a password before they are hashed. */
export function mayBePassword(text: string): boolean {
  return text.length > 0 && text.length <= MAX_LENGTH;
}

function derive(
  password: string,
  { logN, r, p, salt }: Omit<ParsedHash, 'key'>,
  bytes: number,
): Promise<Buffer> {
  const N = 2 ** logN;
  return new Promise((resolve, reject) => {
    // Normalizes, since keyboards and systems encode the same character differently.
    scrypt(password.normalize('NFKC'), salt, bytes, { N, r, p, maxmem: 256 * N * r }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
