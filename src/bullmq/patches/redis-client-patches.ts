import type { Redis } from 'ioredis';
import { findRefusal } from '../connection/redis-refusals.js';

/** Marker field in a replaced answer to INFO, for a Redis user who may not run INFO. */
const INFO_FORBIDDEN = 'roost_not_told';

/**
 * Patches a client, and every duplicate that BullMQ makes of it, against five defects of ioredis:
 * - A command times out because this process was busy, although its answer has already arrived.
 * - The error of a failed login contains the password.
 * - No worker starts if an ACL forbids INFO.
 * - A connection whose SELECT fails continues with database 0.
 * - A connection to a primary that became a replica is never replaced.
 */
export function hardenClient<R extends Redis>(redis: R): R {
  // Must be the first listener: later listeners receive the same error object.
  redis.prependListener('error', stripCredentials);
  excludeLocalDelays(redis);
  requireSelectedDatabase(redis);
  leaveReplicas(redis);
  const info = redis.info.bind(redis) as (...args: unknown[]) => Promise<string>;
  const duplicate = redis.duplicate.bind(redis);
  return Object.assign(redis, {
    // ioredis itself calls it with a callback before it emits `ready`.
    info(...args: unknown[]): Promise<string> {
      const callback = typeof args.at(-1) === 'function' ? (args.pop() as Callback) : undefined;
      const answer = info(...args).catch((error: unknown) => infoFromHello(redis, error));
      if (callback)
        answer.then(
          (text) => callback(null, text),
          (error: unknown) => callback(error),
        );
      return answer;
    },
    duplicate: (...args: Parameters<typeof duplicate>) => hardenClient(duplicate(...args)),
  });
}

type Callback = (error: unknown, text?: string) => void;

/** True if the Redis user may not run INFO; `info` then contains only the version. */
export function isInfoForbidden(info: ReadonlyMap<string, string>): boolean {
  return info.has(INFO_FORBIDDEN);
}

/** Replaces a forbidden INFO with the version from HELLO, which every user may run. */
async function infoFromHello(redis: Redis, error: unknown): Promise<string> {
  if (!(error instanceof Error) || !error.message.startsWith('NOPERM')) throw error;
  const version = helloField(await redis.hello(), 'version');
  if (!version) throw error;
  return `redis_version:${version}\r\n${INFO_FORBIDDEN}:INFO\r\n`;
}

/** Field of an answer to HELLO, which is a list of names and values or a map, depending on the protocol. */
export function helloField(greeting: unknown, name: 'version' | 'role'): string | undefined {
  if (greeting instanceof Map) return greeting.get(name) as string | undefined;
  if (Array.isArray(greeting)) return greeting[greeting.indexOf(name) + 1] as string | undefined;
  return (greeting as Record<string, string> | null)?.[name];
}

/** Parts of the client that its types do not declare. */
interface ClientInternals {
  stream: unknown;
  recoverFromFatalError(command: unknown, error: unknown, options: { offlineQueue: boolean }): void;
}

/**
 * Reconnects until SELECT succeeds. ioredis only reports a failed SELECT, at the start or after an outage, and
 * continues in database 0. A SELECT that times out counts as failed, because its late answer is ignored.
 */
function requireSelectedDatabase(redis: Redis): void {
  const inside = redis as unknown as ClientInternals;
  const select = redis.select.bind(redis) as (db: number) => Promise<'OK'>;
  const selectOrClose = async (db: number): Promise<'OK'> => {
    const { stream } = inside;
    try {
      return await select(db);
    } catch (error) {
      if (redis.status === 'connect' && inside.stream === stream)
        inside.recoverFromFatalError(error, error, { offlineQueue: false });
      // Never settles: a rejection would end this step, and the client would become ready.
      return new Promise(() => undefined);
    }
  };
  Object.assign(redis, { select: selectOrClose });
}

/** Delay of a timer above which this process was busy, ms. */
const MAX_TIMER_LAG_MS = 50;

interface TimedCommand {
  _commandTimeoutTimer?: NodeJS.Timeout;
  isFinished: boolean;
  reject(error: Error): void;
  setTimeout(ms: number): void;
}

/**
 * Excludes the time in which this process was busy from command timeouts. Timers run before sockets are read: after a
 * blocked second each pending command would fail although its answer has arrived. Therefore the sockets are read once
 * more before a command times out, and a late timer is extended once by its delay.
 */
function excludeLocalDelays(redis: Redis): void {
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (...args: Parameters<typeof send>) => {
    (args[0] as unknown as TimedCommand).setTimeout = setFairTimeout;
    return send(...args);
  };
}

function setFairTimeout(this: TimedCommand, ms: number): void {
  if (this._commandTimeoutTimer) return;
  const wait = (waitMs: number, mayExtend: boolean) => {
    const due = performance.now() + waitMs;
    this._commandTimeoutTimer = setTimeout(() => {
      const lateMs = performance.now() - due;
      if (mayExtend && lateMs > MAX_TIMER_LAG_MS) return wait(Math.min(lateMs, ms), false);
      setImmediate(() => {
        if (!this.isFinished) this.reject(new Error('Command timed out'));
      });
    }, waitMs);
  };
  wait(ms, true);
}

/** Shortest interval between two reconnects because of a read-only replica, ms. */
const REPLICA_RECONNECT_INTERVAL_MS = 5_000;
const leavingReplica = new WeakSet<Redis>();

/**
 * Reconnects after a READONLY error: after a failover the address may resolve to another Redis. The refused command is
 * not repeated.
 */
function leaveReplicas(redis: Redis): void {
  let leftAt = -Infinity;
  redis.options.reconnectOnError = (error) => {
    if (findRefusal(error)?.word !== 'READONLY' || performance.now() - leftAt < REPLICA_RECONNECT_INTERVAL_MS)
      return false;
    leftAt = performance.now();
    leavingReplica.add(redis);
    return true;
  };
}

/** True once after a connection was closed because of a replica, which is no outage. */
export function hasLeftReplica(redis: Redis): boolean {
  return leavingReplica.delete(redis);
}

function stripCredentials(error: unknown): void {
  const { command } = (error ?? {}) as { command?: { name?: string; args?: unknown } };
  if (command && /^(auth|hello)$/i.test(command.name ?? '')) delete command.args;
}
