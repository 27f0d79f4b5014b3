import type { BulkAction, BulkOutcome, BulkState } from '../../history/ports/bulk-store.js';

interface BulkLabels {
  /** Label such as `Retry 5,000 tasks`. */
  verb: string;
  /** Label such as `5,000 retried`. */
  done: string;
  /** Label such as `can be retried`. */
  can: string;
  icon: string;
  /** Describes the effect before the action runs. */
  what: string;
}

export const BULK_LABELS: Record<BulkAction, BulkLabels> = {
  retry: {
    verb: 'Retry',
    done: 'retried',
    can: 'can be retried',
    icon: 'rotate-ccw',
    what: 'They go back to the end of their queues with all their attempts.',
  },
  cancel: {
    verb: 'Cancel',
    done: 'cancelled',
    can: 'can be cancelled',
    icon: 'ban',
    what: 'Waiting tasks will not run; they stay in the list as cancelled and can be retried. The handlers of running tasks are asked to stop.',
  },
  delete: {
    verb: 'Delete',
    done: 'deleted',
    can: 'can be deleted',
    icon: 'trash-2',
    what: 'Their inputs, results and logs go for good, out of Redis and out of the history. For ten seconds it can be undone.',
  },
  move: {
    verb: 'Move',
    done: 'moved',
    can: 'can be moved',
    icon: 'list-end',
    what: 'They wait on in another queue, with their input, delay, priority and log.',
  },
};

export const BULK_STATE_LABELS: Record<BulkState, { word: string; icon: string; tone: string }> = {
  pending: { word: 'about to start', icon: 'alarm-clock', tone: 'delayed' },
  running: { word: 'running', icon: 'loader', tone: 'active' },
  completed: { word: 'completed', icon: 'circle-check', tone: 'completed' },
  aborted: { word: 'aborted', icon: 'circle-stop', tone: 'expired' },
  undone: { word: 'undone', icon: 'rotate-ccw', tone: 'cancelled' },
  failed: { word: 'failed', icon: 'circle-x', tone: 'failed' },
};

/** Labels of each outcome, worst first. */
export const OUTCOME_LABELS: Record<BulkOutcome, { icon: string; tone: string }> = {
  failed: { icon: 'circle-x', tone: 'failed' },
  skipped: { icon: 'minus', tone: 'expired' },
  asked: { icon: 'send', tone: 'active' },
  done: { icon: 'circle-check', tone: 'completed' },
  untouched: { icon: 'circle-dot', tone: 'waiting' },
};

export function outcomeLabel(action: BulkAction, outcome: BulkOutcome): string {
  if (outcome === 'done') return BULK_LABELS[action].done;
  return outcome === 'asked' ? 'asked to stop' : outcome;
}
