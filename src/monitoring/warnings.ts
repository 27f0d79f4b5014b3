import type { ExportTrouble } from '../audit/export/audit-exporter.js';
import type { RedisProblem } from '../bullmq/connection/redis-health.js';
import { maskUrl } from '../platform/config/mask-url.js';
import { SKEW_ALARM_MS } from '../platform/clock.js';
import type { QueueOverview, RedisOverview, Warning } from './monitoring.openapi.js';

/** A process whose clock is compared with the clock of Redis. */
export interface Clock {
  /** `The clock of ...` */
  of: string;
  aheadMs: number | null | undefined;
}

/** Findings of RedisHealth. */
export interface RedisFindings {
  problem: RedisProblem | undefined;
  /** Set where workers may exist but are not visible. */
  workersHiddenSince: number | undefined;
}

export function toWarnings(
  redis: RedisOverview,
  queues: QueueOverview[],
  redisUrl: string,
  clocks: Clock[] = [],
  { problem, workersHiddenSince }: RedisFindings = { problem: undefined, workersHiddenSince: undefined },
): Warning[] {
  const found: Warning[] = [];
  if (problem) found.push(toRedisWarning(problem));
  for (const queue of queues) {
    if (queue.workers > 0 || queue.paused || workersHiddenSince !== undefined) continue;
    const { waiting } = queue.counts;
    found.push({
      code: 'NO_WORKER',
      message: `No worker serves the queue ${queue.name}${waiting > 0 ? `: ${waiting} ${waiting === 1 ? 'task waits' : 'tasks wait'}` : ''}.`,
      cure: `Start one: REDIS_URL=${maskUrl(redisUrl)} npm run start:worker`,
      href: `/tasks?state=waiting&queue=${queue.name}`,
    });
  }
  if (redis.evictionPolicy !== 'noeviction' && redis.evictionPolicy !== 'unknown') {
    found.push({
      code: 'EVICTION',
      message: `Redis may drop tasks when its memory is full: maxmemory-policy is ${redis.evictionPolicy}.`,
      cure: 'CONFIG SET maxmemory-policy noeviction, and the same in redis.conf.',
    });
  }
  if (redis.aofEnabled === false) {
    found.push({
      code: 'AOF_OFF',
      message: 'A crash of Redis loses tasks: its append-only file is off.',
      cure: 'CONFIG SET appendonly yes, and the same in redis.conf.',
    });
  } else if (redis.aofOk === false && problem?.word !== 'MISCONF') {
    found.push({
      code: 'AOF_FAILING',
      message: 'Redis cannot write its append-only file, so a crash would lose tasks.',
      cure: 'Check the free space and the permissions of its disk.',
    });
  }
  const { usedMemoryBytes: used, maxMemoryBytes: max } = redis;
  if (used && max && used > 0.9 * max && problem?.word !== 'OOM') {
    found.push({
      code: 'MEMORY',
      message: `Redis uses ${Math.round((100 * used) / max)} % of its memory limit; at 100 % nothing new is accepted.`,
      cure: 'Raise maxmemory, or lower the TASK_RETENTION settings.',
    });
  }
  const wrong = clocks.filter(({ aheadMs }) => Math.abs(aheadMs ?? 0) > SKEW_ALARM_MS);
  if (wrong.length > 0) found.push(toClockWarning(wrong));
  return found;
}

/** Creates the warning about an audit export that is behind. */
export function toAuditWarnings(trouble: ExportTrouble | undefined): Warning[] {
  if (!trouble) return [];
  const { target, behind, since, why } = trouble;
  const waiting = `${behind} ${behind === 1 ? 'entry waits' : 'entries wait'}`;
  return [
    {
      code: 'AUDIT_EXPORT_BEHIND',
      message: `The audit is not exported to ${target} since ${new Date(since).toISOString()}: ${why}. ${waiting}; none is lost.`,
      cure: 'Make the target of AUDIT_EXPORT accept the entries, or set another one and restart the web app.',
      href: '/monitor/audit',
    },
  ];
}

function toRedisWarning({ code, what, so, cure }: RedisProblem): Warning {
  return { code, message: `${what}, so ${so}.`, cure: `${cure}.`, href: '/monitor/redis' };
}

const MAX_CLOCKS = 3;

function toClockWarning(wrong: Clock[]): Warning {
  const listed = wrong.slice(0, MAX_CLOCKS).map(({ of, aheadMs }) => {
    const seconds = Math.round(Math.abs(aheadMs!) / 1000);
    return `the clock of ${of} is ${seconds} s ${aheadMs! > 0 ? 'ahead of' : 'behind'} that of Redis`;
  });
  const more = wrong.length - listed.length;
  const all = [...listed, ...(more > 0 ? [`and those of ${more} more are wrong`] : [])].join(', ');
  return {
    code: 'CLOCK_SKEW',
    message: `${all[0]!.toUpperCase()}${all.slice(1)}.`,
    cure: 'Synchronize the clocks of all machines (NTP). Roost uses the clock of Redis meanwhile; other programs may not.',
    href: '/monitor/workers',
  };
}
