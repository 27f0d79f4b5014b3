import { isSettled, type TaskState } from '../../contract/states.js';
import type { AttemptView, TaskView, TransitionView } from '../../contract/task-view.js';
import { toParts } from './broken-scale.js';
import { formatDuration } from './format.js';

/** One stretch of a task's life; `x` and `width` are percent of the whole, as SVG wants them. */
export interface Segment {
  key: string;
  tone: TaskState | 'lost' | 'rest';
  label: string;
  duration: string;
  outcome?: string;
  x: string;
  width: string;
  /** Where the segment is wide enough to carry its own words. */
  text?: string;
  textX?: string;
  /** Too narrow for its words on a phone. */
  tight: boolean;
  running: boolean;
  /** Where the mark stands that says: longer than drawn. */
  breakX?: string;
}

export interface Timeline {
  segments: Segment[];
  total: string;
  startedAt: string;
  /** Absent while the task goes on. */
  endedAt?: string;
  /** Some segments are drawn shorter than they were. */
  hasBreaks: boolean;
}

interface Stretch {
  from: number;
  to: number;
  state: TaskState;
  attempt?: AttemptView;
  number?: number;
  running: boolean;
  /** Of stretches that stand for several: how many. */
  folded?: number;
}

/** Less than this between two clocks is no delay, ms. */
const SHORTEST_DELAY_MS = 100;
/** A wait this short behind a delay is how long it takes to be picked up, ms; and this part of the whole at most. */
const PICK_UP_MS = 50;
const PICK_UP_SHARE = 0.01;
/** More stretches than this are not told apart any more: the middle becomes one. */
const MOST_STRETCHES = 32;
/** Percent of the width that a character of a segment's own words takes, on a desk and on a phone. */
const CHARACTER = 0.66;
const CHARACTER_ON_PHONE = 2.3;

const OUTCOME_TONES = {
  completed: 'completed',
  failed: 'failed',
  lost: 'lost',
  cancelled: 'cancelled',
  expired: 'expired',
} as const;

/** The life of a task drawn to scale, from what is known of its transitions and attempts. */
export function toTimeline(
  task: TaskView,
  attempts: AttemptView[],
  transitions: TransitionView[],
  now: number,
): Timeline {
  const steps = transitions.length > 0 ? transitions : guessTransitions(task, attempts);
  const all = toStretches(task, steps, attempts, now);
  const stretches = fold(all);
  const parts = toParts(stretches.map((one) => one.to - one.from));
  let x = 0;
  const segments = stretches.map((one, index) => {
    const { width, isBroken } = parts[index]!;
    const segment = toSegment(one, index, x, width, isBroken, stretches);
    x += width;
    return segment;
  });
  return {
    segments,
    total: formatDuration(all.reduce((sum, one) => sum + one.to - one.from, 0)),
    startedAt: task.createdAt,
    endedAt: task.finishedAt,
    hasBreaks: parts.some(({ isBroken }) => isBroken),
  };
}

/** What must have happened, for a task whose transitions are not known (any more). */
function guessTransitions(task: TaskView, attempts: AttemptView[]): TransitionView[] {
  const known = attempts.length > 0 || !task.startedAt ? attempts : [{ number: task.attempts.made, ...task }];
  const first = known.length === 0 && task.state === 'delayed' ? 'delayed' : 'waiting';
  const steps: TransitionView[] = [{ at: task.createdAt, state: first }];
  for (const attempt of known) {
    if (attempt.startedAt) steps.push({ at: attempt.startedAt, state: 'active', attempt: attempt.number });
    if (attempt.finishedAt && attempt !== known.at(-1))
      steps.push({ at: attempt.finishedAt, state: 'delayed' });
  }
  const end = task.finishedAt ?? known.at(-1)?.finishedAt;
  if (end && task.state !== 'active') steps.push({ at: end, state: task.state });
  return steps;
}

function toStretches(
  task: TaskView,
  steps: TransitionView[],
  attempts: AttemptView[],
  now: number,
): Stretch[] {
  const settled = task.finishedAt !== undefined;
  const ordered = inOrder(steps);
  const stretches: Stretch[] = [];
  let runs = 0;
  ordered.forEach((step, index) => {
    const next = ordered[index + 1];
    if (!next && settled) return;
    const number = step.state === 'active' ? (step.attempt ?? runs + 1) : undefined;
    if (number !== undefined) runs = number;
    stretches.push({
      from: Date.parse(step.at),
      to: next ? Date.parse(next.at) : Math.max(now, Date.parse(step.at)),
      state: step.state,
      number,
      attempt: attempts.find((one) => one.number === number),
      running: !next,
    });
  });
  const lived = splitDelay(task, withoutPickUps(joined(stretches))).filter(
    (one) => one.to > one.from || one.running,
  );
  if (lived.length > 0) return lived;
  // A task that never ran and whose end is its only step still lived.
  const end = Date.parse(task.finishedAt ?? new Date(now).toISOString());
  return [{ from: Date.parse(task.createdAt), to: end, state: 'waiting', running: false }];
}

/** By time; steps of one time stay in the order they were told in. */
function inOrder(steps: TransitionView[]): TransitionView[] {
  return [...steps].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** Two waits in a row are one: nothing happened in between that can be seen. */
function joined(stretches: Stretch[]): Stretch[] {
  const found: Stretch[] = [];
  for (const one of stretches) {
    const last = found.at(-1);
    if (last && last.state === one.state && one.number === undefined)
      found[found.length - 1] = { ...last, to: one.to, running: one.running };
    else found.push(one);
  }
  return found;
}

/** The moment between the end of a delay and the start is told with the delay. */
function withoutPickUps(stretches: Stretch[]): Stretch[] {
  const most = Math.min(
    PICK_UP_MS,
    PICK_UP_SHARE * stretches.reduce((sum, one) => sum + one.to - one.from, 0),
  );
  const found: Stretch[] = [];
  for (const one of stretches) {
    const last = found.at(-1);
    if (last?.state === 'delayed' && one.state === 'waiting' && !one.running && one.to - one.from <= most)
      found[found.length - 1] = { ...last, to: one.to };
    else found.push(one);
  }
  return found;
}

/** A first wait longer than the task was ready for began with a delay. */
function splitDelay(task: TaskView, stretches: Stretch[]): Stretch[] {
  const [first, second] = stretches;
  if (!first || first.state !== 'waiting' || second?.number !== 1 || task.waitMs === undefined)
    return stretches;
  // Told of the last attempt, which is another one.
  if (stretches.some((one) => one.number !== undefined && one.number > 1)) return stretches;
  const ready = first.to - task.waitMs;
  if (ready - first.from < SHORTEST_DELAY_MS) return stretches;
  return [{ ...first, to: ready, state: 'delayed' }, { ...first, from: ready }, ...stretches.slice(1)];
}

/** The first and the last, and what lies between them as one. */
function fold(stretches: Stretch[]): Stretch[] {
  if (stretches.length <= MOST_STRETCHES) return stretches;
  const side = Math.floor((MOST_STRETCHES - 1) / 2);
  const middle = stretches.slice(side, -side);
  return [
    ...stretches.slice(0, side),
    {
      from: middle[0]!.from,
      to: middle.at(-1)!.to,
      state: 'waiting',
      running: false,
      folded: middle.filter((one) => one.number !== undefined).length,
    },
    ...stretches.slice(-side),
  ];
}

function toSegment(
  one: Stretch,
  index: number,
  x: number,
  width: number,
  isBroken: boolean,
  all: Stretch[],
): Segment {
  const outcome = one.attempt?.outcome;
  const ranBefore = all.slice(0, index).some((earlier) => earlier.state === 'active');
  const label = labelOf(one, ranBefore);
  const duration = formatDuration(one.to - one.from);
  const text = [`${label} ${duration}`, duration].find((words) => fits(words, width, CHARACTER, isBroken));
  return {
    key: `segment-${index}`,
    tone: toneOf(one),
    label,
    duration,
    outcome: one.state === 'active' ? (outcome ?? (one.running ? 'running' : undefined)) : undefined,
    x: `${round(x)}%`,
    width: `${round(width)}%`,
    text,
    tight: text !== undefined && !fits(text, width, CHARACTER_ON_PHONE, isBroken),
    textX: `${round(x + width / 2)}%`,
    running: one.running,
    // Beside the words, which stand in the middle.
    breakX: isBroken ? `${round(x + width * 0.86)}%` : undefined,
  };
}

function fits(words: string, width: number, character: number, isBroken: boolean): boolean {
  return (words.length + 2) * character <= width * (isBroken ? 0.7 : 1);
}

function toneOf({ state, attempt, folded }: Stretch): Segment['tone'] {
  if (folded !== undefined || isSettled(state)) return 'rest';
  return state === 'active' && attempt?.outcome ? OUTCOME_TONES[attempt.outcome] : state;
}

function labelOf(one: Stretch, ranBefore: boolean): string {
  if (one.folded !== undefined) return `${one.folded} more attempts`;
  if (one.state === 'active') return `attempt ${one.number}`;
  // Settled and not at its end: somebody had it tried again.
  if (isSettled(one.state)) return `${one.state}, until retried`;
  if (one.state === 'waiting') return one.running ? 'waiting' : 'waited';
  return ranBefore ? 'backoff' : 'delayed';
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
