import type { Redis } from 'ioredis';
import type { RecordSeal } from '../../src/auth/record-seal.js';

/** Content of the sealed record of a login or a token. */
export async function readRecord<T>(redis: Redis, seal: RecordSeal, key: string): Promise<T> {
  const text = seal.open(key, (await redis.get(key)) ?? '');
  if (text === undefined) throw new Error(`${key} is not sealed with this secret`);
  return JSON.parse(text) as T;
}

/** Changes a record and seals it again, as a web app with that secret would. */
export async function editRecord(
  redis: Redis,
  seal: RecordSeal,
  key: string,
  change: object,
  ttlMs?: number,
): Promise<void> {
  const record = { ...(await readRecord<object>(redis, seal, key)), ...change };
  const sealed = seal.seal(key, JSON.stringify(record));
  if (ttlMs === undefined) await redis.set(key, sealed, 'KEEPTTL');
  else await redis.set(key, sealed, 'PX', ttlMs);
}
