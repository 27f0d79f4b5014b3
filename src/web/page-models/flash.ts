export interface Flash {
  tone: 'done' | 'refused';
  text: string;
}

/**
 * What a page says after a write. Redirects carry only the code, so that no address can put words of
 * its own on our pages.
 */
const FLASHES = {
  submitted: { tone: 'done', text: 'Task submitted.' },
  'already-submitted': { tone: 'done', text: 'This form was sent before: here is the task it made.' },
  cancelled: { tone: 'done', text: 'Task cancelled.' },
  cancelling: { tone: 'done', text: 'Cancel requested: the worker is letting go of the task.' },
  retried: { tone: 'done', text: 'Task put back in its queue.' },
  promoted: { tone: 'done', text: 'The wait is over: the task is ready to run.' },
  deleted: { tone: 'done', text: 'Task deleted.' },
  conflict: { tone: 'refused', text: 'Nothing was changed: the task had moved on to another state.' },
} as const satisfies Record<string, Flash>;

export type FlashCode = keyof typeof FLASHES;

export function findFlash(code: string | undefined): Flash | undefined {
  return code !== undefined && Object.hasOwn(FLASHES, code) ? FLASHES[code as FlashCode] : undefined;
}

/** The address with the code added, for a redirect after a write. */
export function withFlash(address: string, code: FlashCode): string {
  const url = new URL(address, 'http://local');
  url.searchParams.set('flash', code);
  return url.pathname + url.search;
}
