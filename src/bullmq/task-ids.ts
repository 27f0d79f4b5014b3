import { hash, randomFillSync } from 'node:crypto';

/*
 * Roost generates task ids instead of BullMQ: an `add` whose reply is lost is sent again, and only the same id prevents
 * a second task. An id has 26 characters of Crockford's base 32, lower case:
 *
 *   t <9: milliseconds> <14: random> <2: check>      a task submitted without a key
 *   k <23: hash of the Idempotency-Key> <2: check>   the same key always gives the same id
 *
 * The check characters distinguish an issued id from an unknown one: a removed task gets 410 instead of 404.
 */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const ISSUED_ID = /^[tk][0-9a-hjkmnp-tv-z]{25}$/;

/** Ids that BullMQ and Roost's URLs accept, including those of jobs that other programs added. */
export const JOB_ID = /^[A-Za-z0-9_.@~-][A-Za-z0-9_.@~:-]{0,127}$/;

/** Longest id that is looked up, in characters. Ids of other programs may contain any characters. */
export const MAX_ID_LENGTH = 1024;

/** Path segments that Roost uses in the place of an id. */
const RESERVED_PATH_SEGMENTS: ReadonlySet<string> = new Set(['bulk', 'export', 'searches', 'suggest']);

/**
 * Encodes an id as a path segment. Clients resolve `.` and `..` before they send a request, so these get a leading `~`,
 * which `dotIds` removes again. An id equal to a reserved segment has its first character escaped.
 */
export function idInPath(id: string): string {
  if (/^~*\.\.?$/.test(id)) return `~${id}`;
  if (RESERVED_PATH_SEGMENTS.has(id)) return `%${id.charCodeAt(0).toString(16)}${id.slice(1)}`;
  return encodeURIComponent(id);
}

export function newTaskId(now: number = Date.now()): string {
  return withCheck(`t${encodeTime(now)}${encode(nextRandomBytes(14), 14)}`);
}

export function taskIdOfKey(idempotencyKey: string): string {
  return withCheck(`k${encode(Buffer.from(sha256(idempotencyKey), 'hex'), 23)}`);
}

/** True for an id derived from an Idempotency-Key. Only such an id can be issued again, after its task is removed. */
export function isIdOfKey(id: string): boolean {
  return id.startsWith('k') && ISSUED_ID.test(id);
}

/** True for an id in the form that Roost issues, without a calculation of its check characters. */
export function hasIssuedForm(id: string): boolean {
  return ISSUED_ID.test(id);
}

/** True for an id that any Roost issued, whether or not the task still exists. */
export function isIssuedId(id: string): boolean {
  return ISSUED_ID.test(id) && withCheck(id.slice(0, 24)) === id;
}

let encodedTime = { ms: -1, text: '' };

/** Repeats the last result: many tasks are submitted within one millisecond. */
function encodeTime(now: number): string {
  if (encodedTime.ms === now) return encodedTime.text;
  let text = '';
  for (let rest = now, i = 0; i < 9; i++, rest = Math.floor(rest / 32)) text = ALPHABET[rest % 32] + text;
  encodedTime = { ms: now, text };
  return text;
}

/** Random bytes for 256 ids: one call per id would cost as much as the rest of the id. */
const randomPool = new Uint8Array(14 * 256);
let poolOffset = randomPool.length;

function nextRandomBytes(bytes: number): Uint8Array {
  if (poolOffset + bytes > randomPool.length) {
    randomFillSync(randomPool);
    poolOffset = 0;
  }
  poolOffset += bytes;
  return randomPool.subarray(poolOffset - bytes, poolOffset);
}

/** Encodes the low five bits of each byte as one character. */
function encode(bytes: Uint8Array, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += ALPHABET[bytes[i]! & 31];
  return text;
}

function withCheck(body: string): string {
  const digits = sha256(`roost:${body}`);
  return body + ALPHABET[byteAt(digits, 0) & 31]! + ALPHABET[byteAt(digits, 1) & 31]!;
}

/** Hash in hexadecimal: the fastest variant for a short text. */
function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}

function byteAt(digits: string, at: number): number {
  return parseInt(digits.slice(2 * at, 2 * at + 2), 16);
}
