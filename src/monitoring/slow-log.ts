import type { Redis } from 'ioredis';

/** A slow command, without what it wrote and without who sent it from where. */
export interface SlowCall {
  id: number;
  at: string;
  micros: number;
  /** `EVALSHA`, `HGETALL` */
  command: string;
  /** The first key of ours that it names. */
  key?: string;
  /** Name that the connection gave itself, where it is one of ours. */
  client?: string;
}

const CALLS = 10;
const LONGEST_KEY = 80;

/** id, time in seconds, microseconds, command and arguments, address, name of the connection */
type Entry = [number, number, number, string[], string?, string?];

export async function readSlowLog(redis: Redis, prefix: string): Promise<SlowCall[]> {
  const entries = (await redis.slowlog('GET', CALLS)) as Entry[];
  return entries.map((entry) => toSlowCall(entry, prefix));
}

/** Arguments may hold anything a task was given: only the command and a key's name are told. */
export function toSlowCall([id, seconds, micros, args, , client]: Entry, prefix: string): SlowCall {
  const key = args.find((arg, index) => index > 0 && arg.startsWith(`${prefix}:`) && !/\s/.test(arg));
  return {
    id,
    at: new Date(seconds * 1_000).toISOString(),
    micros,
    command: (args[0] ?? '').toUpperCase().slice(0, 40),
    ...(key ? { key: key.length > LONGEST_KEY ? `${key.slice(0, LONGEST_KEY)}…` : key } : {}),
    ...(client && /^roost:[\w-]{1,40}$/.test(client) ? { client } : {}),
  };
}
