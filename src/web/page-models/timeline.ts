import type { TaskState } from '../../contract/states.js';
import type { AttemptView, TaskView, TransitionView } from '../../contract/task-view.js';
import { formatDuration } from './format.js';

/** One stretch of a task's life; `x` and `width` are percent of the whole, as SVG wants them. */
export interface Segment {
  key: string;
  tone: TaskState | 'lost';
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
}

export interface Timeline {
  segments: Segment[];
  total: string;
  startedAt: string;
  /** Absent while the task goes on. */
  endedAt?: string;
}

interface Stretch {
  from: number;
  to: number;
  state: TaskState;
  attempt?: AttemptView;
  number?: number;
  running: boolean;
}

/** So that a run of milliseconds after a wait of days can still be seen. */
const MIN_WIDTH = 0.8;

/** Less than this between two clocks is no delay, ms. */
const SHORTEST_DELAY_MS = 100;

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
  const stretches = toStretches(task, steps, attempts, now);
  const span = stretches.reduce((sum, one) => sum + one.to - one.from, 0);
  const widths = scale(
    stretches.map((one) => (span === 0 ? 100 / stretches.length : ((one.to - one.from) / span) * 100)),
  );
  let x = 0;
  const segments = stretches.map((one, index) => {
    const width = widths[index]!;
    const segment = toSegment(one, index, x, width, stretches);
    x += width;
    return segment;
  });
  return { segments, total: formatDuration(span), startedAt: task.createdAt, endedAt: task.finishedAt };
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
  const ordered = [...steps].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const stretches: Stretch[] = [];
  let runs = 0;
  ordered.forEach((step, index) => {
    const next = ordered[index + 1];
    if (!next && settled) return;
    const number = step.state === 'active' ? (step.attempt ?? ++runs) : undefined;
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
  const lived = splitDelay(task, stretches).filter((one) => one.to > one.from || one.running);
  // A task that never ran and whose end is its only step still lived.
  if (lived.length > 0) return lived;
  const end = Date.parse(task.finishedAt ?? new Date(now).toISOString());
  return [{ from: Date.parse(task.createdAt), to: end, state: 'waiting', running: false }];
}

/** A first wait longer than the task was ready for began with a delay. */
function splitDelay(task: TaskView, stretches: Stretch[]): Stretch[] {
  const [first, second] = stretches;
  if (!first || first.state !== 'waiting' || second?.number !== 1 || task.waitMs === undefined)
    return stretches;
  const ready = first.to - task.waitMs;
  if (ready - first.from < SHORTEST_DELAY_MS) return stretches;
  return [{ ...first, to: ready, state: 'delayed' }, { ...first, from: ready }, ...stretches.slice(1)];
}

/** Percentages with a floor under each, taken from the wide ones. */
function scale(shares: number[]): number[] {
  const raised = shares.map((share) => Math.max(share, MIN_WIDTH));
  const over = raised.reduce((sum, one) => sum + one, 0) - 100;
  const room = raised.reduce((sum, one) => sum + (one - MIN_WIDTH), 0);
  return room <= 0 ? raised : raised.map((one) => one - (over * (one - MIN_WIDTH)) / room);
}

function toSegment(one: Stretch, index: number, x: number, width: number, all: Stretch[]): Segment {
  const outcome = one.attempt?.outcome;
  const label = labelOf(
    one,
    all.slice(0, index).some((earlier) => earlier.state === 'active'),
  );
  const duration = formatDuration(one.to - one.from);
  return {
    key: `segment-${index}`,
    tone: one.state === 'active' && outcome ? OUTCOME_TONES[outcome] : one.state,
    label,
    duration,
    outcome: one.state === 'active' ? (outcome ?? (one.running ? 'running' : undefined)) : undefined,
    x: `${round(x)}%`,
    width: `${round(width)}%`,
    text: width >= 16 ? `${label} ${duration}` : width >= 8 ? duration : undefined,
    tight: width < 36,
    textX: `${round(x + width / 2)}%`,
    running: one.running,
  };
}

function labelOf(one: Stretch, ranBefore: boolean): string {
  if (one.state === 'active') return `attempt ${one.number}`;
  if (ranBefore && (one.state === 'delayed' || one.state === 'waiting')) return 'pause';
  if (one.state === 'waiting') return one.running ? 'waiting' : 'waited';
  return one.state;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
