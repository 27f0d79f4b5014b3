import type { RecorderStatus } from '../history-status.js';
import type { StoredGap } from '../ports/recording-store.js';

export function toGapView(gap: StoredGap): RecorderStatus['gaps'][number] {
  const { queue, found, vanished, sample, detail, reconciledAt } = gap;
  return {
    queue,
    from: new Date(gap.from).toISOString(),
    to: new Date(gap.to).toISOString(),
    noticedAt: new Date(gap.noticedAt).toISOString(),
    ...(reconciledAt === null ? {} : { reconciledAt: new Date(reconciledAt).toISOString() }),
    found,
    vanished,
    sample,
    detail,
  };
}
