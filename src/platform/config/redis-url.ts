import { isIPv6 } from 'node:net';
import { parseProblem } from './parse-problem.js';

/** Parts of an address such as rediss://user:password@host:6380/3?family=6. */
export interface RedisTarget {
  host: string;
  port: number;
  db: number;
  tls: boolean;
  username?: string;
  password?: string;
  /** IP version; undefined: the first that the host name resolves to. */
  family?: 4 | 6;
}

/** Error that explains the problem and the valid form. Contains no part of the address, which may be a password. */
export class RedisUrlError extends Error {
  override name = 'RedisUrlError';
}

export const REDIS_URL_FORM = 'redis://user:password@host:6379/0, or rediss:// for TLS';
const ENCODE = 'in a user or password write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25';
const DEFAULT_PORT = 6379;
const PARAMETERS = ['db', 'family'];

/**
 * Parses an address more strictly than the client library, which reads unknown parts as database 0 or as options.
 * @throws RedisUrlError
 */
export function parseRedisUrl(text: string): RedisTarget {
  if (/\s/.test(text)) refuse('must not contain spaces; in a password write %20');
  const [, scheme = '', rest = ''] = /^(rediss?):\/\/(.*)$/i.exec(text) ?? [];
  if (!scheme) refuse(`must look like ${REDIS_URL_FORM}`);

  const end = rest.search(/[/?#]|$/);
  const at = rest.lastIndexOf('@');
  if (at > end) refuse(`has a / ? or # before its @, which ends the address there: ${ENCODE}`);
  const [path = '', ...afterHash] = rest.slice(end).split('#');
  if (afterHash.length > 0) refuse(`has a # in it: ${ENCODE}`);
  const question = path.search(/\?|$/);
  const { db, family } = parseQuery(path.slice(question + 1));
  const pathDb = parsePath(path.slice(0, question));
  if (db !== undefined && pathDb !== undefined)
    refuse('names its database twice, at the end of its path and as ?db=; leave one of them out');

  return {
    ...parseHost(rest.slice(at + 1, end)),
    ...(at < 0 ? {} : parseLogin(rest.slice(0, at))),
    db: db ?? pathDb ?? 0,
    tls: scheme.toLowerCase() === 'rediss',
    ...(family === undefined ? {} : { family }),
  };
}

/** Returns the problem with the address, or undefined. */
export function redisUrlProblem(text: string): string | undefined {
  return parseProblem(parseRedisUrl, text);
}

function parseLogin(text: string): Pick<RedisTarget, 'username' | 'password'> {
  if (text.includes('@')) refuse(`has more than one @: ${ENCODE}`);
  const colon = text.search(/:|$/);
  try {
    const username = decodeURIComponent(text.slice(0, colon));
    const password = decodeURIComponent(text.slice(colon + 1));
    return { ...(username ? { username } : {}), ...(username || password ? { password } : {}) };
  } catch {
    return refuse(`has a % in its user or password that begins no encoded character: ${ENCODE}`);
  }
}

function parseHost(text: string): Pick<RedisTarget, 'host' | 'port'> {
  if (text.includes(',')) refuse('names several hosts; there can be one');
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(text);
  if (!parts && !text.includes(']'))
    refuse('has more than one colon after its host; an IPv6 address goes into brackets: redis://[::1]:6379');
  const [, inBrackets, name = '', port] = parts ?? [];
  const host = inBrackets ?? name;
  if (!parts || (inBrackets !== undefined && !isIPv6(inBrackets)))
    refuse('has brackets around what is no IPv6 address');
  if (!host) refuse(`has no host; it must look like ${REDIS_URL_FORM}; ${ENCODE}`);
  if (inBrackets === undefined && !/^[\p{L}\p{N}._-]+$/u.test(host))
    refuse('has a character in its host that no name of a host has');
  if (port === undefined) return { host, port: DEFAULT_PORT };
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (number < 1 || number > 65_535)
    refuse(`must have a port from 1 to 65535 after the colon that follows its host; ${ENCODE}`);
  return { host, port: number };
}

function parsePath(path: string): number | undefined {
  if (path === '' || path === '/') return undefined;
  return parseDb(path.slice(1), 'must end with its host, or with the number of a database such as /3');
}

function parseDb(text: string, problem: string): number {
  return /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : refuse(problem);
}

function parseQuery(query: string): { db?: number; family?: 4 | 6 } {
  const found: { db?: number; family?: 4 | 6 } = {};
  const parameters = [...new URLSearchParams(query)];
  for (const [name, value] of parameters) {
    if (!PARAMETERS.includes(name))
      refuse(`has a parameter after ? that is not known; there are ${PARAMETERS.join(' and ')}`);
    if (parameters.filter(([other]) => other === name).length > 1) refuse(`has the parameter ${name} twice`);
    if (name === 'db')
      found.db = parseDb(value, 'must have the number of a database after db=, such as ?db=3');
    else if (value === '4' || value === '6') found.family = Number(value) as 4 | 6;
    else refuse('must have 4 or 6 after family=');
  }
  return found;
}

function refuse(problem: string): never {
  throw new RedisUrlError(problem);
}
