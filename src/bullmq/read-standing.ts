import { decodeStanding, type JobStanding, type StandingAnswer } from './codec/job-standing.js';
import { withRedis } from './connection/redis-errors.js';
import type { CommandRedis } from './task-commands.js';

/** Reads the standing of any program's job; undefined for a missing one. @param base `prefix:queue:` */
export function readStanding(
  redis: CommandRedis,
  base: string,
  id: string,
): Promise<JobStanding | undefined> {
  return withRedis(redis, async () => {
    const answer = (await redis.roostReadStanding(base, id)) as StandingAnswer | null;
    return answer ? decodeStanding(answer) : undefined;
  });
}
