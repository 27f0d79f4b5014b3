import type { TaskState } from '../../contract/states.js';
import { isSettled, SETTLED_STATES } from '../../contract/states.js';
import type { Settling, TaskRef, TransitionRow } from '../store/rows.js';
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

const PUT_BACK_FROM: ReadonlySet<string> = new Set(SETTLED_STATES);

const GONE = 'the job was gone before it could be read: only its events are known';

/** Each state reached, with the time of its event. `numbers`: of the attempt each event is about, 0 for none. */
export function addTransitions(
  rows: TransitionRow[],
  { queue, id }: TaskRef,
  events: readonly StreamEvent[],
  job: JobSnapshot | undefined,
  numbers: readonly number[],
): void {
  for (let i = 0; i < events.length; i++) {
    const event = events[i]!;
    const { name, at, seq } = event;
    const state = EVENT_STATES.get(name);
    // The stall check tells twice: that it waits, then why.
    if (!state || (name === 'waiting' && events[i + 1]?.name === 'stalled')) continue;
    const detail = detailOf(event, job) ?? (job || !isSettled(state) ? undefined : GONE);
    rows.push({ queue, id, at, seq, state, attempt: numbers[i] || undefined, detail: detail || undefined });
  }
}

/** Each time the task came to an end, be it that it was put back and ended again. */
export function settlingsOf(events: readonly StreamEvent[]): { settled: Settling[]; putBackAt?: number } {
  const settled: Settling[] = [];
  let startedAt: number | undefined;
  let putBackAt: number | undefined;
  for (const { name, at, prev } of events) {
    if (name === 'active') startedAt = at;
    if (PUT_BACK_FROM.has(prev) && (name === 'waiting' || name === 'delayed')) putBackAt = at;
    const state = EVENT_STATES.get(name);
    if (!state || !isSettled(state)) continue;
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
