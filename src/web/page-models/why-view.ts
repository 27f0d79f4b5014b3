import type { BlockerCode, WhyView } from '../../tasks/why-not-running.js';
import { formatDuration, plural, shortId } from './format.js';

/** "Why isn't it running?" as the task's page says it. */
export interface WhyPanel {
  summary: string;
  /** `12 before it` */
  position?: string;
  blockers: BlockerLine[];
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

const ICONS: Record<BlockerCode, string> = {
  QUEUE_PAUSED: 'pause',
  DELAYED: 'alarm-clock',
  RETRY_WAIT: 'rotate-ccw',
  TYPE_RATE_LIMITED: 'gauge',
  TYPE_CONCURRENCY_FULL: 'sliders-horizontal',
  NO_WORKER: 'server',
  WORKERS_PAUSED: 'pause',
  RATE_LIMITED: 'gauge',
  CONCURRENCY_FULL: 'sliders-horizontal',
  BEHIND: 'list-end',
};

/** Where people do what the cure tells programs to do. */
const LINKS: Partial<Record<BlockerCode, string>> = {
  QUEUE_PAUSED: 'Open the queue',
  RATE_LIMITED: 'Open the queue',
  NO_WORKER: 'Workers',
  WORKERS_PAUSED: 'Workers',
  BEHIND: 'Show them',
};

const TOLD = 5;

/** Absent for a task that neither waits nor is delayed. */
export function toWhyPanel(why: WhyView | undefined): WhyPanel | undefined {
  if (!why?.estimate) return undefined;
  const { startInMs, startAt, basis } = why.estimate;
  const told = new Set<string>();
  return {
    summary: why.summary,
    position: why.position
      ? why.position.ahead === 0
        ? 'next in turn'
        : `${why.position.atLeast ? 'more than ' : ''}${plural(why.position.ahead, 'task')} before it`
      : undefined,
    blockers: why.blockers.map((blocker) => {
      const { code, message, since, until, cure, href } = blocker;
      // Two limits may be full of the same tasks: each is told once.
      const tasks = (blocker.tasks ?? []).filter(({ id }) => !told.has(id));
      for (const { id } of tasks) told.add(id);
      const limit = code === 'TYPE_RATE_LIMITED' || code === 'TYPE_CONCURRENCY_FULL';
      const place = limit ? '/monitor/limits' : href;
      return {
        code,
        icon: ICONS[code] ?? 'info',
        message,
        since,
        until,
        // A request to send is for programs; people get the link.
        cure: cure?.replace(/: (POST|PUT|GET|DELETE) .*$|: (PUT or DELETE) .*$/, '').replace(/\.?$/, '.'),
        link: place
          ? {
              href: place,
              label: limit
                ? 'Limits'
                : (LINKS[code] ?? (place === '/monitor/workers' ? 'Workers' : 'Open the queue')),
            }
          : undefined,
        tasks: tasks.slice(0, TOLD).map(({ id, type, worker, runMs, href: page }) => ({
          href: page,
          type,
          short: shortId(id),
          worker,
          ran: runMs === undefined ? undefined : formatDuration(runMs),
        })),
        more: tasks.length > TOLD ? `and ${tasks.length - TOLD} more` : undefined,
      };
    }),
    estimate:
      startInMs === null
        ? { text: 'Nobody can tell when it starts', basis }
        : {
            text: startInMs < 1_000 ? 'Starts now' : `Starts in about ${formatDuration(startInMs)}`,
            at: startAt,
            basis,
          },
  };
}
