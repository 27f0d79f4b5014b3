import type { RedisOverview } from './redis-overview.js';
import { SKEW_ALARM_MS } from '../contract/clock.js';
import type { QueueOverview } from './queue-overview.js';

/** Something that endangers tasks: what it is and what to do. */
export interface Warning {
  code: string;
  message: string;
  cure: string;
  /** Page or list behind it. */
  href?: string;
}

/** A process whose clock is held against Redis's. */
export interface Clock {
  /** `The clock of ...` */
  of: string;
  aheadMs: number | null | undefined;
}

export function toWarnings(
  redis: RedisOverview,
  queues: QueueOverview[],
  prefix: string,
  clocks: Clock[] = [],
): Warning[] {
  const found: Warning[] = [];
  for (const queue of queues) {
    if (queue.workers > 0 || queue.paused) continue;
    const { waiting } = queue.counts;
    found.push({
      code: 'NO_WORKER',
      message: `No worker serves the queue ${queue.name}${waiting > 0 ? `: ${waiting} ${waiting === 1 ? 'task waits' : 'tasks wait'}` : ''}.`,
      cure: `Start one: ${prefix}npm run start:worker`,
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
  } else if (redis.aofOk === false) {
    found.push({
      code: 'AOF_FAILING',
      message: 'Redis cannot write its append-only file, so a crash would lose tasks.',
      cure: 'Look at the free space and the permissions of its disk.',
    });
  }
  const { usedMemoryBytes: used, maxMemoryBytes: max } = redis;
  if (used && max && used > 0.9 * max) {
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

const CLOCKS_TOLD = 3;

function toClockWarning(wrong: Clock[]): Warning {
  const told = wrong.slice(0, CLOCKS_TOLD).map(({ of, aheadMs }) => {
    const seconds = Math.round(Math.abs(aheadMs!) / 1000);
    return `the clock of ${of} is ${seconds} s ${aheadMs! > 0 ? 'ahead of' : 'behind'} that of Redis`;
  });
  const more = wrong.length - told.length;
  const all = [...told, ...(more > 0 ? [`and those of ${more} more are wrong`] : [])].join(', ');
  return {
    code: 'CLOCK_SKEW',
    message: `${all[0]!.toUpperCase()}${all.slice(1)}.`,
    cure: 'Keep all machines at the right time (NTP). Roost goes by the clock of Redis meanwhile; other programs on it may not.',
    href: '/monitor/workers',
  };
}
