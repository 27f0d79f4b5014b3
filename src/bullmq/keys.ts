/*
 * Keys in Redis. Only this file puts keys together, and Lua scripts from the bases that they receive. All keys begin with
 * the prefix of their Roost (`QUEUE_PREFIX`), except those of observed queues.
 */

/** Sets, lists and hashes of a queue. `control`, `control:log`, `flow`, `expiry`, `cancelled` and `expired` are Roost's own. */
export type QueuePart =
  | ('wait' | 'paused' | 'active' | 'prioritized' | 'delayed' | 'waiting-children')
  | ('completed' | 'failed' | 'cancelled' | 'expired')
  | ('events' | 'meta' | 'marker' | 'limiter' | 'metrics:completed' | 'metrics:failed')
  | ('control' | 'control:log' | 'flow' | 'expiry');

/** Beginning of all keys of a queue: `prefix:queue:`. */
export function queueBase(prefix: string, queue: string): string {
  return `${prefix}:${queue}:`;
}

/** Base of an observed queue, whose name contains its prefix: `bull:mail`. */
export function observedBase(name: string): string {
  return `${name}:`;
}

/** Base of an open BullMQ queue. */
export function baseOf(queue: { toKey(type: string): string }): string {
  return queue.toKey('');
}

/** Name with prefix of the queue that has this base. */
export function nameOfBase(base: string): string {
  return base.slice(0, -1);
}

/** End of the keys by which queues of any program are found. */
export const META_SUFFIX = ':meta';

export function queueKey(base: string, part: QueuePart): string {
  return base + part;
}

export function jobKey(base: string, id: string, part?: 'logs' | 'lock'): string {
  return part ? `${base}${id}:${part}` : base + id;
}

/** Splits a job's key into queue (with prefix) and id. The ids of a schedule's jobs contain colons themselves. */
export function splitJobKey(key: string): { queue: string; id: string } {
  const repeat = key.indexOf(':repeat:');
  const at = repeat >= 0 ? repeat : key.lastIndexOf(':');
  return { queue: key.slice(0, at), id: key.slice(at + 1) };
}

/** Name of a queue of this Roost without its prefix; undefined for a queue of another program. */
export function withoutPrefix(prefix: string, queue: string): string | undefined {
  return isOwnKey(prefix, queue) ? queue.slice(prefix.length + 1) : undefined;
}

export function isOwnKey(prefix: string, key: string): boolean {
  return key.startsWith(`${prefix}:`);
}

/** Key that is written to test whether Redis accepts writes. */
export function writeProbeKey(prefix: string): string {
  return `${prefix}:write-probe`;
}

/** Request that has claimed the id of an idempotency key, while its task may not be in a queue yet. */
export function keyClaimKey(prefix: string, id: string): string {
  return `${prefix}:key-claim:${id}`;
}

/** Ledger of a long operation; see scripts/fencing.ts. */
export function ledgerKey(prefix: string, operation: string): string {
  return `${prefix}:ledger:${operation}`;
}

/** Progress of each history that records from this Redis. */
export function historiesKey(prefix: string): string {
  return `${prefix}:histories`;
}

/** Lease of the process that records into a history. */
export function recorderLeaseKey(prefix: string, storeId: string): string {
  return `${prefix}:history:${storeId}`;
}

/** Counter of the fencing tokens of that lease. */
export function recorderFenceKey(prefix: string, storeId: string): string {
  return `${recorderLeaseKey(prefix, storeId)}:fence`;
}

/** Overrides of limits by task type. Also the channel that announces their changes. */
export function limitsKey(prefix: string): string {
  return `${prefix}:limits`;
}

/** Beginning of the keys of a type's slots, its last starts and its waitlist. */
export function limitBase(prefix: string, type: string): string {
  return `${prefix}:limits:${type}:`;
}

export function limitKey(prefix: string, type: string, part: 'slots' | 'starts' | 'held'): string {
  return limitBase(prefix, type) + part;
}

/** Counter of the workers that have acknowledged a change of limits. The message on the channel is the change's id. */
export function limitAckKey(prefix: string, change: string): string {
  return `${prefix}:limits:heard:${change}`;
}

/** Sorted set of workers: id -> last seen, ms. */
export function workersKey(prefix: string): string {
  return `${prefix}:fleet`;
}

/** Record of a worker, its lease (`here`) or its load samples. */
export function workerKey(prefix: string, id: string, part?: 'here' | 'samples'): string {
  return `${workersKey(prefix)}:${id}${part ? `:${part}` : ''}`;
}

/** Channel of commands. `to` is a worker's id, or `all` for the worker that the command concerns. */
export function commandChannel(prefix: string, to: string): string {
  return `${workersKey(prefix)}:to:${to}`;
}

export function commandKey(prefix: string, id: string): string {
  return `${workersKey(prefix)}:command:${id}`;
}

/** Answers to one form's commands, for the page that follows it. */
export function commandResultsKey(prefix: string, id: string): string {
  return `${workersKey(prefix)}:results:${id}`;
}

/** Channel of the answers to commands. */
export function replyChannel(prefix: string): string {
  return `${workersKey(prefix)}:replies`;
}

/** Kinds of records that the sign-in stores. */
export type AccessKind =
  | ('session' | 'sessions' | 'changes' | 'second-factor' | 'used-code' | 'oidc')
  | ('token' | 'tokens' | 'token-uses' | 'break-glass' | 'break-glass-active' | 'wrong' | 'rate');

/** Key of a sign-in record, or the channel `changes`. Sealed records are bound to their key. */
export function accessKey(prefix: string, kind: AccessKind, ...rest: (string | number)[]): string {
  return [prefix, 'access', kind, ...rest].join(':');
}
