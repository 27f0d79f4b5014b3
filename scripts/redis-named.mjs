// The Redis somebody named with REDIS_URL: is it there, and if not, what is wrong and what cures it.
import { maskUrl } from './mask-url.mjs';
import { askRedis, parseRedisUrl, redisInfo } from './redis-client.mjs';
import { Halt } from './terminal.mjs';

/** Wrong settings (sysexits' EX_CONFIG): the same number the apps exit with. */
export const EXIT_CONFIG = 78;

/** Its version in words; throws a Halt with the cure when it is of no use. */
export async function checkNamedRedis(url) {
  const target = parseRedisUrl(url.trim());
  if (!target) {
    // Not repeated: what is wrong may be its password.
    throw new Halt(
      'REDIS_URL is not the address of a Redis.',
      [
        'It has to look like redis://user:password@host:6379/0 (rediss:// for TLS).',
        'In its user and password write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25.',
        ...orEmbedded(),
      ],
      EXIT_CONFIG,
    );
  }
  const shown = maskUrl(url.trim());
  try {
    await askRedis(target, [['PING']]);
    const { redis_version: version } = await redisInfo(target).catch(() => ({}));
    return `${version ? `${version} ` : ''}at ${shown}`;
  } catch (error) {
    const cure = [why(error, target), ...orEmbedded()];
    const exitCode = isNoDatabase(error) ? EXIT_CONFIG : undefined;
    throw new Halt(`The Redis of REDIS_URL cannot be used: ${shown}`, cure, exitCode);
  }
}

function orEmbedded() {
  return ['Or remove REDIS_URL (from the environment or .env): npm start then brings a Redis of its own.'];
}

function isNoDatabase({ message = '' }) {
  return /DB index|SELECT is not allowed/i.test(message);
}

function why(error, { host, port, tls, db }) {
  const text = error.message || error.code || String(error);
  if (error.code === 'ECONNREFUSED') {
    return `Nothing listens on ${host}:${port}. Start it, or correct the host and port.`;
  }
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN')
    return `The name ${host} is not known here. Correct it.`;
  if (error.code === 'ETIMEDOUT') {
    return `No answer from ${host}:${port} (${text}). Is it the right address, and does a firewall stand between?`;
  }
  if (/^NOAUTH/.test(text)) return 'It wants a password: redis://:password@host:port';
  if (/^(WRONGPASS|ERR AUTH|ERR invalid password)/.test(text))
    return 'It refuses the user or the password. Correct them.';
  if (isNoDatabase(error)) {
    return `It has no database ${db}: its setting databases has their number (16 by default), counted from 0. Name one of them, or give each Roost a QUEUE_PREFIX of its own.`;
  }
  if (/^LOADING/.test(text)) return 'It is still loading its data. Type the same command again in a moment.';
  if (/certificate|self.signed|SSL|TLS/i.test(text)) {
    return `TLS failed (${text}). ${tls ? 'REDIS_TLS_CA names the file of who signed it.' : ''}`.trim();
  }
  if (/closed without/.test(text) && !tls) return `It closed the connection. Does it want TLS (rediss://)?`;
  return `It answers: ${text}`;
}
