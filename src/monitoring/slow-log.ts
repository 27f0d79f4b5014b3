import type { Redis } from 'ioredis';
import { isOwnKey } from '../bullmq/keys.js';

/** A slow command, without its arguments and without the address of the client. */
export interface SlowCall {
  id: number;
  at: string;
  micros: number;
  /** `EVALSHA`, `HGETALL` */
  command: string;
  /** First argument that is a key with our prefix. */
  key?: string;
  /** Name of the connection, where it is one of Roost's. */
  client?: string;
}

const MAX_CALLS = 10;
const MAX_KEY_LENGTH = 80;

/** An entry of SLOWLOG: id, time in seconds, microseconds, command and arguments, address, name of the connection. */
type Entry = [number, number, number, string[], string?, string?];

export async function readSlowLog(redis: Redis, prefix: string): Promise<SlowCall[]> {
  const entries = (await redis.slowlog('GET', MAX_CALLS)) as Entry[];
  return entries.map((entry) => toSlowCall(entry, prefix));
}

/** Maps an entry. Arguments may contain task data, so only the command and the name of a key are returned. */
export function toSlowCall([id, seconds, micros, args, , client]: Entry, prefix: string): SlowCall {
  const key = args.find((arg, index) => index > 0 && isOwnKey(prefix, arg) && !/\s/.test(arg));
  return {
    id,
    at: new Date(seconds * 1_000).toISOString(),
    micros,
    command: (args[0] ?? '').toUpperCase().slice(0, 40),
    ...(key ? { key: key.length > MAX_KEY_LENGTH ? `${key.slice(0, MAX_KEY_LENGTH)}…` : key } : {}),
    ...(client && /^roost:[\w-]{1,40}$/.test(client) ? { client } : {}),
  };
}
