import { settledOf } from '../../bulk-actions/bulk-view.js';
import type { BulkView, OutcomeView } from '../../bulk-actions/bulk-actions.openapi.js';
import { BULK_OUTCOMES, type BulkOutcome } from '../../history/ports/bulk-store.js';
import { BULK_STATE_LABELS, BULK_LABELS, OUTCOME_LABELS, outcomeLabel } from './bulk-labels.js';
import { formatDuration, formatNumber, plural, shortId } from '../kit/format.js';

/** Number of sample tasks shown per outcome. */
export const MAX_SAMPLES = 5;

export interface BulkLine {
  id: string;
  href: string;
  title: string;
  icon: string;
  state: string;
  stateIcon: string;
  tone: string;
  asked: string;
  reason?: string;
  by: string;
  createdAt: string;
  counts: string;
}

interface OutcomeLine {
  elementId: string;
  short: string;
  id: string;
  queue: string;
  href?: string;
  word: string;
  icon: string;
  tone: string;
  detail?: string;
  at?: string;
}

interface OutcomeKind {
  outcome: BulkOutcome;
  word: string;
  icon: string;
  tone: string;
  count: number;
  href: string;
  rows: OutcomeLine[];
  more: boolean;
}

export interface BulkPage extends BulkLine {
  askedHref?: string;
  /** True before the action starts. */
  pending: boolean;
  startsInS: number;
  running: boolean;
  stopping: boolean;
  gathering: boolean;
  settled: number;
  total?: number;
  percent?: number;
  perSecond?: number;
  left?: string;
  trouble?: string;
  /** One sentence about how the action ended. */
  ended?: string;
  startedAt?: string;
  finishedAt?: string;
  kinds: OutcomeKind[];
  /** One outcome alone, page by page. */
  only?: { outcome: BulkOutcome; word: string; rows: OutcomeLine[]; nextHref?: string; allHref: string };
}

export function toBulkLine(bulk: BulkView): BulkLine {
  const { id, action, to, total, counts } = bulk;
  const words = BULK_LABELS[action];
  const state = BULK_STATE_LABELS[bulk.state];
  const many = total === null ? 'tasks' : plural(total, 'task');
  return {
    id,
    href: bulk.links.page,
    title: `${words.verb} ${many}${to === undefined ? '' : ` to ${to}`}`,
    icon: words.icon,
    state: bulk.stopping ? 'stopping' : state.word,
    stateIcon: state.icon,
    tone: state.tone,
    asked: bulk.q === undefined ? 'chosen by hand' : bulk.q === '' ? 'all tasks' : bulk.q,
    reason: bulk.reason,
    by: bulk.by,
    createdAt: bulk.createdAt,
    counts: [...BULK_OUTCOMES]
      .filter((outcome) => counts[outcome] > 0)
      .map((outcome) => `${formatNumber(counts[outcome])} ${outcomeLabel(action, outcome)}`)
      .join(', '),
  };
}

export function toBulkPage(
  bulk: BulkView,
  outcomes: Partial<Record<BulkOutcome, OutcomeView[]>>,
  only: { outcome: BulkOutcome; items: OutcomeView[]; next?: number } | undefined,
  now: number,
): BulkPage {
  const { action, counts, total, links } = bulk;
  const settled = settledOf(counts);
  const running = bulk.state === 'running';
  const line = (outcome: OutcomeView) => toLine(bulk, outcome);
  const href = (outcome: BulkOutcome, after?: number) =>
    `${links.page}?${new URLSearchParams({ outcome, ...(after === undefined ? {} : { after: String(after) }) })}`;
  return {
    ...toBulkLine(bulk),
    askedHref: bulk.q === undefined ? undefined : `/tasks?${new URLSearchParams({ q: bulk.q })}`,
    pending: bulk.state === 'pending',
    startsInS: Math.max(0, Math.ceil((Date.parse(bulk.startsAt) - now) / 1000)),
    running,
    stopping: bulk.stopping,
    gathering: total === null,
    settled,
    total: total ?? undefined,
    percent: total ? Math.floor((1000 * settled) / total) / 10 : undefined,
    perSecond: bulk.perSecond,
    left: bulk.leftMs === undefined || bulk.stopping ? undefined : toLeftText(bulk.leftMs),
    trouble: bulk.trouble,
    ended: toEndText(bulk),
    startedAt: bulk.startedAt,
    finishedAt: bulk.finishedAt,
    kinds: (Object.keys(OUTCOME_LABELS) as BulkOutcome[])
      .filter((outcome) => counts[outcome] > 0)
      .map((outcome) => ({
        outcome,
        word: outcomeLabel(action, outcome),
        ...OUTCOME_LABELS[outcome],
        count: counts[outcome],
        href: href(outcome),
        rows: (outcomes[outcome] ?? []).map(line),
        more: counts[outcome] > MAX_SAMPLES,
      })),
    only: only && {
      outcome: only.outcome,
      word: outcomeLabel(action, only.outcome),
      rows: only.items.map(line),
      nextHref: only.next === undefined ? undefined : href(only.outcome, only.next),
      allHref: links.page,
    },
  };
}

function toLine(
  { action, state }: BulkView,
  { queue, id, outcome, detail, at, links }: OutcomeView,
): OutcomeLine {
  // A deleted task has no page any more.
  const hasPage = queue !== '' && !(action === 'delete' && outcome === 'done') && state !== undefined;
  return {
    elementId: `outcome-${queue}/${id}`,
    short: shortId(id),
    id,
    queue,
    href: hasPage ? links.page : undefined,
    word: outcomeLabel(action, outcome),
    ...OUTCOME_LABELS[outcome],
    detail,
    at,
  };
}

function toLeftText(ms: number): string {
  return ms < 1000 ? 'under 1 s' : formatDuration(Math.ceil(ms / 1000) * 1000);
}

function toEndText(bulk: BulkView): string | undefined {
  const { state, counts, startedAt, finishedAt, aborted } = bulk;
  if (!finishedAt) return undefined;
  const duration = startedAt ? formatDuration(Date.parse(finishedAt) - Date.parse(startedAt)) : '';
  const rest = `${plural(counts.untouched, 'task')} stayed as ${counts.untouched === 1 ? 'it was' : 'they were'}`;
  if (state === 'undone') return `Undone by ${aborted?.by ?? 'a user'}: nothing was touched.`;
  if (state === 'aborted') return `Aborted by ${aborted?.by ?? 'a user'} after ${duration}: ${rest}.`;
  if (state === 'failed') return `It could not go on: ${bulk.trouble ?? 'unknown'}. ${rest}.`;
  const many = plural(settledOf(counts), 'task');
  return `Done in ${duration}: ${many}${counts.skipped + counts.failed > 0 ? ', not all of them as asked' : ''}.`;
}
