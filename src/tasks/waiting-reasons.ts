import type { TaskState } from '../model/states.js';
import type { TypeHold } from '../limits/limits.service.js';
import type { QueueFlow, QueueHold } from '../bullmq/queue-control.js';
import { redisTrouble, workersHidden, type RedisFacts } from './redis-blockers.js';
import { toEstimate } from './start-estimate.js';
import type { Blocker, BlockingTask, WhyView } from './task-queries.openapi.js';

/** Facts from which the reasons are derived. Times are ms. */
export interface WhyFacts extends RedisFacts {
  now: number;
  task: {
    id: string;
    type: string;
    queue: string;
    state: TaskState;
    delayUntil?: number;
    createdAt: number;
    attempts: { made: number; max: number };
    /** Error of the last attempt, and the time it ended. */
    failure?: { message: string; at?: number };
    /** Set while a limit of its type holds it back. */
    held?: { limit: 'rate' | 'concurrency'; since: number };
  };
  position: { ahead: number; atLeast: boolean } | null;
  queue: QueueHold;
  type: TypeHold;
  consumers: { concurrency: number; paused: boolean }[];
  /** True where workers may exist but are not visible. */
  workersUnknown?: boolean;
  /** Running tasks of its queue, the longest-running first. */
  running: BlockingTask[];
  /** Children that a parent of a flow waits for. */
  children?: Blocker[];
  /** Running tasks that occupy the slots of its type. */
  typeRunning: BlockingTask[];
  flow: QueueFlow | undefined;
}

/** Creates the view of a task that is neither waiting nor delayed. */
export function withoutReasons(id: string, state: TaskState, summary: string): WhyView {
  return { id, state, summary, position: null, blockers: [], unknown: [], estimate: null };
}

export function toWhyView(facts: WhyFacts, otherwise: string): WhyView {
  const { task, position } = facts;
  const isParent = task.state === 'waiting-children';
  const waits = task.state === 'waiting' || task.state === 'delayed' || isParent;
  const blockers = isParent ? (facts.children ?? []) : waits ? toBlockers(facts) : [];
  return {
    id: task.id,
    state: task.state,
    summary: waits ? (blockers[0]?.message ?? 'Nothing blocks it: it is next.') : otherwise,
    position: waits ? position : null,
    blockers,
    unknown: [],
    estimate: waits ? toEstimate(facts, blockers) : null,
  };
}

/** Lists everything that blocks a waiting or delayed task, the most decisive first. */
export function toBlockers(facts: WhyFacts): Blocker[] {
  return [
    redisTrouble,
    ...[paused, time, typeRate, typeConcurrency, workers, queueRate, concurrency, behind],
  ].flatMap((check) => check(facts) ?? []);
}

function paused({ queue, task }: WhyFacts): Blocker | undefined {
  if (!queue.paused) return undefined;
  const { by, reason, at, until } = queue.paused;
  return {
    code: 'QUEUE_PAUSED',
    message: `The queue ${task.queue} is paused${by ? ` by ${by}` : ''}${reason ? `: ${reason}` : ''}.`,
    ...span(at, until),
    cure: `Resume the queue: POST /api/v1/queues/${task.queue}/resume`,
    href: `/monitor/queues/${task.queue}`,
  };
}

function time({ task }: WhyFacts): Blocker | undefined {
  return ownTime(task, `/api/v1/tasks/${task.id}/promote`);
}

/** Reports a start time in the future: requested at submission, or the pause before another attempt. */
export function ownTime(task: WhyFacts['task'], promoteUrl: string): Blocker | undefined {
  const { state, delayUntil, held, attempts, failure, createdAt } = task;
  if (state !== 'delayed' || held) return undefined;
  const cure = `Run it now: POST ${promoteUrl}`;
  if (attempts.made > 0) {
    return {
      code: 'RETRY_WAIT',
      message: `Attempt ${attempts.made} of ${attempts.max} failed${failure ? ` with "${firstLine(failure.message)}"` : ''}; it waits to be tried again.`,
      ...span(failure?.at, delayUntil),
      cure,
    };
  }
  return { code: 'DELAYED', message: 'It is scheduled to run later.', ...span(createdAt, delayUntil), cure };
}

function typeRate({ task, type }: WhyFacts): Blocker | undefined {
  const rate = type.override?.rate;
  const isHeld = task.held?.limit === 'rate';
  if (!isHeld && (!rate || type.nextStartAt === undefined)) return undefined;
  const limit = rate
    ? ` of ${rate.max} ${rate.max === 1 ? 'start' : 'starts'} per ${formatDuration(rate.perMs)}`
    : '';
  return {
    code: 'TYPE_RATE_LIMITED',
    message: `The rate limit of ${task.type}${limit} is used up${setBy(type)}.`,
    ...span(task.held?.since, isHeld ? task.delayUntil : type.nextStartAt),
    ...limitCure(task.type),
  };
}

function typeConcurrency({ task, type, typeRunning }: WhyFacts): Blocker | undefined {
  const most = type.override?.concurrency;
  const isHeld = task.held?.limit === 'concurrency';
  if (!isHeld && !(most && type.slots.length >= most)) return undefined;
  return {
    code: 'TYPE_CONCURRENCY_FULL',
    message: `${most ? `At most ${most} ${task.type} ${most === 1 ? 'task runs' : 'tasks run'} at once` : `As many ${task.type} tasks run as may run at once`}${setBy(type)}, and ${typeRunning.length} ${typeRunning.length === 1 ? 'does' : 'do'}.`,
    ...span(task.held?.since, undefined),
    ...limitCure(task.type),
    ...(typeRunning.length > 0 ? { tasks: typeRunning } : {}),
  };
}

function workers({ consumers, task, workersUnknown }: WhyFacts): Blocker | undefined {
  if (consumers.length === 0 && workersUnknown) return workersHidden(task.queue);
  if (consumers.length === 0) {
    return {
      code: 'NO_WORKER',
      message: `No worker serves the queue ${task.queue}.`,
      cure: 'Start one: npm run start:worker',
      href: '/monitor/workers',
    };
  }
  if (!consumers.every((one) => one.paused)) return undefined;
  const [who, it] =
    consumers.length === 1
      ? ['The only worker that serves', 'it']
      : ['All workers that serve', 'one of them'];
  return {
    code: 'WORKERS_PAUSED',
    message: `${who} the queue ${task.queue} ${consumers.length === 1 ? 'is' : 'are'} paused.`,
    cure: `Resume ${it}.`,
    href: '/monitor/workers',
  };
}

function queueRate({ queue, task, now }: WhyFacts): Blocker | undefined {
  const limit = queue.rateLimit;
  if (!limit || limit.waitMs <= 0) return undefined;
  return {
    code: 'RATE_LIMITED',
    message: `The queue ${task.queue} starts at most ${limit.max} ${limit.max === 1 ? 'task' : 'tasks'} per ${formatDuration(limit.perMs)}${limit.by ? ` (set by ${limit.by})` : ''}, and this limit is used up.`,
    ...span(limit.at, now + limit.waitMs),
    cure: `Raise or lift it: POST /api/v1/queues/${task.queue}/rate-limit`,
    href: `/monitor/queues/${task.queue}`,
  };
}

function concurrency({ queue, task, consumers, running }: WhyFacts): Blocker | undefined {
  if (task.state !== 'waiting') return undefined;
  const slots = consumers.reduce((sum, one) => sum + (one.paused ? 0 : one.concurrency), 0);
  const global = queue.concurrency;
  const tasks = running.length > 0 ? { tasks: running } : {};
  if (global && queue.active >= global.value) {
    return {
      code: 'CONCURRENCY_FULL',
      message: `The queue ${task.queue} runs at most ${global.value} at once${global.by ? ` (set by ${global.by})` : ''}, and ${queue.active} ${queue.active === 1 ? 'runs' : 'run'}.`,
      ...span(global.at, undefined),
      cure: `Raise or lift it: POST /api/v1/queues/${task.queue}/concurrency`,
      href: `/monitor/queues/${task.queue}`,
      ...tasks,
    };
  }
  if (slots === 0 || queue.active < slots) return undefined;
  return {
    code: 'CONCURRENCY_FULL',
    message: `All ${slots} ${slots === 1 ? 'slot' : 'slots'} of the workers that serve ${task.queue} are in use.`,
    cure: 'Start another worker, or raise the concurrency of one.',
    href: '/monitor/workers',
    ...tasks,
  };
}

function behind({ position, task }: WhyFacts): Blocker | undefined {
  if (!position || position.ahead === 0) return undefined;
  const { ahead, atLeast } = position;
  return {
    code: 'BEHIND',
    message: `${atLeast ? `More than ${ahead} tasks are` : ahead === 1 ? 'One task is' : `${ahead} tasks are`} before it in the queue ${task.queue}.`,
    href: `/tasks?state=waiting&queue=${task.queue}`,
  };
}

function limitCure(type: string): { cure: string } {
  return { cure: `Raise or lift it: PUT or DELETE /api/v1/limits/${type}` };
}

function setBy({ override }: TypeHold): string {
  if (!override) return '';
  return ` (set by ${override.by}${override.reason ? `: ${override.reason}` : ''})`;
}

export function span(
  since: number | undefined,
  until: number | undefined,
): { since?: string; until?: string } {
  return {
    ...(since ? { since: new Date(since).toISOString() } : {}),
    ...(until ? { until: new Date(until).toISOString() } : {}),
  };
}

function firstLine(text: string): string {
  const line = text.split('\n', 1)[0] ?? '';
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

export function formatDuration(ms: number): string {
  for (const [size, word] of [
    [3_600_000, 'hour'],
    [60_000, 'minute'],
    [1000, 'second'],
  ] as const) {
    if (ms % size === 0) return ms === size ? word : `${ms / size} ${word}s`;
  }
  return `${ms} ms`;
}
