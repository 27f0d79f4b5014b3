import type { TaskState } from '../../model/states.js';
import { isFinished, FINISHED_STATES } from '../../model/states.js';
import { withoutTerminalCodes } from '../../model/terminal-codes.js';
import type { Settling, TaskRef, TransitionRow } from '../ports/rows.js';
import type { JobSnapshot } from './read-jobs.js';
import { stateAfter, type TaskEvent } from '../../bullmq/codec/task-event.js';

const PUT_BACK_FROM: ReadonlySet<string> = new Set(FINISHED_STATES);

const GONE = 'the job was gone before it could be read: only its events are known';

/**
 * Adds a row for each state reached, with the time of its event. `numbers`: the attempt number of each event, 0 for
 * none.
 */
export function addTransitions(
  rows: TransitionRow[],
  { queue, id }: TaskRef,
  events: readonly TaskEvent[],
  job: JobSnapshot | undefined,
  numbers: readonly number[],
): void {
  for (let i = 0; i < events.length; i++) {
    const event = events[i]!;
    const { name, at, seq } = event;
    const state = stateAfter(name);
    // The stall check emits two events: `waiting`, then the reason.
    if (!state || (name === 'waiting' && events[i + 1]?.name === 'stalled')) continue;
    const detail = detailOf(event, job) ?? (job || !isFinished(state) ? undefined : GONE);
    rows.push({ queue, id, at, seq, state, attempt: numbers[i] || undefined, detail: detail || undefined });
  }
}

/** Returns each finish of the task, including those after it was retried. */
export function settlingsOf(events: readonly TaskEvent[]): { settled: Settling[]; putBackAt?: number } {
  const settled: Settling[] = [];
  let startedAt: number | undefined;
  let putBackAt: number | undefined;
  for (const { name, at, prev } of events) {
    if (name === 'active') startedAt = at;
    if (PUT_BACK_FROM.has(prev) && (name === 'waiting' || name === 'delayed')) putBackAt = at;
    const state = stateAfter(name);
    if (!state || !isFinished(state)) continue;
    settled.push({
      state: state as Settling['state'],
      at,
      runMs: startedAt === undefined ? null : at - startedAt,
      ...(putBackAt === undefined ? {} : { after: putBackAt }),
    });
    startedAt = undefined;
  }
  return { settled, ...(putBackAt === undefined ? {} : { putBackAt }) };
}

/** Derives transitions from a job's own fields when there are no events. */
export function transitionsOf(ref: TaskRef, { state, fields }: JobSnapshot): TransitionRow[] {
  const rows: TransitionRow[] = [];
  const add = (time: string | undefined, reached: TaskState, attempt?: number) => {
    // Times come from the clocks of several processes: a later transition must not appear earlier.
    const at = Math.max(Number(time), rows.at(-1)?.at ?? 0);
    if (at > 0) rows.push({ ...ref, at, seq: -1, state: reached, ...(attempt ? { attempt } : {}) });
  };
  const starts = Number(fields.ats) || 0;
  const isDelayed = state === 'delayed' || Number((fields.opts ?? '').match(/"delay":(\d+)/)?.[1]) > 0;
  const isParent = state === 'waiting-children' && starts === 0;
  add(fields.timestamp, isParent ? state : isDelayed ? 'delayed' : 'waiting');
  add(fields.processedOn, 'active', starts);
  if (isFinished(state)) add(fields.finishedOn, state);
  return rows;
}

function detailOf({ name, prev, value }: TaskEvent, job: JobSnapshot | undefined): string | undefined {
  switch (name) {
    case 'waiting':
      if (prev.startsWith('moved:')) return `moved from ${prev.slice('moved:'.length)}`;
      if (PUT_BACK_FROM.has(prev)) return `put back from ${prev}`;
      if (prev === 'waiting-children') return 'its children are done';
      return undefined;
    case 'waiting-children':
      return 'waits for its children';
    case 'stalled':
      return 'its worker was lost';
    case 'delayed':
      if (prev.startsWith('moved:')) return `moved from ${prev.slice('moved:'.length)}`;
      return prev === 'held' ? 'held back by a limit of its type' : undefined;
    case 'failed':
      return value ? withoutTerminalCodes(value).slice(0, 200) : undefined;
    case 'cancelled':
    case 'expired':
      return reasonOf(job?.fields['roost:mark']);
    default:
      return undefined;
  }
}

function reasonOf(mark: string | undefined): string | undefined {
  try {
    const { by, reason } = JSON.parse(mark ?? '{}') as { by?: unknown; reason?: unknown };
    return [by && by !== 'roost' ? `by ${String(by)}` : '', reason ? String(reason) : '']
      .filter(Boolean)
      .join(': ');
  } catch {
    return undefined;
  }
}
