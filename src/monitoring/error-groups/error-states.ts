import type { ErrorState } from '../../history/ports/error-group-store.js';

/** States in the order in which they are shown. */
export const ERROR_STATES = ['open', 'regressed', 'resolved', 'ignored'] as const satisfies ErrorState[];
export const ERROR_SORTS = ['last-seen', 'first-seen', 'count', 'recent'] as const;

/** Actions on a group, with the state that each sets. */
export const ERROR_ACTS = { resolve: 'resolved', ignore: 'ignored', reopen: 'open' } as const;
export type ErrorAct = keyof typeof ERROR_ACTS;

export function isErrorAct(act: string): act is ErrorAct {
  return Object.hasOwn(ERROR_ACTS, act);
}
