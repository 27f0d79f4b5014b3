import { hash, randomFillSync } from 'node:crypto';

/*
 * Ids are ours, never BullMQ's: an `add` whose reply is lost is sent again, and only an id of our own keeps
 * that from becoming a second task. 26 characters of Crockford's base 32, lower case:
 *
 *   t <9: milliseconds> <14: random> <2: check>      a task handed in without a key
 *   k <23: hash of the Idempotency-Key> <2: check>   the same key always gives the same id
 *
 * The check characters tell an id we once gave out from one we never saw: 410 rather than 404 once it is forgotten.
 */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const OURS = /^[tk][0-9a-hjkmnp-tv-z]{25}$/;

/** What BullMQ and our URLs take as an id: also those of jobs that other programs added. */
export const JOB_ID = /^[A-Za-z0-9_.@~-][A-Za-z0-9_.@~:-]{0,127}$/;

export function newTaskId(now: number = Date.now()): string {
  return checked(`t${time(now)}${encode(random(14), 14)}`);
}

export function taskIdOfKey(idempotencyKey: string): string {
  return checked(`k${encode(sha256(idempotencyKey), 23)}`);
}

/** Only these can be given out again: the same key, once its task is gone. */
export function isIdOfKey(id: string): boolean {
  return id.startsWith('k') && OURS.test(id);
}

/** True for an id that some Roost gave out, whether or not the task is still known. */
export function isIssuedId(id: string): boolean {
  return OURS.test(id) && checked(id.slice(0, 24)) === id;
}

function time(now: number): string {
  let text = '';
  for (let rest = now, i = 0; i < 9; i++, rest = Math.floor(rest / 32)) text = ALPHABET[rest % 32] + text;
  return text;
}

/** Drawn a few hundred at a time: a call for each id costs as much as all the rest of it. */
const drawn = new Uint8Array(14 * 256);
let used = drawn.length;

function random(bytes: number): Uint8Array {
  if (used + bytes > drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  used += bytes;
  return drawn.subarray(used - bytes, used);
}

/** One character from the low five bits of each byte. */
function encode(bytes: Uint8Array, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += ALPHABET[bytes[i]! & 31];
  return text;
}

function checked(body: string): string {
  return body + encode(sha256(`roost:${body}`), 2);
}

/** Bytes by way of hexadecimal: the quickest that there is for a short text. */
function sha256(text: string): Uint8Array {
  return Buffer.from(hash('sha256', text, 'hex'), 'hex');
}
