// Asks a Redis a few questions before any package is installed: enough of RESP2 for PING, INFO, CONFIG GET, SHUTDOWN.
import { readFileSync } from 'node:fs';
import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';

const TIMEOUT_MS = 3_000;

/** The files of REDIS_TLS_*, as the apps read them; throws where one is not there. */
function tlsFiles() {
  const read = (name) => (process.env[name] ? readFileSync(process.env[name]) : undefined);
  return { ca: read('REDIS_TLS_CA'), cert: read('REDIS_TLS_CERT'), key: read('REDIS_TLS_KEY') };
}

/** Form of an address that the apps accept; src/platform/config/redis-url.ts reports the fault of any other. */
const REDIS_URL = new RegExp(
  [
    /^(?<scheme>rediss?):\/\//,
    /(?:(?<username>(?:[^\s:@/?#%]|%[\da-f]{2})*)(?::(?<password>(?:[^\s@/?#%]|%[\da-f]{2})*))?@)?/,
    /(?<host>[\p{L}\p{N}._-]+|\[[\da-f:.]+\])(?::(?<port>[1-9]\d{0,4}))?/,
    /(?:\/(?<db>0|[1-9]\d{0,8})?)?(?:\?(?<query>[^\s#]*))?$/,
  ]
    .map(({ source }) => source)
    .join(''),
  'iu',
);

/** `{ host, port, username, password, tls, db }`; undefined for what is no address of a Redis. */
export function parseRedisUrl(text) {
  const { scheme, username = '', password = '', host, port, db, query } = REDIS_URL.exec(text)?.groups ?? {};
  if (!host || !URL.canParse(text)) return undefined;
  const parameters = new URLSearchParams(query);
  if ([...parameters.keys()].some((name) => name !== 'db' && name !== 'family')) return undefined;
  try {
    return {
      host: host.replace(/^\[|\]$/g, ''),
      port: Number(port ?? 6379),
      username: decodeURIComponent(username),
      password: decodeURIComponent(password),
      tls: scheme.toLowerCase() === 'rediss',
      db: Number(db ?? parameters.get('db') ?? 0),
    };
  } catch {
    return undefined;
  }
}

/** One reply from the front of the buffer: `[value, rest]`, or undefined while it is not whole. */
function readReply(buffer) {
  const end = buffer.indexOf('\r\n');
  if (end < 0) return undefined;
  const head = buffer.toString('utf8', 1, end);
  let rest = buffer.subarray(end + 2);
  switch (String.fromCharCode(buffer[0])) {
    case '+':
      return [head, rest];
    case '-':
      return [new Error(head), rest];
    case ':':
      return [Number(head), rest];
    case '$': {
      const size = Number(head);
      if (size < 0) return [null, rest];
      if (rest.length < size + 2) return undefined;
      return [rest.toString('utf8', 0, size), rest.subarray(size + 2)];
    }
    case '*': {
      const items = [];
      for (let i = 0; i < Number(head); i++) {
        const item = readReply(rest);
        if (!item) return undefined;
        items.push(item[0]);
        rest = item[1];
      }
      return [items, rest];
    }
    default:
      return [new Error('This is not a Redis: it answers in another protocol.'), Buffer.alloc(0)];
  }
}

const encode = (command) =>
  `*${command.length}\r\n${command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`;

/** Sends commands over a connection of their own and gives back their replies; an error reply throws. */
export function askRedis(target, commands, timeoutMs = TIMEOUT_MS) {
  const login = target.password ? [['AUTH', ...[target.username, target.password].filter(Boolean)]] : [];
  if (target.db) login.push(['SELECT', String(target.db)]);
  const all = [...login, ...commands];
  return new Promise((resolve, reject) => {
    const address = { host: target.host, port: target.port };
    const socket = target.tls
      ? connectTls({ ...address, ...tlsFiles(), servername: serverName(target.host) })
      : connect(address);
    const replies = [];
    let buffer = Buffer.alloc(0);
    const end = (settle, value) => {
      clearTimeout(timer);
      socket.destroy();
      settle(value);
    };
    const timer = setTimeout(
      () =>
        end(
          reject,
          Object.assign(new Error(`no answer within ${timeoutMs / 1000} s`), { code: 'ETIMEDOUT' }),
        ),
      timeoutMs,
    );
    socket.once(target.tls ? 'secureConnect' : 'connect', () => socket.write(all.map(encode).join('')));
    socket.on('error', (error) => end(reject, error));
    socket.on('close', () => end(reject, new Error('the connection was closed without an answer')));
    socket.on('data', (chunk) => {
      buffer = Buffer.concat([buffer, chunk]);
      for (let reply = readReply(buffer); reply; reply = buffer.length ? readReply(buffer) : undefined) {
        buffer = reply[1];
        if (reply[0] instanceof Error) return end(reject, reply[0]);
        replies.push(reply[0]);
        if (replies.length === all.length) return end(resolve, replies.slice(login.length));
      }
    });
  });
}

/** An address is no name: Node refuses it as one, and compares the certificate's addresses by itself. */
function serverName(host) {
  return isIP(host) ? undefined : host;
}

/** `INFO` as an object. */
export async function redisInfo(target, section = 'server') {
  const [text] = await askRedis(target, [['INFO', section]]);
  return Object.fromEntries(
    text
      .split('\r\n')
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}
