import { Redis } from 'ioredis';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import { RedisRefusedError, tlsOptions, tlsProblem, type RedisAddress } from './redis-address.js';
import { mannered } from './redis-manners.js';

/** Longest to wait for the first answer, ms; a Redis that is away is waited for later. */
const KNOCK_MS = 1500;
/** What is not said by then is not said, ms. */
const QUIET_MS = 500;

/**
 * Asks once, before anything is started, whether Redis lets us in.
 * @throws RedisRefusedError where it says no: what is wrong is then the setting, and trying again would not end.
 */
export async function knock(address: RedisAddress): Promise<void> {
  const problem = tlsProblem(address);
  if (problem) throw new RedisRefusedError(problem);
  const redis = mannered(
    new Redis(address.REDIS_URL, {
      ...tlsOptions(address),
      lazyConnect: true,
      connectTimeout: KNOCK_MS,
      commandTimeout: KNOCK_MS,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      // One that is still reading its data lets us in, and says so later.
      enableReadyCheck: false,
    }),
  );
  const failures: unknown[] = [];
  redis.on('error', (error) => failures.push(error));
  try {
    await Promise.race([
      redis.connect().then(() => redis.ping()),
      pause(KNOCK_MS, undefined, { ref: false }),
    ]);
  } catch (error) {
    const why =
      [error, ...failures].map(whyRefused).find(Boolean) ?? whyRefused(await listenQuietly(address));
    if (why) throw new RedisRefusedError(`The Redis of REDIS_URL does not let Roost in: ${why}`);
  } finally {
    redis.disconnect();
  }
}

/**
 * What the other side says of a TLS connection on which nothing is sent. Having sent something, we may see no more
 * than that it hung up: who wants a certificate says so after its side of the handshake is done.
 */
async function listenQuietly(address: RedisAddress): Promise<unknown> {
  const { tls } = tlsOptions(address);
  if (!tls) return undefined;
  const { hostname, port } = new URL(address.REDIS_URL);
  return new Promise((resolve) => {
    const socket = connect({ ...tls, host: hostname, port: Number(port || 6379) });
    socket.setTimeout(QUIET_MS, () => socket.destroy());
    socket.once('error', resolve);
    socket.once('close', () => resolve(undefined));
  });
}

/** In words, without what was sent; undefined where it is only away. */
export function whyRefused(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { message } = error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (/^WRONGPASS|invalid password/.test(message)) return 'it refuses the user or the password.';
  if (/^NOAUTH/.test(message)) return 'it wants a password, such as redis://user:password@host:6379.';
  if (/^NOPERM/.test(message)) return 'its user may do too little; docs/security.md has the line of an ACL.';
  if (/ALTNAME/.test(code)) return `its certificate is for another name than REDIS_URL has (${code}).`;
  // Before the next: its code tells of a certificate, that of ours.
  if (/^ERR_SSL|^EPROTO/.test(code))
    return `no TLS came about (${code}). Does it speak TLS at this port, and want REDIS_TLS_CERT and REDIS_TLS_KEY?`;
  if (/CERT|SELF_SIGNED|ISSUER|UNABLE_TO_VERIFY/.test(code))
    return `its certificate is not trusted (${code}). REDIS_TLS_CA names the file of who signed it.`;
  return undefined;
}
