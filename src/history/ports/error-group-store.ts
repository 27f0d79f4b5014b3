/** Error groups: failed attempts counted by their fingerprint, and the marks that users set on them. */
export interface ErrorGroupStore {
  errors(search: ErrorSearch): Promise<ErrorPage>;
  error(fingerprint: string): Promise<ErrorGroupDetail | undefined>;
  /** False when there is no such group. */
  markError(fingerprint: string, mark: ErrorMark): Promise<boolean>;
}

export const ERROR_STATES = ['open', 'resolved', 'ignored', 'regressed'] as const;
export type ErrorState = (typeof ERROR_STATES)[number];

export interface ErrorSearch {
  states?: ErrorState[];
  type?: string;
  /** Matches type, name, message or frame, in any case. */
  text?: string;
  /** `recent` sorts by the failures since `since`. */
  sort?: 'last-seen' | 'first-seen' | 'count' | 'recent';
  /** Rounded to the hour; omits groups without a failure since. */
  since?: number;
  offset?: number;
  limit: number;
  /** End of the hourly trend, ms. */
  now: number;
}

export interface ErrorPage {
  items: ErrorGroup[];
  total: number;
  /** Number of groups in each state, with all other conditions applied. */
  byState: Record<ErrorState, number>;
}

export interface ErrorGroup {
  fingerprint: string;
  type: string;
  name: string;
  /** Message without numbers and other variable parts. */
  message: string;
  /** The latest original message. */
  sample: string;
  /** Top stack frame of our own code; empty without a stack. */
  frame: string;
  /** Failed attempts. */
  count: number;
  firstSeenAt: number;
  lastSeenAt: number;
  state: ErrorState;
  note: string | null;
  by: string | null;
  changedAt: number | null;
  /** Time of the first failure after the group was resolved. */
  regressedAt: number | null;
  /** Failed attempts since `since`; all without `since`. */
  recent: number;
  /** Failed attempts in each of the last 24 hours, oldest first. */
  trend: number[];
}

export interface ErrorGroupDetail extends ErrorGroup {
  workers: { worker: string; count: number; lastSeenAt: number }[];
  /** Latest first. Counts only failures whose worker reported its version. */
  versions: { version: string; count: number; firstSeenAt: number; lastSeenAt: number }[];
  /** Hourly counts within their retention. */
  hours: { at: number; count: number }[];
}

export interface ErrorMark {
  /** Only the store itself sets `regressed`. */
  state: 'open' | 'resolved' | 'ignored';
  note?: string;
  by: string;
  at: number;
}
