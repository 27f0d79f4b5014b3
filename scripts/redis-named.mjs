// The Redis somebody named with REDIS_URL: is it there, and if not, what is wrong and what cures it.
import { askRedis, maskRedisUrl, parseRedisUrl, redisInfo } from './redis-client.mjs';
import { Halt } from './say.mjs';

/** Wrong settings (sysexits' EX_CONFIG): the same number the apps exit with. */
export const EXIT_CONFIG = 78;

/** Its version in words; throws a Halt with the cure when it is of no use. */
export async function checkNamedRedis(url) {
  const shown = maskRedisUrl(url);
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url)) {
    throw new Halt(
      `REDIS_URL is not the address of a Redis: ${shown}`,
      ['It has to look like redis://user:password@host:6379/0 (rediss:// for TLS).', ...orEmbedded()],
      EXIT_CONFIG,
    );
  }
  const target = parseRedisUrl(url);
  try {
    await askRedis(target, [['PING']]);
    const { redis_version: version } = await redisInfo(target).catch(() => ({}));
    return `${version ? `${version} ` : ''}at ${shown}`;
  } catch (error) {
    throw new Halt(`The Redis of REDIS_URL cannot be used: ${shown}`, [why(error, target), ...orEmbedded()]);
  }
}

function orEmbedded() {
  return ['Or remove REDIS_URL (from the environment or .env): npm start then brings a Redis of its own.'];
}

function why(error, { host, port, tls }) {
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
  if (/^LOADING/.test(text)) return 'It is still loading its data. Type the same command again in a moment.';
  if (/certificate|self.signed|SSL|TLS/i.test(text)) {
    return `TLS failed (${text}). ${tls ? 'REDIS_TLS_CA names the file of who signed it.' : ''}`.trim();
  }
  if (/closed without/.test(text) && !tls) return `It closed the connection. Does it want TLS (rediss://)?`;
  return `It answers: ${text}`;
}
