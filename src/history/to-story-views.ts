import type { AttemptView, LogLine, TaskView, TransitionView } from '../contract/task-view.js';
import { iso } from '../queue/to-task-view.js';
import type { HistoryAttempt, HistoryLogLine, HistoryTask, HistoryTransition } from './store/rows.js';
import { toTaskView } from './to-task-view.js';

/** One task that only the history has, whole: what was cut is left out and named. */
export function toKeptTaskView(task: HistoryTask): TaskView {
  const cut = [
    ...(task.inputCut ? (['input'] as const) : []),
    ...(task.resultCut ? (['result'] as const) : []),
  ];
  const { links, ...view } = toTaskView(task);
  return { ...view, kept: 'history', ...(cut.length > 0 ? { cut } : {}), links };
}

export function toAttemptView(attempt: HistoryAttempt): AttemptView {
  const { number, worker, startedAt, finishedAt, outcome, error, version } = attempt;
  return {
    number,
    ...(worker ? { worker } : {}),
    ...(startedAt === null ? {} : { startedAt: iso(startedAt) }),
    ...(finishedAt === null ? {} : { finishedAt: iso(finishedAt) }),
    ...(startedAt === null || finishedAt === null ? {} : { runMs: Math.max(0, finishedAt - startedAt) }),
    ...(outcome === null ? {} : { outcome }),
    ...(error === null ? {} : { error }),
    ...(version === null ? {} : { version }),
  };
}

export function toTransitionView({ at, state, attempt, detail }: HistoryTransition): TransitionView {
  return {
    at: iso(at),
    state,
    ...(attempt === undefined ? {} : { attempt }),
    ...(detail === undefined ? {} : { detail }),
  };
}

export function toLogLine({ n, at, level, attempt, text }: HistoryLogLine): LogLine {
  return { n, at: at > 0 ? iso(at) : '', level, attempt, text };
}
