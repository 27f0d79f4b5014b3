import type { TaskFailure, TaskView } from '../../model/task-view.js';
import type { KnownVersion } from '../../history/ports/stats-store.js';
import type { ErrorGroupDetailView } from '../../monitoring/error-groups/error-groups.openapi.js';
import type { ErrorAct } from '../../monitoring/error-groups/error-states.js';
import { ERROR_STATE_ICONS, ERROR_STATE_TONES } from './errors-page.js';
import { toFailureView, type FailureView } from '../kit/failure-view.js';
import { formatNumber, plural, shortId } from '../kit/format.js';
import { type BarChart, toBarChart } from '../kit/range-charts.js';
import { fieldOf, finishedIn, toTasksHref } from '../monitor/task-query.js';
import type { FormError } from '../kit/form-error.js';

export interface ErrorGroupPage {
  fingerprint: string;
  name: string;
  type: string;
  typeHref: string;
  sample: string;
  /** Shown if it differs from the sample. */
  folded?: string;
  frame: string;
  /** Newest failure of the group. */
  newest?: FailureView;
  state: { word: string; icon: string; tone: string };
  count: number;
  firstSeenAt: string;
  lastSeenAt: string;
  regressedAt?: string;
  mark?: { by: string; at: string; word: string; note?: string };
  acts: { act: ErrorAct; label: string; icon: string; hint: string; action: string; primary: boolean }[];
  retry?: { label: string; q: string; href: string };
  tasksHref: string;
  chart: BarChart;
  workers: { name: string; href: string; count: number; lastSeenAt: string }[];
  versions: { name: string; count: number; firstSeenAt: string; lastSeenAt: string }[];
  tasks: SampleRow[];
  note?: string;
  trouble?: FormError;
}

interface SampleRow {
  id: string;
  href: string;
  short: string;
  state: string;
  problem?: string;
  queue: string;
  worker?: string;
  at: string;
}

const HOUR = 3_600_000;
/** Width of a bar, ms. All bars cover a week. */
const BAR_MS = 3 * HOUR;
const BARS = 56;

const ACTS: Record<ErrorAct, { label: string; icon: string; hint: string; word: string }> = {
  resolve: {
    label: 'Resolve',
    icon: 'check',
    hint: 'It is put right. Should it come back, it is shown as regressed.',
    word: 'Resolved',
  },
  ignore: {
    label: 'Ignore',
    icon: 'ban',
    hint: 'It goes on being counted, and is not shown among what is unsolved.',
    word: 'Ignored',
  },
  reopen: { label: 'Reopen', icon: 'rotate-ccw', hint: 'Back to what is unsolved.', word: 'Reopened' },
};

export function toErrorGroupPage(
  group: ErrorGroupDetailView,
  versions: KnownVersion[],
  now: number,
  { failure, trouble, note }: { failure?: TaskFailure; trouble?: FormError; note?: string } = {},
): ErrorGroupPage {
  const q = `group:${group.fingerprint}`;
  const { total, isExact } = group.failedTasks;
  const acts: ErrorAct[] =
    group.state === 'resolved' || group.state === 'ignored' ? ['reopen'] : ['resolve', 'ignore'];
  const words = { resolved: 'Resolved', ignored: 'Ignored', open: 'Reopened', regressed: 'Resolved' };
  return {
    fingerprint: group.fingerprint,
    name: group.name,
    type: group.type,
    typeHref: toTasksHref('state:failed', fieldOf('type', group.type)),
    sample: group.sample,
    folded: group.message === group.sample ? undefined : group.message,
    frame: group.frame,
    newest: failure && toFailureView(failure, 'newest'),
    state: {
      word: group.state,
      icon: ERROR_STATE_ICONS[group.state],
      tone: ERROR_STATE_TONES[group.state],
    },
    count: group.count,
    firstSeenAt: group.firstSeenAt,
    lastSeenAt: group.lastSeenAt,
    regressedAt: group.state === 'regressed' ? group.regressedAt : undefined,
    mark:
      group.by && group.changedAt
        ? { by: group.by, at: group.changedAt, word: words[group.state], note: group.note }
        : undefined,
    acts: acts.map((act, index) => ({
      act,
      ...ACTS[act],
      action: `/monitor/errors/${group.fingerprint}/${act}`,
      primary: index === 0,
    })),
    retry:
      total > 0
        ? {
            label:
              total === 1 && isExact
                ? 'Retry the failed task'
                : `Retry all ${isExact ? '' : 'of at least '}${plural(total, 'failed task')}`,
            q: `${q} state:failed`,
            href: toTasksHref(q, 'state:failed'),
          }
        : undefined,
    tasksHref: toTasksHref(q),
    chart: toHoursChart(group, versions, now, q),
    workers: group.workers.map(({ worker, count, lastSeenAt }) => ({
      name: worker || 'none: its workers were lost',
      href: worker ? toTasksHref(q, fieldOf('worker', worker)) : toTasksHref(q),
      count,
      lastSeenAt,
    })),
    versions: group.versions.map(({ version, ...rest }) => ({ name: version, ...rest })),
    tasks: group.tasks.map(toSampleRow),
    note: note ?? group.note,
    trouble,
  };
}

function toHoursChart(
  { hours }: ErrorGroupDetailView,
  versions: KnownVersion[],
  now: number,
  q: string,
): BarChart {
  const from = Math.floor(now / BAR_MS) * BAR_MS - (BARS - 1) * BAR_MS;
  const counts = Array<number>(BARS).fill(0);
  for (const { at, count } of hours) {
    const index = Math.floor((Date.parse(at) - from) / BAR_MS);
    if (index >= 0 && index < BARS) counts[index]! += count;
  }
  const bars = counts.map((_, index) => {
    const at = from + index * BAR_MS;
    return { at, to: at + BAR_MS, href: toTasksHref(q, finishedIn(at, at + BAR_MS)) };
  });
  const shown = versions.filter(({ firstSeenAt }) => firstSeenAt >= from);
  const chart = toBarChart(
    { bars, versions: shown, barMs: BAR_MS, now },
    counts.map((failed) => ({ failed })),
    { plotHeight: 96, per: '3 hours' },
  );
  const sum = counts.reduce((total, n) => total + n, 0);
  chart.summary = `Failed attempts per 3 hours in the last 7 d: ${formatNumber(sum)}`;
  return chart;
}

function toSampleRow(task: TaskView): SampleRow {
  return {
    id: `sample-${task.queue}-${task.id}`,
    href: task.links.page,
    short: shortId(task.id),
    state: task.state,
    problem: task.error?.message,
    queue: task.queue,
    worker: task.worker,
    at: task.finishedAt ?? task.createdAt,
  };
}
