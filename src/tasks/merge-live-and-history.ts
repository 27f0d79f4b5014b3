import { isFinished } from '../model/states.js';
import type { AttemptView, TransitionView } from '../model/task-view.js';
import type { HistoryTransition } from '../history/ports/rows.js';

/** Tolerance for clock differences between workers and Redis, ms: closer times count as the same moment. */
const CLOCK_TOLERANCE_MS = 2000;

/**
 * Merges the attempts known to Redis and to the history. Redis is authoritative for the running attempt; details of
 * earlier ones may exist only in the history.
 */
export function mergeAttempts(live: readonly AttemptView[], past: readonly AttemptView[]): AttemptView[] {
  const byNumber = new Map(past.map((attempt) => [attempt.number, attempt]));
  for (const attempt of live) {
    const known = byNumber.get(attempt.number);
    byNumber.set(attempt.number, known ? mergeAttempt(attempt, known) : attempt);
  }
  return [...byNumber.values()].sort((a, b) => a.number - b.number);
}

function mergeAttempt(live: AttemptView, past: AttemptView): AttemptView {
  if (!live.outcome) {
    const { outcome: _outcome, finishedAt: _end, runMs: _ran, error: _error, ...begun } = past;
    return { ...begun, ...live };
  }
  // `lost` from Redis means only that it has no record of the attempt's end.
  const outcome = live.outcome === 'lost' ? (past.outcome ?? 'lost') : live.outcome;
  const merged = { ...past, ...live, outcome };
  const error = live.error?.stack || !past.error ? (live.error ?? past.error) : past.error;
  const { startedAt, finishedAt } = merged;
  return {
    ...merged,
    ...(startedAt && finishedAt
      ? { runMs: Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)) }
      : {}),
    ...(error ? { error } : {}),
  };
}

/**
 * Returns the recorded transitions, followed by newer ones known only to Redis. `derived` is computed from the task's own
 * fields: coarser, but always current.
 */
export function completeTransitions(
  recorded: readonly TransitionView[],
  derived: readonly TransitionView[],
): TransitionView[] {
  const shown = withAttemptNumbers(recorded);
  const last = shown.at(-1);
  if (!last) return [...derived];
  const lastAt = Date.parse(last.at);
  const known = derived.findLastIndex((one) => shown.some((other) => isSame(one, other)));
  const beyond = derived.slice(known + 1).filter(({ at }) => Date.parse(at) >= lastAt - CLOCK_TOLERANCE_MS);
  if (beyond.every(({ state }) => state === last.state && state !== 'active')) return shown;
  return [...shown, ...beyond.map((one) => ({ ...one, at: Date.parse(one.at) < lastAt ? last.at : one.at }))];
}

/** Removes duplicates: a transition recorded from an event may be recorded again from the job's own fields. */
export function withoutDuplicates(recorded: readonly HistoryTransition[]): HistoryTransition[] {
  const fromEvents = recorded.filter(({ seq }) => seq >= 0);
  return recorded.filter(
    (one) =>
      one.seq >= 0 ||
      !fromEvents.some(({ state, at }) => state === one.state && Math.abs(at - one.at) <= CLOCK_TOLERANCE_MS),
  );
}

/** Adds attempt numbers to `active` transitions that were recorded without one. */
export function withAttemptNumbers(recorded: readonly TransitionView[]): TransitionView[] {
  let attempt = 0;
  return recorded.map((one) => {
    if (one.state !== 'active') return one;
    attempt = one.attempt ?? attempt + 1;
    return { ...one, attempt };
  });
}

function isSame(one: TransitionView, other: TransitionView): boolean {
  if (one.state !== other.state) return false;
  if (one.state === 'active') return one.attempt === other.attempt;
  return Math.abs(Date.parse(one.at) - Date.parse(other.at)) <= CLOCK_TOLERANCE_MS;
}

/** Adds a missing `detail` to transitions: the submission, the worker, or the error of the attempt before. */
export function withDetails(
  transitions: readonly TransitionView[],
  attempts: readonly AttemptView[],
): TransitionView[] {
  let ran: AttemptView | undefined;
  return transitions.map((one, i) => {
    const before = ran;
    if (one.state === 'active') ran = attempts.find(({ number }) => number === one.attempt);
    if (one.detail !== undefined) return one;
    const detail =
      i === 0 && one.state !== 'active' && !isFinished(one.state)
        ? 'submitted'
        : one.state === 'active'
          ? ran?.worker && `on ${ran.worker}`
          : transitions[i - 1]?.state === 'active'
            ? before?.error?.message
            : undefined;
    return detail ? { ...one, detail } : one;
  });
}
