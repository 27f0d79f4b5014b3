import type { QueueSize } from '../../monitoring/queue-size.js';
import type { Part, RedisDetails, RedisInfo } from '../../monitoring/redis-details.js';
import type { Warning } from '../../monitoring/monitoring.openapi.js';
import { type Banner, toBanner } from '../kit/banner.js';
import { formatBytes, formatDuration, formatNumber, formatPercent, plural } from '../kit/format.js';
import type { BigNumber } from './monitor-page.js';
import { toQueueHref } from '../queues/queues-page.js';

interface Fact {
  name: string;
  value: string;
  at?: string;
  warn?: boolean;
}

export interface RedisPage {
  version?: string;
  numbers: BigNumber[];
  server: Fact[];
  memory: Fact[];
  persistence: Fact[];
  /**
   * Returns the cure for a command that the Redis user may not run: its name and the ACL rule that allows it.
   */
  refused: { info?: Refused; slowLog?: Refused; queues?: Refused };
  slow: { elementId: string; at: string; duration: string; command: string; key?: string; client?: string }[];
  slowNote: string;
  queues: {
    elementId: string;
    name: string;
    href: string;
    bytes: string;
    share: string;
    width: string;
    tasks: string;
    perTask: string;
  }[];
  queuesNote: string;
  warnings: Banner[];
}

interface Refused {
  command: string;
  allow: string;
}

/** Warnings about Redis, among those of all pages. */
const REDIS_WARNINGS = ['EVICTION', 'AOF_OFF', 'AOF_FAILING', 'MEMORY'];
/**
 * Memory size below which the fragmentation ratio is ignored, because small instances always have a high one.
 */
const MIN_FRAGMENTED_BYTES = 100 * 1_024 * 1_024;
const FRAGMENTED = 1.5;

export function toRedisPage(details: RedisDetails, warnings: Warning[]): RedisPage {
  const info = valueOf(details.info);
  const slowLog = valueOf(details.slowLog);
  const sizes = valueOf(details.queues) ?? [];
  return {
    version: info?.version,
    numbers: info ? toNumbers(info) : [],
    server: info ? toServer(info) : [],
    memory: info ? toMemory(info) : [],
    persistence: info ? toPersistence(info) : [],
    refused: {
      info: refusedOf(details.info, 'INFO', '+info'),
      slowLog: refusedOf(details.slowLog, 'SLOWLOG GET', '+slowlog|get'),
      queues: refusedOf(details.queues, 'MEMORY USAGE', '+memory|usage'),
    },
    slow: (slowLog?.calls ?? []).map(({ id, at, micros, command, key, client }) => ({
      elementId: `slow-${id}`,
      at,
      duration: formatMicros(micros),
      command,
      key,
      client,
    })),
    slowNote: slowLog?.overMicros === undefined ? '' : toSlowNote(slowLog.overMicros),
    queues: toQueues(sizes),
    queuesNote: `Estimated: ${plural(
      sizes.reduce((sum, { sampled }) => sum + sampled, 0),
      'task',
    )} spread over all states, with their logs, measured by MEMORY USAGE, times how many there are of each; at most every 15 s.`,
    warnings: toWarnings(info, warnings),
  };
}

function toNumbers({ memory, clients, opsPerSecond, uptimeSeconds }: RedisInfo): BigNumber[] {
  const [used, unit] = formatBytes(memory.used).split(' ') as [string, string];
  const nearlyFull = memory.limit > 0 && memory.used > 0.9 * memory.limit;
  return [
    {
      id: 'number-memory',
      label: 'Memory',
      value: used,
      unit,
      note: memory.limit > 0 ? `${formatPercent(memory.used, memory.limit)} of its limit` : 'no limit set',
      href: '#memory',
      tone: nearlyFull ? 'warning' : undefined,
    },
    {
      id: 'number-ops',
      label: 'Commands',
      value: formatNumber(opsPerSecond),
      unit: 'a second',
      note: 'over the last moments',
      href: '#slow-log',
    },
    {
      id: 'number-clients',
      label: 'Clients',
      value: formatNumber(clients.connected),
      note: `${formatNumber(clients.blocked)} wait for something`,
      href: '#server',
      tone: clients.rejected > 0 ? 'warning' : undefined,
    },
    {
      id: 'number-fragmentation',
      label: 'Fragmentation',
      value: memory.fragmentation.toFixed(2),
      note: `${formatBytes(memory.resident)} held for ${formatBytes(memory.used)}`,
      href: '#memory',
      tone: isFragmented(memory) ? 'warning' : undefined,
    },
    {
      id: 'number-up',
      label: 'Up for',
      value: formatDuration(uptimeSeconds * 1_000),
      note: 'since its last start',
      href: '#server',
    },
  ];
}

function toServer({ version, mode, role, replicas, clients, keys }: RedisInfo): Fact[] {
  return [
    { name: 'Version', value: version },
    { name: 'Mode', value: `${mode}, ${role}${replicas > 0 ? ` with ${plural(replicas, 'replica')}` : ''}` },
    { name: 'Keys', value: formatNumber(keys) },
    {
      name: 'Clients',
      value: `${formatNumber(clients.connected)}${clients.limit > 0 ? ` of ${formatNumber(clients.limit)}` : ''}`,
    },
    { name: 'Turned away', value: plural(clients.rejected, 'connection'), warn: clients.rejected > 0 },
  ];
}

function toMemory({ memory, evictionPolicy, evictedKeys }: RedisInfo): Fact[] {
  return [
    { name: 'Used', value: formatBytes(memory.used) },
    { name: 'Peak', value: formatBytes(memory.peak) },
    { name: 'Held from system', value: formatBytes(memory.resident) },
    { name: 'Limit', value: memory.limit > 0 ? formatBytes(memory.limit) : 'none: all that the machine has' },
    {
      name: 'Eviction policy',
      value: evictionPolicy,
      warn: !['noeviction', 'unknown'].includes(evictionPolicy),
    },
    { name: 'Evicted', value: plural(evictedKeys, 'key'), warn: evictedKeys > 0 },
  ];
}

function toPersistence({ aof, rdb }: RedisInfo): Fact[] {
  const size = aof.bytes === undefined ? '' : `, ${formatBytes(aof.bytes)}`;
  return [
    {
      name: 'Append-only file',
      value: aof.enabled ? `on${size}${aof.rewriting ? ', being rewritten' : ''}` : 'off',
      warn: !aof.enabled,
    },
    ...(aof.enabled ? [{ name: 'Last write', value: aof.ok ? 'ok' : 'failed', warn: !aof.ok }] : []),
    { name: 'Last snapshot', value: rdb.lastSaveAt ? '' : 'never', at: rdb.lastSaveAt, warn: !rdb.ok },
    ...(rdb.ok ? [] : [{ name: 'Snapshot', value: 'the last one failed', warn: true }]),
    { name: 'Changed since', value: plural(rdb.changesSince, 'key') },
  ];
}

function toQueues(sizes: QueueSize[]): RedisPage['queues'] {
  const all = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  const most = Math.max(1, ...sizes.map(({ bytes }) => bytes));
  return sizes.map(({ name, bytes, tasks, structureBytes }) => ({
    elementId: `size-${name}`,
    name,
    href: toQueueHref(name),
    bytes: formatBytes(bytes),
    share: formatPercent(bytes, all),
    width: `${Math.round((bytes / most) * 1_000) / 10}%`,
    tasks: plural(tasks, 'task'),
    perTask: tasks > 0 ? `${formatBytes(Math.max(0, bytes - structureBytes) / tasks)} each` : 'empty',
  }));
}

function toWarnings(info: RedisInfo | undefined, known: Warning[]): Banner[] {
  const found = known.filter(({ code }) => REDIS_WARNINGS.includes(code));
  if (info) {
    if (!info.rdb.ok) {
      found.push({
        code: 'RDB_FAILING',
        message: 'The last snapshot could not be written.',
        cure: 'Check the free space of its disk, and its log.',
      });
    }
    if (info.evictedKeys > 0) {
      found.push({
        code: 'EVICTED',
        message: `${plural(info.evictedKeys, 'key')} were dropped for lack of memory; tasks may be among them.`,
        cure: 'Raise maxmemory, and set maxmemory-policy noeviction.',
      });
    }
    if (info.clients.rejected > 0) {
      found.push({
        code: 'REJECTED',
        message: `${plural(info.clients.rejected, 'connection')} were turned away.`,
        cure: 'Raise maxclients, or find the program that does not close its connections.',
      });
    }
    if (isFragmented(info.memory)) {
      found.push({
        code: 'FRAGMENTED',
        message: 'Redis holds half as much memory again as it uses.',
        cure: 'CONFIG SET activedefrag yes, or restart it at a quiet time.',
      });
    }
  }
  return found.map((warning, index) => ({ ...toBanner(warning, index), id: `redis-warning-${index}` }));
}

function isFragmented({ resident, fragmentation }: RedisInfo['memory']): boolean {
  return resident > MIN_FRAGMENTED_BYTES && fragmentation > FRAGMENTED;
}

function toSlowNote(overMicros: number): string {
  if (overMicros < 0) return 'The slow log is off.';
  return `Commands that took longer than ${formatMicros(overMicros)}; what they wrote is not shown.`;
}

function formatMicros(micros: number): string {
  return micros < 1_000
    ? `${formatNumber(micros)} µs`
    : micros < 100_000
      ? `${(micros / 1_000).toFixed(1)} ms`
      : formatDuration(micros / 1_000);
}

function valueOf<T>(part: Part<T>): T | undefined {
  return 'value' in part ? part.value : undefined;
}

function refusedOf(part: Part<unknown>, command: string, rule: string): Refused | undefined {
  return 'refused' in part ? { command, allow: `ACL SETUSER <user> ${rule}` } : undefined;
}
