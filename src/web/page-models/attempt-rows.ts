import type { AttemptView, LogLine } from '../../contract/task-view.js';

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
  error?: { name: string; message: string; stack?: string };
  /** Where nothing else says what became of it. */
  problem?: string;
  /** Those of its log lines that are on the page. */
  lines: (LogLine & { elementId: string })[];
}

export interface AttemptList {
  rows: AttemptRow[];
  /** Left out between the first and the last. */
  hidden: number;
  allHref: string;
}

/** More are only shown when asked for: a page is drawn up to four times a second. */
const SHOWN = 20;

const OUTCOME_ICONS: Record<string, string> = {
  completed: 'circle-check',
  failed: 'circle-x',
  lost: 'unplug',
  cancelled: 'ban',
  expired: 'timer-off',
};

/** The newest first: what a reader asks is what happened last. */
export function toAttemptList(
  attempts: readonly AttemptView[],
  lines: readonly LogLine[],
  allHref: string,
  all: boolean,
): AttemptList {
  const newest = [...attempts].reverse();
  const shown = all ? newest : newest.slice(0, SHOWN);
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
    outcome: outcome ?? 'running',
    icon: OUTCOME_ICONS[outcome ?? ''] ?? 'loader',
    tone: outcome ?? 'active',
    worker,
    workerHref: worker && `/monitor/workers?q=${encodeURIComponent(worker)}`,
    version,
    startedAt,
    finishedAt,
    runMs: outcome ? runMs : undefined,
    runningSince: outcome ? undefined : startedAt,
    error,
    problem: outcome === 'lost' && !error ? 'Its worker went away in the middle.' : undefined,
    lines: lines
      .filter((line) => line.attempt === number)
      .map((line) => ({ ...line, elementId: `attempt-${number}-log-${line.n}` })),
  };
}
