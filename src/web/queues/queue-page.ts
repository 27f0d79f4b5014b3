import { FINISHED_STATES, type TaskState } from '../../model/states.js';
import type { QueueAction, QueueDetail, SetBy } from '../../queues/queues.openapi.js';
import { formatDuration, formatNumber, formatPercent, plural } from '../kit/format.js';
import { formatRateLimit } from '../limits/limits-page.js';
import { UNIT_MS } from '../kit/duration-units.js';
import { type BigNumber, LATE_MS } from '../monitor/monitor-page.js';
import { toCounts, formatPace, toQueueHref } from './queues-page.js';
import { STATE_ICONS } from '../kit/states.js';
import { type RefusedForm, formErrorAt } from '../kit/form-error.js';
import { toWorkerHref } from '../workers/workers-page.js';

export interface QueuePage {
  name: string;
  href: string;
  paused?: SetBy;
  numbers: BigNumber[];
  states: { elementId: string; state: TaskState; icon: string; count: number; width: string; href: string }[];
  acts: { promote: number; drain: number; clean: number };
  consumers: {
    elementId: string;
    worker: string;
    href: string;
    concurrency: number;
    active: number;
    used: number;
    paused: boolean;
  }[];
  /** Reason why nothing runs in this queue, if nothing can. */
  warning?: { message: string; cure: string };
  holds: { concurrency: Hold; rate: Hold & { unit: string } };
  pauseRefusal?: RefusedForm;
  headRefusal?: RefusedForm;
  types: { type: string; href: string; count: number; share: string; width: string }[];
  /** Describes how the composition was sampled. */
  sampled: string;
  actions: { at: string; text: string; by: string; reason?: string; until?: string }[];
}

/** Limit of the queue, and its form. */
interface Hold {
  text: string;
  value: string;
  set?: SetBy;
  refusal?: RefusedForm;
}

const PAGE_UNITS = ['s', 'm', 'h'];

/** Applies a minimum width, so that one task beside thousands is visible. */
export function barWidth(count: number, most: number): string {
  return count === 0 ? '0%' : `${Math.max(0.5, Math.round((count / most) * 1_000) / 10)}%`;
}

export function toQueuePage(queue: QueueDetail, refusal?: RefusedForm): QueuePage {
  const { name, counts, paused, globalConcurrency, rateLimit, composition } = queue;
  const most = Math.max(1, ...Object.values(counts));
  const [atOnce, rate] = [formErrorAt(refusal, 'concurrency'), formErrorAt(refusal, 'rate-limit')];
  return {
    name,
    href: toQueueHref(name),
    paused: paused ?? undefined,
    numbers: toNumbers(queue),
    states: toCounts(queue).map(({ state, count, href }) => ({
      elementId: `state-${state}`,
      state,
      icon: STATE_ICONS[state],
      count,
      width: barWidth(count, most),
      href,
    })),
    acts: {
      promote: counts.delayed,
      drain: counts.waiting + counts.delayed,
      clean: FINISHED_STATES.reduce((sum, state) => sum + counts[state], 0),
    },
    consumers: queue.consumers.map(({ workerId, worker, concurrency, active, paused: isPaused }) => ({
      elementId: `consumer-${workerId}`,
      worker,
      href: toWorkerHref(workerId),
      concurrency,
      active,
      used: Math.min(100, Math.round((active / Math.max(1, concurrency)) * 100)),
      paused: isPaused,
    })),
    warning: queue.warnings[0],
    holds: {
      concurrency: {
        text: globalConcurrency.value === null ? 'no limit' : plural(globalConcurrency.value, 'task'),
        value: atOnce?.typed.concurrency ?? String(globalConcurrency.value ?? ''),
        set: globalConcurrency.value === null ? undefined : globalConcurrency,
        refusal: atOnce,
      },
      rate: {
        text: rateLimit ? formatRateLimit(rateLimit) : 'no limit',
        value: rate?.typed.max ?? String(rateLimit?.max ?? ''),
        unit: rate?.typed.unit ?? PAGE_UNITS.find((unit) => UNIT_MS[unit] === rateLimit?.perMs) ?? 'm',
        set: rateLimit ?? undefined,
        refusal: rate,
      },
    },
    pauseRefusal: formErrorAt(refusal, 'pause'),
    headRefusal: formErrorAt(refusal, 'head'),
    types: composition.types.map(({ type, count }) => ({
      type,
      href: `/tasks?${new URLSearchParams({ queue: name, state: 'waiting', type })}`,
      count,
      share: formatPercent(count, composition.sampled),
      width: `${Math.round((count / Math.max(1, composition.sampled)) * 1_000) / 10}%`,
    })),
    sampled:
      composition.sampled < composition.of
        ? `Sample: the ${formatNumber(composition.sampled)} next in turn of ${plural(composition.of, 'waiting task')}.`
        : `All ${plural(composition.of, 'waiting task')}.`,
    actions: queue.actions.map((action) => ({
      at: action.at,
      text: toActionLabel(action),
      by: action.by,
      reason: action.reason,
      until: action.until,
    })),
  };
}

function toNumbers(queue: QueueDetail): BigNumber[] {
  const { name, counts, oldestWaitingMs, slots, workers } = queue;
  const list = (state: TaskState) => `/tasks?${new URLSearchParams({ queue: name, state })}`;
  const late = (oldestWaitingMs ?? 0) > LATE_MS;
  return [
    {
      id: 'number-waiting',
      label: 'Waiting',
      value: formatNumber(counts.waiting),
      note: `${formatNumber(counts.delayed)} delayed`,
      href: list('waiting'),
    },
    {
      id: 'number-oldest',
      label: 'Oldest waiting',
      value: oldestWaitingMs === null ? '–' : formatDuration(oldestWaitingMs),
      note: oldestWaitingMs === null ? 'nothing waits' : 'since it was ready',
      href: list('waiting'),
      tone: late ? 'warning' : undefined,
    },
    {
      id: 'number-in',
      label: 'In',
      value: formatPace(queue.inPerMinute),
      unit: 'a minute',
      note: 'over the last minute',
      href: `/tasks?${new URLSearchParams({ queue: name })}`,
    },
    {
      id: 'number-out',
      label: 'Out',
      value: formatPace(queue.outPerMinute),
      unit: 'a minute',
      note: toTrend(queue),
      href: list('completed'),
    },
    {
      id: 'number-slots',
      label: 'Slots in use',
      value: formatNumber(slots.used),
      unit: `of ${formatNumber(slots.total)}`,
      note: plural(workers, 'worker'),
      href: `/monitor/workers?q=${encodeURIComponent(name)}`,
      tone: workers === 0 ? 'warning' : undefined,
    },
  ];
}

/** Describes whether the backlog grows or shrinks at the current rates. */
function toTrend({ inPerMinute, outPerMinute, counts }: QueueDetail): string {
  if (inPerMinute === null || outPerMinute === null) return 'not known yet';
  const net = outPerMinute - inPerMinute;
  if (Math.abs(net) < 0.5) return 'steady';
  if (net < 0) return `growing by ${formatNumber(Number((-net).toFixed(1)))} a minute`;
  return counts.waiting > 0 ? `empty in about ${formatDuration((counts.waiting / net) * 60_000)}` : 'steady';
}

const ACTION_WORDS: Record<string, string> = {
  pause: 'paused',
  resume: 'resumed',
  drain: 'drained',
  promote: 'promoted',
};

function toActionLabel({ action, value, max, perMs, done }: QueueAction): string {
  if (action === 'concurrency')
    return value === undefined ? 'concurrency limit lifted' : `at most ${formatNumber(value)} at once`;
  if (action === 'rate-limit') {
    return max === undefined || perMs === undefined
      ? 'rate limit lifted'
      : `at most ${formatRateLimit({ max, perMs })}`;
  }
  const words = ACTION_WORDS[action] ?? action.replace(/^clean (\w+)$/, 'cleaned of $1');
  return done === undefined ? words : `${words}: ${plural(done, 'task')}`;
}
