import type { BulkAction, BulkOutcome, BulkState } from '../../history/store/bulk-store.js';

interface Words {
  /** `Retry 5,000 tasks` */
  verb: string;
  /** `5,000 retried` */
  done: string;
  /** `can be retried` */
  can: string;
  icon: string;
  /** What it does, before it is done. */
  what: string;
}

export const BULK_WORDS: Record<BulkAction, Words> = {
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
    what: 'Those that wait will not run; they stay in the list as cancelled and can be retried. The workers of running ones are asked to let go of them.',
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

export const BULK_STATE_WORDS: Record<BulkState, { word: string; icon: string; tone: string }> = {
  pending: { word: 'about to start', icon: 'alarm-clock', tone: 'delayed' },
  running: { word: 'running', icon: 'loader', tone: 'active' },
  completed: { word: 'completed', icon: 'circle-check', tone: 'completed' },
  aborted: { word: 'aborted', icon: 'circle-stop', tone: 'expired' },
  undone: { word: 'undone', icon: 'rotate-ccw', tone: 'cancelled' },
  failed: { word: 'failed', icon: 'circle-x', tone: 'failed' },
};

/** Of each kind of outcome, worst first. */
export const OUTCOME_WORDS: Record<BulkOutcome, { icon: string; tone: string }> = {
  failed: { icon: 'circle-x', tone: 'failed' },
  skipped: { icon: 'minus', tone: 'expired' },
  asked: { icon: 'send', tone: 'active' },
  done: { icon: 'circle-check', tone: 'completed' },
  untouched: { icon: 'circle-dot', tone: 'waiting' },
};

export function outcomeWord(action: BulkAction, outcome: BulkOutcome): string {
  if (outcome === 'done') return BULK_WORDS[action].done;
  return outcome === 'asked' ? 'asked to stop' : outcome;
}
