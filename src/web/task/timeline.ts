import { isFinished, type TaskState } from '../../model/states.js';
import type { AttemptView, TaskView, TransitionView } from '../../model/task-view.js';
import { toParts } from './timeline-scale.js';
import { formatDuration } from '../kit/format.js';

/** One segment of a task's life; `x` and `width` are percent of the whole, as in SVG. */
export interface Segment {
  key: string;
  tone: TaskState | 'lost' | 'rest';
  label: string;
  duration: string;
  outcome?: string;
  x: string;
  width: string;
  /** Text inside the segment, if it is wide enough. */
  text?: string;
  textX?: string;
  /** True if too narrow for its text on a phone. */
  tight: boolean;
  running: boolean;
  /** Position of the mark for a segment that is drawn shorter than it was. */
  breakX?: string;
}

export interface Timeline {
  segments: Segment[];
  total: string;
  startedAt: string;
  /** Absent while the task continues. */
  endedAt?: string;
  /** True if some segments are drawn shorter than they were. */
  hasBreaks: boolean;
}

interface Stretch {
  from: number;
  to: number;
  state: TaskState;
  attempt?: AttemptView;
  number?: number;
  running: boolean;
  /** Number of stretches that this one stands for. */
  folded?: number;
}

/** Minimum delay, ms. Less is a difference between two clocks. */
const MIN_DELAY_MS = 100;
/** Longest wait after a delay that counts as pickup time, ms, and its maximum share of the whole. */
const MAX_PICK_UP_MS = 50;
const MAX_PICK_UP_SHARE = 0.01;
/** Maximum number of stretches drawn separately. The middle ones beyond it become one. */
const MAX_STRETCHES = 32;
/** Width of a character of a segment's text in percent, on a desktop and on a phone. */
const CHARACTER_WIDTH = 0.66;
const CHARACTER_WIDTH_ON_PHONE = 2.3;

const OUTCOME_TONES = {
  completed: 'completed',
  failed: 'failed',
  lost: 'lost',
  cancelled: 'cancelled',
  expired: 'expired',
  postponed: 'delayed',
} as const;

/** Builds the timeline of a task, to scale, from its known transitions and attempts. */
export function toTimeline(
  task: TaskView,
  attempts: AttemptView[],
  transitions: TransitionView[],
  now: number,
): Timeline {
  const steps = transitions.length > 0 ? transitions : deriveTransitions(task, attempts);
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

/** States before the first attempt, besides waiting. */
const FIRST_STATES: readonly TaskState[] = ['delayed', 'waiting-children'];

/** Derives the transitions of a task for which none are stored. */
function deriveTransitions(task: TaskView, attempts: AttemptView[]): TransitionView[] {
  const known = attempts.length > 0 || !task.startedAt ? attempts : [{ number: task.attempts.made, ...task }];
  const first = known.length === 0 && FIRST_STATES.includes(task.state) ? task.state : 'waiting';
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
  // A task that never ran may have its end as the only step.
  const end = Date.parse(task.finishedAt ?? new Date(now).toISOString());
  return [{ from: Date.parse(task.createdAt), to: end, state: 'waiting', running: false }];
}

/** Sorts by time; steps of the same time keep their order. */
function inOrder(steps: TransitionView[]): TransitionView[] {
  return [...steps].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** Joins consecutive waits: nothing visible happened between them. */
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

/** Drops the moment between the end of a delay and the start, which counts as part of the delay. */
function withoutPickUps(stretches: Stretch[]): Stretch[] {
  const most = Math.min(
    MAX_PICK_UP_MS,
    MAX_PICK_UP_SHARE * stretches.reduce((sum, one) => sum + one.to - one.from, 0),
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

/** Splits a first wait that began before the task was ready: its first part was a delay. */
function splitDelay(task: TaskView, stretches: Stretch[]): Stretch[] {
  const [first, second] = stretches;
  if (!first || first.state !== 'waiting' || second?.number !== 1 || task.waitMs === undefined)
    return stretches;
  // `waitMs` belongs to the last attempt, which is a later one here.
  if (stretches.some((one) => one.number !== undefined && one.number > 1)) return stretches;
  const ready = first.to - task.waitMs;
  if (ready - first.from < MIN_DELAY_MS) return stretches;
  return [{ ...first, to: ready, state: 'delayed' }, { ...first, from: ready }, ...stretches.slice(1)];
}

/** Folds the stretches between the first and the last ones into one. */
function fold(stretches: Stretch[]): Stretch[] {
  if (stretches.length <= MAX_STRETCHES) return stretches;
  const side = Math.floor((MAX_STRETCHES - 1) / 2);
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
  const text = [`${label} ${duration}`, duration].find((words) =>
    fits(words, width, CHARACTER_WIDTH, isBroken),
  );
  return {
    key: `segment-${index}`,
    tone: toneOf(one),
    label,
    duration,
    outcome: one.state === 'active' ? (outcome ?? (one.running ? 'running' : undefined)) : undefined,
    x: `${round(x)}%`,
    width: `${round(width)}%`,
    text,
    tight: text !== undefined && !fits(text, width, CHARACTER_WIDTH_ON_PHONE, isBroken),
    textX: `${round(x + width / 2)}%`,
    running: one.running,
    // Placed beside the text, which is in the middle.
    breakX: isBroken ? `${round(x + width * 0.86)}%` : undefined,
  };
}

function fits(words: string, width: number, character: number, isBroken: boolean): boolean {
  return (words.length + 2) * character <= width * (isBroken ? 0.7 : 1);
}

function toneOf({ state, attempt, folded }: Stretch): Segment['tone'] {
  if (folded !== undefined || isFinished(state)) return 'rest';
  return state === 'active' && attempt?.outcome ? OUTCOME_TONES[attempt.outcome] : state;
}

function labelOf(one: Stretch, ranBefore: boolean): string {
  if (one.folded !== undefined) return `${one.folded} more attempts`;
  if (one.state === 'active') return `attempt ${one.number}`;
  // Finished but not its last state: the task was retried.
  if (isFinished(one.state)) return `${one.state}, until retried`;
  if (one.state === 'waiting-children') return one.running ? 'waiting for children' : 'waited for children';
  if (one.state === 'waiting') return one.running ? 'waiting' : 'waited';
  return ranBefore ? 'backoff' : 'delayed';
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
