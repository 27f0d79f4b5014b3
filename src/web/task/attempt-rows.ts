import type { AttemptView, LogLine } from '../../model/task-view.js';
import { toFailureView, type FailureView } from '../kit/failure-view.js';

export interface AttemptRow {
  number: number;
  elementId: string;
  outcome: string;
  icon: string;
  tone: string;
  worker?: string;
  workerHref?: string;
  version?: string;
  startedAt?: string;
  finishedAt?: string;
  runMs?: number;
  runningSince?: string;
  error?: FailureView;
  /** Problem, if nothing else on the page describes it. */
  problem?: string;
  /** Log lines of the attempt that are on the page. */
  lines: (LogLine & { elementId: string })[];
}

export interface AttemptList {
  rows: AttemptRow[];
  /** Number of attempts left out between the first and the last. */
  hidden: number;
  allHref: string;
}

/** Maximum number of attempts shown unless all are requested: a page is redrawn up to four times a second. */
const MAX_ATTEMPTS = 20;

const OUTCOME_ICONS: Record<string, string> = {
  completed: 'circle-check',
  failed: 'circle-x',
  lost: 'unplug',
  cancelled: 'ban',
  expired: 'timer-off',
  postponed: 'alarm-clock',
};

/** Lists the newest attempt first: readers want the latest event. */
export function toAttemptList(
  attempts: readonly AttemptView[],
  lines: readonly LogLine[],
  allHref: string,
  all: boolean,
): AttemptList {
  const newest = [...attempts].reverse();
  const shown = all ? newest : newest.slice(0, MAX_ATTEMPTS);
  return {
    rows: shown.map((attempt) => toRow(attempt, lines)),
    hidden: newest.length - shown.length,
    allHref,
  };
}

function toRow(attempt: AttemptView, lines: readonly LogLine[]): AttemptRow {
  const { number, worker, outcome, startedAt, finishedAt, runMs, error, version } = attempt;
  return {
    number,
    elementId: `attempt-${number}`,
    outcome: outcome ?? (finishedAt ? 'put back' : 'running'),
    icon: OUTCOME_ICONS[outcome ?? ''] ?? (finishedAt ? 'rotate-ccw' : 'loader'),
    tone: outcome ?? (finishedAt ? 'waiting' : 'active'),
    worker,
    workerHref: worker && `/monitor/workers?q=${encodeURIComponent(worker)}`,
    version,
    startedAt,
    finishedAt,
    runMs: outcome || finishedAt ? runMs : undefined,
    runningSince: outcome || finishedAt ? undefined : startedAt,
    error: error && toFailureView(error, `attempt-${number}`),
    problem: outcome === 'lost' && !error ? 'Its worker went away in the middle.' : undefined,
    lines: lines
      .filter((line) => line.attempt === number)
      .map((line) => ({ ...line, elementId: `attempt-${number}-log-${line.n}` })),
  };
}
