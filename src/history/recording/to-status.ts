import { isRecordingHere, withoutLag, type RecorderStatus } from '../history-status.js';
import { ourselves, withoutWhere, type HolderStatus } from './lease-holder.js';

interface Present {
  state: RecorderStatus['state'];
  error: string | undefined;
  /** Status of the process that holds the lease of this file, when it is another one. */
  holderStatus: HolderStatus | undefined;
  /** ms; undefined until Redis has reported the holder of the lease. */
  checkedAt: number | undefined;
  isYielding: boolean;
  perSecond: number;
  queues: RecorderStatus['queues'];
  gaps: RecorderStatus['gaps'];
}

/** Builds the public status. Omits lags when no process records or Redis does not answer. */
export function toStatus({
  state,
  error,
  holderStatus,
  checkedAt,
  isYielding,
  ...present
}: Present): RecorderStatus {
  const own: RecorderStatus = {
    state,
    at: new Date().toISOString(),
    ...(checkedAt === undefined ? {} : { checkedAt: new Date(checkedAt).toISOString() }),
    ...(error ? { error } : {}),
    lagMs: null,
    ...present,
  };
  if (isRecordingHere(state)) {
    const lags = own.queues.map(({ lagMs }) => lagMs ?? 0);
    return {
      ...own,
      ...(isYielding ? { yielding: true } : {}),
      holder: ourselves(),
      lagMs: Math.max(0, ...lags),
    };
  }
  if (state === 'elsewhere' && holderStatus) {
    const { holder, lagMs, perSecond, queues, yielding, error: theirs } = withoutWhere(holderStatus);
    const shownError = error ?? theirs;
    return {
      ...own,
      ...(holder ? { holder } : {}),
      ...(yielding ? { yielding } : {}),
      ...(shownError ? { error: shownError } : {}),
      lagMs,
      perSecond,
      queues,
    };
  }
  return { ...withoutLag(own), perSecond: 0 };
}
