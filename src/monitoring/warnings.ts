import type { RedisOverview } from './redis-overview.js';
import type { QueueOverview } from './queue-overview.js';

/** Something that endangers tasks: what it is and what to do. */
export interface Warning {
  code: string;
  message: string;
  cure: string;
  /** Page or list behind it. */
  href?: string;
}

export function toWarnings(redis: RedisOverview, queues: QueueOverview[], prefix: string): Warning[] {
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
  if (!redis.aofEnabled) {
    found.push({
      code: 'AOF_OFF',
      message: 'A crash of Redis loses tasks: its append-only file is off.',
      cure: 'CONFIG SET appendonly yes, and the same in redis.conf.',
    });
  } else if (!redis.aofOk) {
    found.push({
      code: 'AOF_FAILING',
      message: 'Redis cannot write its append-only file, so a crash would lose tasks.',
      cure: 'Look at the free space and the permissions of its disk.',
    });
  }
  if (redis.maxMemoryBytes > 0 && redis.usedMemoryBytes > 0.9 * redis.maxMemoryBytes) {
    found.push({
      code: 'MEMORY',
      message: `Redis uses ${Math.round((100 * redis.usedMemoryBytes) / redis.maxMemoryBytes)} % of its memory limit; at 100 % nothing new is accepted.`,
      cure: 'Raise maxmemory, or lower the TASK_RETENTION settings.',
    });
  }
  return found;
}
