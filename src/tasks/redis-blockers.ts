/** Reason why Redis refuses writes. `since` is in ms, 0 where it is not known. */
export interface RedisFacts {
  redis?: { what: string; so: string; cure: string; since: number } | undefined;
}

/** Reports that Redis refuses writes: no worker can fetch a task then. */
export function redisTrouble({ redis }: RedisFacts) {
  if (!redis) return undefined;
  const { what, so, cure, since } = redis;
  return {
    code: 'REDIS_TROUBLE' as const,
    message: `${what}, so ${so}.`,
    ...(since ? { since: new Date(since).toISOString() } : {}),
    cure: `${cure}.`,
    href: '/monitor/redis',
  };
}

/** Reports that workers are invisible, because they publish their presence by writes to Redis. */
export function workersHidden(queue: string) {
  return {
    code: 'WORKERS_UNKNOWN' as const,
    message: `Whether a worker serves the queue ${queue} is not known: workers report their presence by writes to Redis, which fail.`,
    href: '/monitor/workers',
  };
}
