import { finishedOf } from '../../monitoring/stats/stats-view.js';
import { formatNumber, plural } from '../kit/format.js';
import { type Act, type Finding, type HealthFacts, waits } from './findings.js';
import { lostWorkers, type ShownNow } from './monitor-page.js';

/** First sentence of the overview: whether all is fine, and the act that fits. */
export interface HealthSentence {
  tone: 'fine' | 'warning' | 'danger';
  icon: string;
  text: string;
  since?: string;
  act?: Act;
  /** Number of further findings that endanger tasks. */
  more: number;
}

export function toHealthSentence(facts: HealthFacts, findings: Finding[]): HealthSentence {
  const [worst, ...others] = findings.filter(({ severity }) => severity !== 'notice');
  if (worst) {
    const { severity, icon, text, since, act } = worst;
    const tone = severity === 'danger' ? 'danger' : 'warning';
    return { tone, icon, text, act, more: others.length, ...(since === undefined ? {} : { since }) };
  }
  const fine = { tone: 'fine' as const, icon: 'circle-check', more: 0 };
  const { present, numbers } = facts;
  const { totals } = present!;
  if (numbers.recordedFrom === null && Object.values(totals).every((count) => count === 0)) {
    return {
      ...fine,
      text: `Nothing has run yet; ${workersText(present!)}.`,
      act: { label: 'New task', href: '/submit' },
    };
  }
  const parts = [rateText(numbers.lastMinute), waits(totals.waiting), workersText(present!)];
  return { ...fine, text: `All fine: ${parts.filter(Boolean).join(', ')}.` };
}

/** Empty until a whole minute is recorded. */
function rateText(last: HealthFacts['numbers']['lastMinute']): string {
  if (!last) return '';
  const finished = finishedOf(last.numbers);
  if (finished === 0) return 'no task finished in the last minute';
  const { failed } = last.numbers;
  return `${plural(finished, 'task')} a minute${failed > 0 ? ` (${formatNumber(failed)} failed)` : ''}`;
}

/** Counts online workers of those that should be: workers that stopped on request are not missed. */
function workersText(present: ShownNow): string {
  const online = present.workers.filter(({ status }) => status !== 'offline');
  const unknown = online.filter(({ status }) => status === 'unknown').length;
  if (unknown > 0) return `whether ${plural(unknown, 'worker')} of ${online.length} runs is not known`;
  const expected = online.length + lostWorkers(present).length;
  return `${formatNumber(online.length)} of ${plural(expected, 'worker')}`;
}
