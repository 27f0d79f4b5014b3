import { Redis } from 'ioredis';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import { parseRedisUrl } from '../../platform/config/redis-url.js';
import {
  connectionOptions,
  RedisRefusedError,
  tlsOptions,
  tlsProblem,
  type RedisAddress,
} from './redis-address.js';
import { hardenClient } from '../patches/redis-client-patches.js';

/** Timeout for the first answer, ms. The connections themselves wait for an unavailable Redis later. */
const PREFLIGHT_TIMEOUT_MS = 1500;
/** Timeout for a TLS alert, ms. */
const TLS_ALERT_TIMEOUT_MS = 500;

/**
 * Checks once, before anything is started, that Redis accepts the login.
 * @throws RedisRefusedError if Redis refuses it: a setting is wrong, and retries cannot succeed.
 */
export async function checkRedisAccess(address: RedisAddress): Promise<void> {
  const problem = tlsProblem(address);
  if (problem) throw new RedisRefusedError(problem);
  const redis = hardenClient(
    new Redis({
      ...connectionOptions(address),
      lazyConnect: true,
      connectTimeout: PREFLIGHT_TIMEOUT_MS,
      commandTimeout: PREFLIGHT_TIMEOUT_MS,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      // A Redis that is still loading accepts the login and is reported later.
      enableReadyCheck: false,
    }),
  );
  const failures: unknown[] = [];
  redis.on('error', (error) => failures.push(error));
  try {
    await Promise.race([
      redis.connect().then(() => redis.ping()),
      pause(PREFLIGHT_TIMEOUT_MS, undefined, { ref: false }),
    ]);
  } catch (error) {
    const why =
      [error, ...failures].map(explainRefusal).find(Boolean) ?? explainRefusal(await readTlsAlert(address));
    if (why) throw new RedisRefusedError(`The Redis of REDIS_URL does not let Roost in: ${why}`);
  } finally {
    redis.disconnect();
  }
}

/**
 * Reads the TLS alert of the server on a connection that sends nothing. A server that requires a client certificate
 * sends its alert after its side of the handshake; a client that has already sent data may see only a closed connection.
 */
async function readTlsAlert(address: RedisAddress): Promise<unknown> {
  const { tls } = tlsOptions(address);
  if (!tls) return undefined;
  const { host, port } = parseRedisUrl(address.REDIS_URL);
  return new Promise((resolve) => {
    const socket = connect({ ...tls, host, port });
    socket.setTimeout(TLS_ALERT_TIMEOUT_MS, () => socket.destroy());
    socket.once('error', resolve);
    socket.once('close', () => resolve(undefined));
  });
}

/** Explains why Redis refused the connection, without any sent data; undefined if Redis is only unavailable. */
export function explainRefusal(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { message } = error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const refusedDb = explainDatabaseRefusal(error);
  if (refusedDb) return refusedDb;
  if (/^WRONGPASS|invalid password/.test(message))
    return 'it refuses the user or the password. (In REDIS_URL their characters @ / ? # % must be percent-encoded: %40 for @.)';
  if (/^NOAUTH/.test(message)) return 'it requires a password, such as redis://user:password@host:6379.';
  if (/^NOPERM/.test(message))
    return 'its user lacks permissions; docs/security.md has the required ACL rule.';
  if (/ALTNAME/.test(code)) return `its certificate is for another name than REDIS_URL has (${code}).`;
  // Must precede the next check: these codes concern the client's own certificate.
  if (/^ERR_SSL|^EPROTO/.test(code))
    return `the TLS handshake failed (${code}). Check that this port uses TLS, and whether it requires REDIS_TLS_CERT and REDIS_TLS_KEY.`;
  if (/CERT|SELF_SIGNED|ISSUER|UNABLE_TO_VERIFY/.test(code))
    return `its certificate is not trusted (${code}). REDIS_TLS_CA names the file of the CA that signed it.`;
  return undefined;
}

/** Explains why SELECT was refused; undefined for errors that other commands get as well. */
function explainDatabaseRefusal(error: Error): string | undefined {
  const { command } = error as { command?: { name?: string; args?: unknown[] } };
  if (command?.name !== 'select') return undefined;
  const database = `database ${String(command.args?.[0])}, which REDIS_URL names`;
  if (/out of range|invalid DB/i.test(error.message))
    return `it has no ${database}: its setting \`databases\` has their number (16 by default), counted from 0. Name one of them, or give each Roost a QUEUE_PREFIX of its own.`;
  if (/cluster/i.test(error.message))
    return `it is a cluster, which has no ${database}; a cluster has database 0 alone.`;
  if (/^NOPERM|unknown command/.test(error.message))
    return `it does not allow SELECT, so that ${database} cannot be used. Allow it for this user (+select), or use database 0.`;
  return undefined;
}
