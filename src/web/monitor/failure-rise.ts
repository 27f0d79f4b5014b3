import type { RangeNumbers } from '../../monitoring/stats/stats.service.js';
import { formatPercent } from '../kit/format.js';

/** Rise of the share of failed tasks: since a version came, or in the last minutes. */
export interface FailureRise {
  text: string;
  since: number;
  version?: string;
}

const MINUTE = 60_000;
/** Age up to which a version is compared with the time before it, ms. */
const NEW_VERSION_MS = 30 * MINUTE;
/** Time that is compared with the rest of the hour where no version is new, ms. */
const RECENT_MS = 5 * MINUTE;
/** Tasks that must have ended for a share to mean anything, after and before. */
const MIN_ENDED = 10;
const MIN_SHARE = 0.2;
const MIN_FACTOR = 3;

/** Compares shares of failed tasks. Undefined without a rise, and where too few tasks ended. */
export function toFailureRise({
  bars,
  range,
  versions,
}: Pick<RangeNumbers, 'bars' | 'range' | 'versions'>): FailureRise | undefined {
  const end = (bars.at(-1)?.at ?? 0) + range.barMs;
  const [newest] = [...versions].sort((a, b) => b.firstSeenAt - a.firstSeenAt);
  if (newest && end - newest.firstSeenAt <= NEW_VERSION_MS) {
    const at = Math.floor(newest.firstSeenAt / range.barMs) * range.barMs;
    const rise = compare(bars, at);
    const { version } = newest;
    if (rise?.before !== undefined)
      return {
        ...{ version, since: newest.firstSeenAt },
        text: `${rise.after} of tasks fail since version ${version} came, ${rise.before} before.`,
      };
  }
  const since = end - RECENT_MS;
  const rise = compare(bars, since);
  if (!rise) return undefined;
  const before = rise.before === undefined ? '' : `, ${rise.before} before`;
  return { since, text: `${rise.after} of tasks failed in the last 5 min${before}.` };
}

function compare(bars: RangeNumbers['bars'], at: number): { after: string; before?: string } | undefined {
  const after = shareOf(bars.filter((bar) => bar.at >= at));
  const before = shareOf(bars.filter((bar) => bar.at < at));
  if (after === undefined || after < MIN_SHARE || after < MIN_FACTOR * (before ?? 0)) return undefined;
  return {
    after: formatPercent(after, 1),
    ...(before === undefined ? {} : { before: formatPercent(before, 1) }),
  };
}

function shareOf(bars: RangeNumbers['bars']): number | undefined {
  const failed = bars.reduce((sum, bar) => sum + bar.failed, 0);
  const ended = bars.reduce((sum, bar) => sum + bar.completed + bar.failed, 0);
  return ended < MIN_ENDED ? undefined : failed / ended;
}
