import type { Redis } from 'ioredis';
import type { RecordingStore } from '../ports/recording-store.js';
import type { Followed } from './followed-queues.js';
import type { StreamFollower } from './stream-follower.js';

/** Interval between two checks, ms. */
const CHECK_INTERVAL_MS = 5000;
/** Queues per script call: well below a millisecond of Redis. */
const QUEUES_PER_CALL = 50;

/*
 * Counts open jobs.
 * KEYS key prefix of each queue
 * Returns for each queue: the number of unfinished jobs and the id of its newest event ('' for none), both at the
 * same moment.
 */
const OPEN_JOBS = `
local answer = {}
local function count(command, key)
  local n = redis.pcall(command, key)
  return type(n) == 'number' and n or 0
end
for i, base in ipairs(KEYS) do
  local n = 0
  for _, name in ipairs({ 'wait', 'active', 'paused' }) do n = n + count('LLEN', base .. name) end
  for _, name in ipairs({ 'prioritized', 'delayed', 'waiting-children' }) do n = n + count('ZCARD', base .. name) end
  local last = ''
  local events = redis.pcall('XREVRANGE', base .. 'events', '+', '-', 'COUNT', 1)
  if not events.err and events[1] then last = events[1][1] end
  answer[2 * i - 1], answer[2 * i] = n, last
end
return answer
`;

interface OpenCommands {
  roostOpenJobs(keys: number, ...bases: string[]): Promise<(number | string)[]>;
}

/**
 * Detects jobs that disappeared without an event: BullMQ emits none for drained, cleaned or obliterated jobs. When
 * the history has recorded a queue's newest event, both must have the same number of unfinished jobs.
 */
export class MissingEventDetector {
  private nextAt = 0;
  private readonly redis: OpenCommands;
  /** The evidence of the last suspicion by queue: the same evidence is examined only once. */
  private readonly examined = new Map<string, string>();

  constructor(
    redis: Redis,
    private readonly store: RecordingStore,
    private readonly follower: StreamFollower,
  ) {
    redis.defineCommand('roostOpenJobs', { lua: OPEN_JOBS });
    this.redis = redis as Redis & OpenCommands;
  }

  /** Returns the queues in which the history has more open tasks than Redis. */
  async findSuspects(queues: readonly Followed[], now: number): Promise<Followed[]> {
    if (now < this.nextAt) return [];
    this.nextAt = now + CHECK_INTERVAL_MS;
    const suspects: Followed[] = [];
    for (let from = 0; from < queues.length; from += QUEUES_PER_CALL) {
      const some = queues.slice(from, from + QUEUES_PER_CALL);
      const answer = await this.redis.roostOpenJobs(some.length, ...some.map(({ base }) => base));
      for (const [i, queue] of some.entries()) {
        if (await this.hasMissing(queue.name, Number(answer[2 * i]), String(answer[2 * i + 1])))
          suspects.push(queue);
      }
    }
    return suspects;
  }

  private async hasMissing(queue: string, there: number, last: string): Promise<boolean> {
    // Some events are not recorded yet: the two numbers cannot be compared.
    if (last === '' || last !== this.follower.place(queue)) return false;
    const open = await this.store.openTasks(queue);
    const evidence = `${last} ${there} ${open}`;
    if (open <= there || this.examined.get(queue) === evidence) return false;
    this.examined.set(queue, evidence);
    return true;
  }
}
