import type { Redis } from 'ioredis';

/*
 * Calls of Lua scripts in the Redis protocol. Text has one character per byte: joined to one write, it costs a fraction of
 * what ioredis needs for arguments of which one is a buffer.
 */

const ASCII = /^[\0-\x7f]*$/;

/** Encodes an argument. */
export function encodeArgument(value: string | Buffer): string {
  if (typeof value !== 'string') return encodeBytes(value.toString('latin1'));
  return encodeBytes(toBytes(value));
}

/** Returns UTF-8 with one character per byte. */
export function toBytes(text: string): string {
  return ASCII.test(text) ? text : Buffer.from(text).toString('latin1');
}

/** Encodes an argument that has one character per byte already. */
export function encodeBytes(bytes: string): string {
  return `$${bytes.length}\r\n${bytes}\r\n`;
}

/** A script of which ioredis knows the source. */
export interface PreparedScript {
  sha: string;
  /** Sockets whose Redis has the script. */
  known: WeakSet<object>;
  /** Beginning of a call by the script's hash, and by its source. The keys and arguments follow. */
  bySha: string;
  bySource: string;
}

/** @param args number of arguments after the keys. */
export function prepareScript(redis: Redis, name: string, args: number): PreparedScript | undefined {
  const { scriptsSet } = redis as unknown as {
    scriptsSet: Record<string, { sha: string; lua: string; numberOfKeys: number } | undefined>;
  };
  const script = scriptsSet[name];
  if (!script) return undefined;
  const { sha, lua, numberOfKeys } = script;
  const head = (command: string, what: string) =>
    `*${numberOfKeys + args + 3}\r\n${encodeArgument(command)}${encodeArgument(what)}${encodeArgument(String(numberOfKeys))}`;
  return { sha, known: new WeakSet(), bySha: head('evalsha', sha), bySource: head('eval', lua) };
}
