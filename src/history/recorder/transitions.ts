import type { TaskState } from '../../contract/states.js';
import { isSettled } from '../../contract/states.js';
import type { TaskRef, TransitionRow } from '../store/rows.js';
import type { JobSnapshot } from './read-jobs.js';
import type { StreamEvent } from './stream-event.js';

/** The state an event leads to; others change none. */
export const EVENT_STATES: ReadonlyMap<string, TaskState> = new Map([
  ['waiting', 'waiting'],
  ['waiting-children', 'waiting'],
  ['stalled', 'waiting'],
  ['delayed', 'delayed'],
  ['active', 'active'],
  ['completed', 'completed'],
  ['failed', 'failed'],
  ['cancelled', 'cancelled'],
  ['expired', 'expired'],
]);

const GONE = 'the job was gone before it could be read: only its events are known';

/** Each state reached, with the time of its event. */
export function toTransitions(
  ref: TaskRef,
  events: readonly StreamEvent[],
  job: JobSnapshot | undefined,
  numbers: ReadonlyMap<StreamEvent, number>,
): TransitionRow[] {
  const rows: TransitionRow[] = [];
  events.forEach((event, i) => {
    const { name, at, seq } = event;
    const state = EVENT_STATES.get(name);
    if (!state) return;
    // The stall check tells twice: that it waits, then why.
    if (name === 'waiting' && events[i + 1]?.name === 'stalled') return;
    const detail = detailOf(event, job) ?? (job || !isSettled(state) ? undefined : GONE);
    const attempt = numbers.get(event);
    rows.push({ ...ref, at, seq, state, ...(attempt ? { attempt } : {}), ...(detail ? { detail } : {}) });
  });
  return rows;
}

/** What a job's own fields say of its way, where no event tells. */
export function transitionsOf(ref: TaskRef, { state, fields }: JobSnapshot): TransitionRow[] {
  const rows: TransitionRow[] = [];
  const add = (time: string | undefined, reached: TaskState, attempt?: number) => {
    // By the clocks of several processes: what came after is not told as before.
    const at = Math.max(Number(time), rows.at(-1)?.at ?? 0);
    if (at > 0) rows.push({ ...ref, at, seq: -1, state: reached, ...(attempt ? { attempt } : {}) });
  };
  const starts = Number(fields.ats) || 0;
  const isDelayed = state === 'delayed' || Number((fields.opts ?? '').match(/"delay":(\d+)/)?.[1]) > 0;
  add(fields.timestamp, isDelayed ? 'delayed' : 'waiting');
  add(fields.processedOn, 'active', starts);
  if (isSettled(state)) add(fields.finishedOn, state);
  return rows;
}

function detailOf({ name, prev, value }: StreamEvent, job: JobSnapshot | undefined): string | undefined {
  switch (name) {
    case 'waiting':
      if (prev.startsWith('moved:')) return `moved from ${prev.slice('moved:'.length)}`;
      if (prev === 'failed' || prev === 'cancelled' || prev === 'expired' || prev === 'completed')
        return `put back from ${prev}`;
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
      return value ? value.slice(0, 200) : undefined;
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
