import type { RedisProblem } from '../../bullmq/connection/redis-health.js';
import type { ErrorGroup } from '../../history/ports/error-group-store.js';
import type { Behind, RangeNumbers } from '../../monitoring/stats/stats.service.js';
import type { HeldType, QueueOutlook } from '../../tasks/queue-outlooks.js';
import { formatDuration, formatNumber, plural } from '../kit/format.js';
import { toFailureRise } from './failure-rise.js';
import { LATE_MS, lostWorkers, type ShownNow } from './monitor-page.js';

/** Act that fits a finding: a page, or a command of a queue. */
export interface Act {
  label: string;
  href: string;
  /** Command that a form posts to `href`. */
  command?: string;
}

export interface Finding {
  id: string;
  /** `notice` is worth a look and does not endanger tasks. */
  severity: 'danger' | 'warning' | 'notice';
  icon: string;
  text: string;
  /** ISO time. */
  since?: string;
  act: Act;
}

/** Facts from which the findings are derived. */
export interface HealthFacts {
  now: number;
  /** Absent if Redis could not be read. */
  present?: ShownNow;
  outlooks: QueueOutlook[];
  /** True if the outlooks could not be read, for example because this Redis user may not. */
  queuesUnknown?: boolean;
  held: HeldType[];
  problem?: Pick<RedisProblem, 'what' | 'so' | 'since' | 'canRead'>;
  /** True where workers may exist but are not visible. */
  workersUnknown: boolean;
  behind?: Behind;
  /** The last hour by the minute. */
  numbers: Pick<RangeNumbers, 'bars' | 'range' | 'versions' | 'failing' | 'lastMinute' | 'recordedFrom'>;
}

/** Wait up to which a queue does not count as behind, ms. */
const MAX_SHORT_WAIT_MS = 10_000;
/** Time for which a lost worker is a warning, ms; by then others run its tasks. */
const LOST_WARNING_MS = 600_000;
const HOUR = 3_600_000;
const MAX_ERRORS = 3;
const REDIS: Act = { label: 'Show Redis', href: '/monitor/redis' };

/** Lists what needs attention, the most urgent first. */
export function toFindings(facts: HealthFacts): Finding[] {
  const order = ['danger', 'warning', 'notice'];
  return [
    ...redisFindings(facts),
    ...queueFindings(facts),
    ...failureFindings(facts),
    ...heldFindings(facts),
    ...workerFindings(facts),
    ...historyFindings(facts),
    ...errorFindings(facts),
  ].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}

function redisFindings({ problem, present }: HealthFacts): Finding[] {
  const base = { id: 'redis', severity: 'danger' as const, icon: 'unplug', act: REDIS };
  if (problem) {
    const what = problem.canRead
      ? `${problem.what}, so ${problem.so}.`
      : `${problem.what}: whether tasks run is not known, and what is shown here is from before.`;
    return [{ ...base, text: what, ...sinceOf(problem.since) }];
  }
  return present ? [] : [{ ...base, text: 'Redis does not answer: whether tasks run is not known.' }];
}

function queueFindings(facts: HealthFacts): Finding[] {
  const { present, outlooks, workersUnknown } = facts;
  if (!present || facts.problem) return [];
  if (facts.queuesUnknown) {
    return [
      {
        id: 'queues',
        severity: 'warning',
        icon: 'hourglass',
        text: `Whether something blocks the queues is not known; ${waits(present.totals.waiting)}.`,
        act: { label: 'Show the queues', href: '/monitor/queues' },
      },
    ];
  }
  const unserved = outlooks.filter(({ blockers }) => blockers.some(({ code }) => code === 'NO_WORKER'));
  if (!workersUnknown && outlooks.length > 0 && unserved.length === outlooks.length) {
    const waiting = present.totals.waiting;
    return [
      {
        id: 'workers',
        severity: 'danger',
        icon: 'server',
        text: `No worker is running: ${waits(waiting)}.`,
        act: { label: 'Start a worker', href: '/monitor/workers' },
      },
    ];
  }
  return outlooks.flatMap((outlook) => queueFinding(outlook, present) ?? []);
}

function queueFinding(outlook: QueueOutlook, present: ShownNow): Finding | undefined {
  const { queue, blockers, clears, slots, isGrowing } = outlook;
  const { counts, oldestWaitingMs } = present.queues.find(({ name }) => name === queue)!;
  const { waiting } = counts;
  const isLate = waiting > 0 && (oldestWaitingMs ?? 0) > MAX_SHORT_WAIT_MS;
  const [blocker] = blockers;
  const page = `/monitor/queues/${encodeURIComponent(queue)}`;
  const list = `/tasks?state=waiting&queue=${encodeURIComponent(queue)}`;
  const base = {
    id: `queue-${queue}`,
    severity: 'warning' as const,
    icon: 'hourglass',
    ...(blocker?.since ? { since: blocker.since } : {}),
  };
  const end =
    clears.startInMs === null
      ? 'when it clears is not known'
      : `clears in about ${formatDuration(clears.startInMs)}`;
  switch (blocker?.code) {
    case 'QUEUE_PAUSED':
      return {
        ...base,
        icon: 'pause',
        text: `${withoutStop(blocker.message)}; ${waits(waiting)}.`,
        act: { label: 'Resume', href: page, command: 'resume' },
      };
    case 'NO_WORKER':
      return {
        ...base,
        severity: waiting > 0 ? 'danger' : 'warning',
        icon: 'server',
        text: `No worker serves ${queue}: ${waits(waiting)}.`,
        act: { label: 'Start a worker', href: '/monitor/workers' },
      };
    case 'WORKERS_UNKNOWN':
    case 'WORKERS_PAUSED':
      return {
        ...base,
        icon: 'server',
        text: `${withoutStop(blocker.message)}; ${waits(waiting)}.`,
        act: { label: 'Show workers', href: `/monitor/workers?q=${encodeURIComponent(queue)}` },
      };
    case 'RATE_LIMITED':
      return isLate
        ? {
            ...base,
            icon: 'gauge',
            text: `${withoutStop(blocker.message)}: ${waits(waiting)}, ${end}.`,
            act: { label: 'Change the limit', href: page },
          }
        : undefined;
    case 'CONCURRENCY_FULL': {
      if (!isLate) return undefined;
      const isLimit = blocker.href === page;
      return {
        id: base.id,
        severity: base.severity,
        icon: base.icon,
        text:
          `${queue} is ${isGrowing ? 'falling behind' : 'behind'}: ${waits(waiting)}, ` +
          (isLimit ? `its limit lets ${formatNumber(slots.used)} run at once` : busy(slots)) +
          `, ${end}.`,
        act: isLimit
          ? { label: 'Change the limit', href: page }
          : { label: 'Add slots', href: `/monitor/workers?q=${encodeURIComponent(queue)}` },
      };
    }
    default:
      if (waiting === 0 || (oldestWaitingMs ?? 0) <= LATE_MS) return undefined;
      return {
        ...base,
        text: `${waits(waiting)} on ${queue}, the longest for ${formatDuration(oldestWaitingMs!)}, and nothing blocks the queue.`,
        act: { label: 'Show them', href: list },
      };
  }
}

function failureFindings({ numbers }: HealthFacts): Finding[] {
  const rise = toFailureRise(numbers);
  if (!rise) return [];
  const { since, version, text } = rise;
  return [
    {
      id: 'failures',
      severity: 'danger',
      icon: 'circle-x',
      text,
      ...(version === undefined ? {} : sinceOf(since)),
      act: { label: 'Show the errors', href: '/monitor/errors' },
    },
  ];
}

function heldFindings({ held, problem }: HealthFacts): Finding[] {
  if (problem) return [];
  return held.map(({ type, held: count }) => ({
    id: `limit-${type}`,
    severity: 'warning' as const,
    icon: 'gauge',
    text: `The limit of ${type} holds ${plural(count, 'task')} back.`,
    act: { label: 'Change the limit', href: '/monitor/limits' },
  }));
}

function workerFindings({ present, now, problem }: HealthFacts): Finding[] {
  if (!present || problem) return [];
  const online = plural(
    present.workers.filter(({ status }) => status !== 'offline').length,
    'worker is',
    'workers are',
  );
  return lostWorkers(present).map(({ id, name, lastSeenAt }) => ({
    id: `lost-${id}`,
    severity: now - Date.parse(lastSeenAt) <= LOST_WARNING_MS ? ('warning' as const) : ('notice' as const),
    icon: 'unplug',
    text: `Worker ${name} was lost: it stopped without a report. ${online} online.`,
    since: lastSeenAt,
    act: { label: 'Show it', href: `/monitor/workers/${encodeURIComponent(id)}` },
  }));
}

function historyFindings({ behind }: HealthFacts): Finding[] {
  if (!behind || behind.state === 'away') return [];
  const text =
    behind.state === 'stopped'
      ? `Nothing is being recorded${behind.error ? `: ${withoutStop(behind.error)}` : ''}. The numbers end there.`
      : `The history is ${formatDuration(behind.lagMs ?? 0)} behind: the newest tasks are not in these numbers yet.`;
  return [
    {
      id: 'history',
      severity: 'warning',
      icon: 'database',
      text,
      act: { label: 'Show the history', href: '/monitor/history' },
    },
  ];
}

/** Lists error groups that are new, back or rising. A group of a fresh history is new without a comparison. */
function errorFindings({ numbers, now }: HealthFacts): Finding[] {
  return numbers.failing
    .flatMap((group) => {
      const word = wordOf(group, now);
      return word ? [toErrorFinding(group, word)] : [];
    })
    .slice(0, MAX_ERRORS);
}

function wordOf({ state, firstSeenAt, trend }: ErrorGroup, now: number): string | undefined {
  if (state === 'regressed') return 'is back';
  if (now - firstSeenAt < HOUR) return 'is new';
  const earlier = trend.slice(0, -1);
  const mean = earlier.reduce((sum, count) => sum + count, 0) / Math.max(1, earlier.length);
  const last = trend.at(-1) ?? 0;
  return last >= 10 && last > 3 * mean ? 'is rising' : undefined;
}

function toErrorFinding(group: ErrorGroup, word: string): Finding {
  const since = word === 'is back' ? (group.regressedAt ?? undefined) : group.firstSeenAt;
  return {
    id: `error-${group.fingerprint}`,
    severity: 'notice',
    icon: 'circle-x',
    text: `${group.name} in ${group.type} ${word}: ${plural(group.recent, 'failure')}. ${group.message || group.sample}`,
    ...(word === 'is rising' || since === undefined ? {} : sinceOf(since)),
    act: { label: 'Show it', href: `/monitor/errors/${group.fingerprint}` },
  };
}

export function waits(count: number): string {
  return count === 0 ? 'nothing waits' : `${plural(count, 'task waits', 'tasks wait')}`;
}

function busy({ used, total }: QueueOutlook['slots']): string {
  return `${formatNumber(Math.min(used, total))} of ${plural(total, 'slot')} busy`;
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, '');
}

function sinceOf(ms: number): { since?: string } {
  return ms > 0 ? { since: new Date(ms).toISOString() } : {};
}
