import type { AttemptView, TransitionView } from '../contract/task-view.js';
import type { HistoryTransition } from '../history/store/rows.js';

/** Clocks of workers and of Redis are this far apart at most where two times are taken for one, ms. */
const CLOCK_MS = 2000;

/**
 * The attempts as Redis and the history tell of them together. Redis is the truth about the one that runs; of earlier
 * ones it may have lost what the history kept.
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
  // Redis says `lost` of every attempt it has no words about.
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
 * What was recorded, and behind it what Redis already knows beyond that. `derived` is the way as the task's own fields
 * tell it: coarser, but never late.
 */
export function completeTransitions(
  recorded: readonly TransitionView[],
  derived: readonly TransitionView[],
): TransitionView[] {
  const told = numbered(recorded);
  const last = told.at(-1);
  if (!last) return [...derived];
  const lastAt = Date.parse(last.at);
  const known = derived.findLastIndex((one) => told.some((other) => isSame(one, other)));
  const beyond = derived.slice(known + 1).filter(({ at }) => Date.parse(at) >= lastAt - CLOCK_MS);
  if (beyond.every(({ state }) => state === last.state && state !== 'active')) return told;
  return [...told, ...beyond.map((one) => ({ ...one, at: Date.parse(one.at) < lastAt ? last.at : one.at }))];
}

/** What was recorded from an event, and later from the job's own fields as well, is told once. */
export function once(recorded: readonly HistoryTransition[]): HistoryTransition[] {
  const heard = recorded.filter(({ seq }) => seq >= 0);
  return recorded.filter(
    (one) =>
      one.seq >= 0 ||
      !heard.some(({ state, at }) => state === one.state && Math.abs(at - one.at) <= CLOCK_MS),
  );
}

/** Runs carry their number, also where it was not recorded. */
export function numbered(recorded: readonly TransitionView[]): TransitionView[] {
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
  return Math.abs(Date.parse(one.at) - Date.parse(other.at)) <= CLOCK_MS;
}

/** Says what a step came from, where that was not recorded with it: the hand-in, the worker, the failure before. */
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
      i === 0 && (one.state === 'waiting' || one.state === 'delayed')
        ? 'submitted'
        : one.state === 'active'
          ? ran?.worker && `on ${ran.worker}`
          : transitions[i - 1]?.state === 'active'
            ? before?.error?.message
            : undefined;
    return detail ? { ...one, detail } : one;
  });
}
