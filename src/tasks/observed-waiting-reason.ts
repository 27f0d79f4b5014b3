import type { TaskState } from '../model/states.js';
import type { JobStanding } from '../bullmq/codec/job-standing.js';
import { childrenBlockers, type ToTask } from './children-blockers.js';
import type { Blocker, StartEstimate, WhyView } from './task-queries.openapi.js';
import { formatDuration, ownTime, span, withoutReasons, type WhyFacts } from './waiting-reasons.js';

/** Facts available about a job of another program. Times are ms. */
export interface ObservedFacts {
  now: number;
  task: Omit<WhyFacts['task'], 'held'>;
  standing: JobStanding;
  /** Connected workers of the queue; undefined where this Redis user may not list clients. */
  workers: number | undefined;
  toTask: ToTask;
  /** REST URL that promotes the task. */
  promoteUrl: string;
}

/** Counter value that BullMQ writes when a program blocks its queue for a while by `queue.rateLimit`. */
const MANUAL_LIMIT_STARTS = Number.MAX_SAFE_INTEGER;

/** Derives the waiting reasons of another program's job from BullMQ's keys and Redis's client list, and lists the unknowns. */
export function toObservedWaitingReason(facts: ObservedFacts, otherwise: string): WhyView {
  const { task, standing } = facts;
  const { id, state } = task;
  if (!WAITS.includes(state)) return withoutReasons(id, state, otherwise);
  const blockers = toBlockers(facts);
  const position = state === 'waiting' && standing.place !== undefined ? toPosition(standing) : null;
  const unknown = toUnknown(facts, blockers);
  return {
    id,
    state,
    summary: blockers[0]?.message ?? nothingFound(facts),
    position,
    blockers,
    unknown,
    estimate: toEstimate(facts, blockers),
  };
}

const WAITS: readonly TaskState[] = ['waiting', 'delayed', 'waiting-children'];

function toBlockers(facts: ObservedFacts): Blocker[] {
  const { task, standing, toTask } = facts;
  const checks = [nowhere, paused, time, noWorker, rate, concurrency, behind];
  const found = checks.flatMap((check) => check(facts) ?? []);
  const children = childrenBlockers(standing, toTask);
  return task.state === 'waiting-children' ? [...children, ...found] : [...found, ...children];
}

function nowhere({ task, standing }: ObservedFacts): Blocker | undefined {
  if (task.state !== 'waiting' || standing.place !== undefined) return undefined;
  return {
    code: 'NOT_QUEUED',
    message: 'It is in none of the lists of its queue, so no worker will run it.',
    cure: 'Add it again in its program, and delete this one.',
  };
}

function paused({ task, standing }: ObservedFacts): Blocker | undefined {
  if (!standing.queue.isPaused) return undefined;
  return {
    code: 'QUEUE_PAUSED',
    message: `The queue ${task.queue} is paused.`,
    cure: 'Resume it in the program that owns it.',
  };
}

function time({ task, standing, promoteUrl }: ObservedFacts): Blocker | undefined {
  const blocker = ownTime(task, promoteUrl);
  if (!blocker || standing.schedule === undefined) return blocker;
  return {
    ...blocker,
    message: `It is the next run of the schedule ${standing.schedule.slice(0, 100)}.`,
    cure: `Run a copy of it now: POST ${promoteUrl}`,
  };
}

function noWorker({ task, workers }: ObservedFacts): Blocker | undefined {
  if (workers !== 0 || task.state === 'waiting-children') return undefined;
  return {
    code: 'NO_WORKER',
    message: `No BullMQ worker of the queue ${task.queue} is connected to this Redis.`,
    cure: 'Start the program that runs its workers.',
  };
}

function rate({ now, task, standing }: ObservedFacts): Blocker | undefined {
  const { limiter, rateLimit } = standing.queue;
  if (!limiter || task.state === 'waiting-children') return undefined;
  const until = span(undefined, now + limiter.remainingMs);
  if (limiter.starts >= MANUAL_LIMIT_STARTS)
    return {
      code: 'RATE_LIMITED',
      message: `Its program has rate-limited the queue ${task.queue}.`,
      ...until,
    };
  if (!rateLimit || limiter.starts < rateLimit.max) return undefined;
  const { max, perMs } = rateLimit;
  return {
    code: 'RATE_LIMITED',
    message: `The queue ${task.queue} starts at most ${max} ${max === 1 ? 'task' : 'tasks'} per ${formatDuration(perMs)}, and this limit is used up.`,
    ...until,
  };
}

function concurrency({ task, standing }: ObservedFacts): Blocker | undefined {
  const { concurrency: most, active } = standing.queue;
  if (task.state !== 'waiting' || most === undefined || active < most) return undefined;
  return {
    code: 'CONCURRENCY_FULL',
    message: `The queue ${task.queue} runs at most ${most} at once, and ${active} ${active === 1 ? 'runs' : 'run'}.`,
  };
}

function behind({ task, standing }: ObservedFacts): Blocker | undefined {
  if (task.state !== 'waiting' || standing.place === undefined) return undefined;
  const { ahead, atLeast } = toPosition(standing);
  if (ahead === 0) return undefined;
  return {
    code: 'BEHIND',
    message: `${atLeast ? `More than ${ahead} tasks are` : ahead === 1 ? 'One task is' : `${ahead} tasks are`} before it in the queue ${task.queue}.`,
    href: `/tasks?${new URLSearchParams({ state: 'waiting', queue: task.queue })}`,
  };
}

/** Reported position of a task beyond the part of the list that was searched. */
const MAX_PLACES = 10_000;

function toPosition({ ahead }: JobStanding): { ahead: number; atLeast: boolean } {
  return ahead === undefined ? { ahead: MAX_PLACES, atLeast: true } : { ahead, atLeast: false };
}

function toUnknown({ task, standing, workers }: ObservedFacts, blockers: Blocker[]): string[] {
  if (task.state === 'waiting-children') return [];
  const unknown: string[] = [];
  if (workers === undefined) {
    unknown.push(
      'Whether a worker serves the queue: this user of Redis may not list its clients (CLIENT LIST).',
    );
  }
  if (task.state !== 'waiting' || blockers.some(({ code }) => code !== 'BEHIND')) return unknown;
  const { limiter, rateLimit } = standing.queue;
  if (limiter && !rateLimit) {
    unknown.push(
      `Whether the rate limit of its workers is used up: ${limiter.starts} ${limiter.starts === 1 ? 'start counts' : 'starts count'} towards it, but only the workers know the limit.`,
    );
  }
  unknown.push(
    'How many tasks its workers run at once, and whether they are paused: BullMQ does not report it.',
  );
  return unknown;
}

function nothingFound({ task, standing, workers }: ObservedFacts): string {
  const { active } = standing.queue;
  const who =
    workers === undefined ? '' : `, ${workers === 1 ? 'one worker is' : `${workers} workers are`} connected`;
  const run = active > 0 ? `, and ${active} of its tasks ${active === 1 ? 'runs' : 'run'}` : '';
  return `It is next in the queue ${task.queue}${who}${run}. Why it has not started is not known.`;
}

function toEstimate({ now, task }: ObservedFacts, blockers: Blocker[]): StartEstimate {
  const until = task.delayUntil;
  const isOpenEnded = blockers.some(({ code, until: end }) => end === undefined && code !== 'BEHIND');
  if (task.state === 'delayed' && until !== undefined && !isOpenEnded) {
    return {
      startInMs: Math.max(0, until - now),
      startAt: new Date(Math.max(now, until)).toISOString(),
      basis: 'It is scheduled for then; whether a worker will be free is not known.',
    };
  }
  const basis =
    task.state === 'waiting-children'
      ? 'It depends on its children.'
      : isOpenEnded
        ? 'It depends on when the reasons above end.'
        : 'The throughput of another program is not known.';
  return { startInMs: null, startAt: null, basis };
}
