import type { Redis } from 'ioredis';
import type { RecordingEngine } from '../store/recording-engine.js';
import type { Followed } from './followed-queues.js';
import type { StreamFollower } from './stream-follower.js';

/** Between two looks, ms. */
const LOOK_MS = 5000;
/** Queues of one script: well below a millisecond of Redis. */
const AT_ONCE = 50;

/*
 * KEYS     what the keys of each queue begin with
 *
 * Answers for each: how many jobs have not settled, and the id of its newest event, '' for none; both of one moment.
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
 * Notices that jobs have gone without a word: BullMQ tells of no job that is drained, cleaned or obliterated. Where the
 * history stands at a queue's newest event, both must count the same number of jobs that have not settled.
 */
export class SilentLosses {
  private nextAt = 0;
  private readonly redis: OpenCommands;
  /** By queue, what the last suspicion rested on: looked into once is enough. */
  private readonly known = new Map<string, string>();

  constructor(
    redis: Redis,
    private readonly engine: RecordingEngine,
    private readonly follower: StreamFollower,
  ) {
    redis.defineCommand('roostOpenJobs', { lua: OPEN_JOBS });
    this.redis = redis as Redis & OpenCommands;
  }

  /** Queues of which the history knows more open tasks than there are. */
  async look(queues: readonly Followed[], now: number): Promise<Followed[]> {
    if (now < this.nextAt) return [];
    this.nextAt = now + LOOK_MS;
    const suspects: Followed[] = [];
    for (let from = 0; from < queues.length; from += AT_ONCE) {
      const some = queues.slice(from, from + AT_ONCE);
      const answer = await this.redis.roostOpenJobs(some.length, ...some.map(({ base }) => base));
      some.forEach((queue, i) => {
        if (this.isShort(queue.name, Number(answer[2 * i]), String(answer[2 * i + 1]))) suspects.push(queue);
      });
    }
    return suspects;
  }

  private isShort(queue: string, there: number, last: string): boolean {
    // Something has happened that is not recorded yet: the two cannot be compared.
    if (last === '' || last !== this.follower.place(queue)) return false;
    const open = this.engine.openTasks(queue);
    const print = `${last} ${there} ${open}`;
    if (open <= there || this.known.get(queue) === print) return false;
    this.known.set(queue, print);
    return true;
  }
}
