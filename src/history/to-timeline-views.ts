import { readFailure } from '../model/failure.js';
import type { AttemptView, LogLine, TaskView, TransitionView } from '../model/task-view.js';
import type { Redaction } from '../platform/redaction/redaction.js';
import { withoutTerminalCodes } from '../model/terminal-codes.js';
import { formatIso } from '../bullmq/codec/to-task-view.js';
import type { HistoryAttempt, HistoryLogLine, HistoryTask, HistoryTransition } from './ports/rows.js';
import { toTaskView } from './to-task-view.js';
import { FROM_HISTORY } from '../model/deprecated-names.js';

/** Full view of a task that exists only in the history. Truncated bodies are omitted and listed in `cut`. */
export function toHistoryTaskView(task: HistoryTask, rules: Redaction): TaskView {
  const cut = [
    ...(task.inputCut ? (['input'] as const) : []),
    ...(task.resultCut ? (['result'] as const) : []),
  ];
  const { links, ...view } = toTaskView(task, rules);
  return { ...view, ...FROM_HISTORY, ...(cut.length > 0 ? { cut } : {}), links };
}

export function toAttemptView(attempt: HistoryAttempt): AttemptView {
  const { number, worker, startedAt, finishedAt, outcome, error, version } = attempt;
  return {
    number,
    ...(worker ? { worker } : {}),
    ...(startedAt === null ? {} : { startedAt: formatIso(startedAt) }),
    ...(finishedAt === null ? {} : { finishedAt: formatIso(finishedAt) }),
    ...(startedAt === null || finishedAt === null ? {} : { runMs: Math.max(0, finishedAt - startedAt) }),
    ...(outcome === null ? {} : { outcome }),
    ...(error === null ? {} : { error: readFailure(error) ?? error }),
    ...(version === null ? {} : { version }),
  };
}

export function toTransitionView({ at, state, attempt, detail }: HistoryTransition): TransitionView {
  return {
    at: formatIso(at),
    state,
    ...(attempt === undefined ? {} : { attempt }),
    ...(detail === undefined ? {} : { detail: withoutTerminalCodes(detail) }),
  };
}

export function toLogLine({ n, at, level, attempt, text }: HistoryLogLine): LogLine {
  return { n, at: at > 0 ? formatIso(at) : '', level, attempt, text: withoutTerminalCodes(text) };
}
