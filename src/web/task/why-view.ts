import type { Blocker, WhyView } from '../../tasks/task-queries.openapi.js';
import { formatDuration, plural, shortId } from '../kit/format.js';

/** "Why isn't it running?" panel of the task's page. */
export interface WhyPanel {
  summary: string;
  /** Text such as `12 before it`. */
  position?: string;
  blockers: BlockerLine[];
  /** Facts that are unknown or could not be loaded. */
  unknown: string[];
  estimate: { text: string; at?: string; basis: string };
}

interface BlockerLine {
  code: string;
  icon: string;
  message: string;
  since?: string;
  until?: string;
  cure?: string;
  link?: { href: string; label: string };
  tasks: { href: string; type: string; short: string; worker?: string; ran?: string }[];
  more?: string;
}

const ICONS: Record<Blocker['code'], string> = {
  QUEUE_PAUSED: 'pause',
  DELAYED: 'alarm-clock',
  RETRY_WAIT: 'rotate-ccw',
  TYPE_RATE_LIMITED: 'gauge',
  TYPE_CONCURRENCY_FULL: 'sliders-horizontal',
  NO_WORKER: 'server',
  WORKERS_PAUSED: 'pause',
  RATE_LIMITED: 'gauge',
  CONCURRENCY_FULL: 'sliders-horizontal',
  CHILDREN: 'network',
  CHILD_FAILED: 'circle-x',
  NOT_QUEUED: 'triangle-alert',
  BEHIND: 'list-end',
  REDIS_TROUBLE: 'database',
  WORKERS_UNKNOWN: 'server',
};

/** Pages where users can do what the cure describes for programs. */
const LINKS: Partial<Record<Blocker['code'], string>> = {
  QUEUE_PAUSED: 'Open the queue',
  RATE_LIMITED: 'Open the queue',
  NO_WORKER: 'Workers',
  WORKERS_UNKNOWN: 'Workers',
  REDIS_TROUBLE: 'Redis',
  WORKERS_PAUSED: 'Workers',
  BEHIND: 'Show them',
};

const MAX_TASKS = 5;

/** Returns undefined for a task that waits for nothing. */
export function toWhyPanel(why: WhyView | undefined): WhyPanel | undefined {
  if (!why?.estimate) return undefined;
  const { startInMs, startAt, basis } = why.estimate;
  const shown = new Set<string>();
  return {
    summary: why.summary,
    position: why.position
      ? why.position.ahead === 0
        ? 'next in turn'
        : `${why.position.atLeast ? 'more than ' : ''}${plural(why.position.ahead, 'task')} before it`
      : undefined,
    blockers: why.blockers.map((blocker) => {
      const { code, message, since, until, cure, href } = blocker;
      // Two limits may be full of the same tasks: each task is listed once.
      const tasks = (blocker.tasks ?? []).filter(({ id }) => !shown.has(id));
      for (const { id } of tasks) shown.add(id);
      const limit = code === 'TYPE_RATE_LIMITED' || code === 'TYPE_CONCURRENCY_FULL';
      const place = limit ? '/monitor/limits' : href;
      return {
        code,
        icon: ICONS[code] ?? 'info',
        message,
        since,
        until,
        // A cure with an HTTP request is for programs; users get the link.
        cure: cure?.replace(/: (POST|PUT|GET|DELETE) .*$|: (PUT or DELETE) .*$/, '').replace(/\.?$/, '.'),
        link: place
          ? {
              href: place,
              label: limit
                ? 'Limits'
                : (LINKS[code] ?? (place === '/monitor/workers' ? 'Workers' : 'Open the queue')),
            }
          : undefined,
        tasks: tasks.slice(0, MAX_TASKS).map(({ id, type, worker, runMs, href: page }) => ({
          href: page,
          type,
          short: shortId(id),
          worker,
          ran: runMs === undefined ? undefined : formatDuration(runMs),
        })),
        more: tasks.length > MAX_TASKS ? `and ${tasks.length - MAX_TASKS} more` : undefined,
      };
    }),
    unknown: why.unknown,
    estimate:
      startInMs === null || startAt === null
        ? { text: 'The start cannot be predicted', basis }
        : {
            text: startInMs < 1_000 ? 'Starts now' : `Starts in about ${formatDuration(startInMs)}`,
            at: startAt,
            basis,
          },
  };
}
