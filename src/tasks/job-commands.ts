import { RoostError } from '../model/errors.js';
import { isFinished, type TaskState } from '../model/states.js';
import type { JobStanding } from '../bullmq/codec/job-standing.js';
import { formatStateConflict, type Verb } from './state-conflict.js';

/** Reason why a command is not possible: `reason` for programs, `detail` for users. */
export interface CommandRefusal {
  reason: 'state' | 'flow' | 'schedule' | 'dropped' | 'paused-by-old-bullmq' | 'nowhere';
  detail: string;
}

/** `copy`: adds a copy of the job, which runs instead of it. */
export type Verdict = 'yes' | 'copy' | CommandRefusal;

/** Commands that the BullMQ record of a job allows. Pages offer exactly these, and requests are checked against them. */
export interface JobCommands {
  retry: Verdict;
  promote: Verdict;
  remove: Verdict;
  /** Applies to managed queues only. */
  cancel: Verdict;
}

export function isAllowed(verdict: Verdict): boolean {
  return typeof verdict === 'string';
}

/** @throws RoostError TASK_STATE_CONFLICT unless the command is possible. */
export function requireAllowed(verdict: Verdict, state: TaskState): void {
  if (typeof verdict === 'string') return;
  const { detail, reason } = verdict;
  throw new RoostError('TASK_STATE_CONFLICT', detail, undefined, { state, reason });
}

const DROPPED: CommandRefusal = {
  reason: 'dropped',
  detail: 'Redis has dropped this task by the settings of its program; only the history has it.',
};

/** @param standing undefined where Redis does not have the job. */
export function jobCommands(state: TaskState, standing: JobStanding | undefined): JobCommands {
  if (!standing) return { retry: DROPPED, promote: DROPPED, cancel: DROPPED, remove: 'yes' };
  return {
    retry: state === 'failed' ? toRetryVerdict(standing) : wrongState('retry', state),
    promote: state === 'delayed' ? toPromoteVerdict(standing) : wrongState('promote', state),
    cancel: toCancelVerdict(state, standing),
    remove: toRemoveVerdict(state, standing),
  };
}

function toRetryVerdict({ queue }: JobStanding): Verdict {
  if (!queue.losesWhatWaits) return 'yes';
  return {
    reason: 'paused-by-old-bullmq',
    detail:
      'Its queue is paused by a BullMQ before 6, which could lose it when it is resumed. Resume the queue first.',
  };
}

/**
 * Promotes the latest job of a schedule as a copy. Starting that job itself creates the schedule's next job, so running it
 * early would replace the planned run.
 */
function toPromoteVerdict(standing: JobStanding): Verdict {
  const verdict = toRetryVerdict(standing);
  return verdict === 'yes' && standing.schedule !== undefined ? 'copy' : verdict;
}

/** Allows every running job to be asked to stop, including parts of flows and schedules. */
function toCancelVerdict(state: TaskState, { isLocked, parent, schedule, place }: JobStanding): Verdict {
  if (isFinished(state)) return wrongState('cancel', state);
  if (state === 'active' || isLocked) return 'yes';
  if (schedule !== undefined) return partOfSchedule(schedule);
  if (parent !== undefined || place === 'waiting-children') return partOfFlow();
  if (place === undefined || place === 'paused')
    return {
      reason: 'nowhere',
      detail: 'It is in none of the lists of its queue, so it will not run.',
    };
  return 'yes';
}

function toRemoveVerdict(state: TaskState, standing: JobStanding): Verdict {
  const { isLocked, parentWaits, schedule, children, place } = standing;
  if (state === 'active' || isLocked) return wrongState('delete', 'active');
  if (parentWaits) return partOfFlow('its parent waits for it, and would wait forever');
  if (isFinished(state)) return 'yes';
  if (schedule !== undefined) return partOfSchedule(schedule);
  return children.pending > 0 || place === 'waiting-children' ? partOfFlow() : 'yes';
}

function partOfFlow(why = 'it waits for children, or a parent for it'): CommandRefusal {
  return {
    reason: 'flow',
    detail: `It is part of a flow of its program: ${why}. Cancel or delete the flow there.`,
  };
}

function partOfSchedule(schedule: string): CommandRefusal {
  return {
    reason: 'schedule',
    detail: `It is the next run of the schedule ${schedule.slice(0, 100)}, which would end with it. Remove the schedule in the program that created it.`,
  };
}

function wrongState(verb: Verb, state: TaskState): CommandRefusal {
  return { reason: 'state', detail: formatStateConflict(verb, state) };
}
