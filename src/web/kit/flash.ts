import { formatNumber } from './format.js';

export interface Flash {
  tone: 'done' | 'refused';
  text: string;
}

/**
 * Messages shown after a write. Redirects carry only a code and a number, so that an address cannot put its
 * own text on our pages.
 */
const FLASHES = {
  submitted: { tone: 'done', text: 'Task submitted.' },
  'already-submitted': { tone: 'done', text: 'This form was sent before: here is the task it made.' },
  'not-again': {
    tone: 'refused',
    text: 'Nothing was submitted: its type does not take this input any more. Change it here.',
  },
  cancelled: { tone: 'done', text: 'Task cancelled.' },
  cancelling: { tone: 'done', text: 'Cancel requested: the worker is letting go of the task.' },
  retried: { tone: 'done', text: 'Task put back in its queue.' },
  'ran-copy': {
    tone: 'done',
    text: 'A copy of it is ready to run. The task itself stays: it is the next run of a schedule, and runs at its time.',
  },
  promoted: { tone: 'done', text: 'The wait is over: the task is ready to run.' },
  deleted: { tone: 'done', text: 'Task deleted.' },
  'search-saved': { tone: 'done', text: 'Search saved.' },
  'search-replaced': { tone: 'done', text: 'Saved in place of the search of that name.' },
  'search-deleted': { tone: 'done', text: 'The saved search is gone; its tasks are not touched.' },
  pinged: { tone: 'done', text: 'The worker answered.' },
  'worker-paused': { tone: 'done', text: 'The worker starts no new tasks; running tasks finish.' },
  'worker-resumed': { tone: 'done', text: 'The worker takes tasks again.' },
  'worker-draining': {
    tone: 'done',
    text: 'The worker starts no new tasks and exits when running ones are done.',
  },
  'worker-stopping': { tone: 'done', text: 'The worker is stopping.' },
  'worker-dismissed': { tone: 'done', text: 'The worker is off the list.' },
  'children-restarted': { tone: 'done', text: 'Its children are being replaced.' },
  resized: { tone: 'done', text: 'The worker now runs up to {n} at once.' },
  autoscaled: { tone: 'done', text: 'The worker now sizes itself.' },
  'autoscale-off': { tone: 'done', text: 'The worker keeps the size it has.' },
  'consumer-added': { tone: 'done', text: 'The worker serves the queue.' },
  'consumer-cancelled': { tone: 'done', text: 'The worker starts no more tasks of the queue.' },
  'queue-paused': { tone: 'done', text: 'The queue is paused; what runs is finished.' },
  'queue-resumed': { tone: 'done', text: 'The queue goes on.' },
  'queue-limited': { tone: 'done', text: 'The limit holds from now on.' },
  'limit-lifted': { tone: 'done', text: 'The limit is lifted.' },
  'queue-drained': { tone: 'done', text: 'Drained: {n} tasks cancelled.' },
  'queue-drained-more': {
    tone: 'refused',
    text: '{n} tasks cancelled, and there are more: drain once more.',
  },
  'queue-cleaned': { tone: 'done', text: 'Cleaned: {n} tasks removed.' },
  'queue-cleaned-more': { tone: 'refused', text: '{n} tasks removed, and there are more: clean once more.' },
  'queue-promoted': { tone: 'done', text: '{n} tasks are ready to run.' },
  'queue-promoted-more': {
    tone: 'refused',
    text: '{n} tasks are ready, and there are more: promote once more.',
  },
  'type-limited': { tone: 'done', text: 'The limits hold from now on, in every worker.' },
  'type-reset': { tone: 'done', text: 'The limits are those of the task type again.' },
  'error-resolved': { tone: 'done', text: 'Resolved. Should it come back, it is shown as regressed.' },
  'error-ignored': { tone: 'done', text: 'Ignored: it goes on being counted.' },
  'error-reopened': { tone: 'done', text: 'Open again.' },
  'bulk-undone': { tone: 'done', text: 'Undone: nothing was touched.' },
  'bulk-stopping': { tone: 'done', text: 'It stops after the tasks in progress.' },
  'bulk-over': { tone: 'refused', text: 'It had ended already.' },
  'factor-off': { tone: 'done', text: 'The second factor is off: the password alone is enough now.' },
  'login-ended': { tone: 'done', text: 'The login is over, in every window that had it.' },
  'logins-ended': { tone: 'done', text: 'Logins ended: {n}.' },
  'token-revoked': { tone: 'done', text: 'The token is worth nothing from now on.' },
  'refused-flow': {
    tone: 'refused',
    text: 'Nothing was changed: the task is part of a flow, and is left to the program that runs it.',
  },
  'refused-schedule': {
    tone: 'refused',
    text: 'Nothing was changed: the task is the next run of a schedule, which would end with it.',
  },
  'refused-dropped': {
    tone: 'refused',
    text: 'Nothing was changed: Redis has dropped the task, and only the history keeps it.',
  },
  'refused-paused': {
    tone: 'refused',
    text: 'Nothing was changed: its queue is paused by a BullMQ before 6, which could lose the task. Resume the queue first.',
  },
  conflict: { tone: 'refused', text: 'Nothing was changed: the task had moved on to another state.' },
} as const satisfies Record<string, Flash>;

export type FlashCode = keyof typeof FLASHES;

/** @param count number in the message, from the address. */
export function findFlash(code: string | undefined, count?: string): Flash | undefined {
  if (code === undefined || !Object.hasOwn(FLASHES, code)) return undefined;
  const { tone, text }: Flash = FLASHES[code as FlashCode];
  return {
    tone,
    text: text.replace('{n}', /^\d{1,9}$/.test(count ?? '') ? formatNumber(Number(count)) : 'Some'),
  };
}

/** Message for a refusal with this reason (`extra.reason` of the error). */
export function flashOfRefusal(reason: unknown): FlashCode {
  switch (reason) {
    case 'flow':
    case 'schedule':
    case 'dropped':
      return `refused-${reason}`;
    case 'paused-by-old-bullmq':
      return 'refused-paused';
    default:
      return 'conflict';
  }
}

/** Returns the address with the code added, for a redirect after a write. */
export function withFlash(address: string, code: FlashCode, count?: number): string {
  const url = new URL(address, 'http://local');
  url.searchParams.set('flash', code);
  if (count !== undefined) url.searchParams.set('n', String(count));
  return url.pathname + url.search;
}
