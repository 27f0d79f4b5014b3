import type { ErrorState } from '../../history/ports/error-group-store.js';
import type { ErrorGroupPage, ErrorGroupView } from '../../monitoring/error-groups/error-groups.openapi.js';
import { formatNumber } from '../kit/format.js';
import { toSparkline } from '../kit/sparkline.js';

export const ERROR_STATE_ICONS: Record<ErrorState, string> = {
  open: 'circle-x',
  regressed: 'rotate-ccw',
  resolved: 'circle-check',
  ignored: 'ban',
};

/** Tone of each error state, from the tones of task states. */
export const ERROR_STATE_TONES: Record<ErrorState, string> = {
  open: 'failed',
  regressed: 'expired',
  resolved: 'completed',
  ignored: 'cancelled',
};

/** States that the inbox shows by default: errors that need attention. */
export const UNSOLVED_STATES: ErrorState[] = ['open', 'regressed'];
export const PAGE_SIZE = 50;

export type InboxSort = 'last-seen' | 'first-seen' | 'count';

export interface InboxQuery {
  /** `unsolved` means open and regressed. */
  state: ErrorState | 'unsolved' | 'all';
  text?: string;
  sort: InboxSort;
  offset: number;
}

export interface ErrorRow {
  id: string;
  href: string;
  state: ErrorState;
  icon: string;
  tone: string;
  name: string;
  type: string;
  message: string;
  frame: string;
  count: number;
  spark?: string;
  firstSeenAt: string;
  lastSeenAt: string;
  regressedAt?: string;
  note?: string;
}

export interface ErrorsPage {
  chips: {
    id: string;
    label: string;
    icon?: string;
    tone?: string;
    count: number;
    href: string;
    current: boolean;
  }[];
  rows: ErrorRow[];
  text?: string;
  state: string;
  sort: InboxSort;
  sorts: Record<'count' | 'first' | 'last', { href: string; current: boolean }>;
  total: number;
  /** Range such as `51–100 of 500`. */
  shown: string;
  previous?: string;
  next?: string;
  /** Set if no error exists, or none matches. */
  empty?: { title: string; text: string; icon: string; loosen?: string };
}

export function toErrorsPage(page: ErrorGroupPage, query: InboxQuery): ErrorsPage {
  const { byState, total, items } = page;
  const all = Object.values(byState).reduce((sum, n) => sum + n, 0);
  const href = (changes: Partial<InboxQuery>) => toErrorsHref({ ...query, offset: 0, ...changes });
  const chip = (state: InboxQuery['state'], label: string, count: number) => ({
    id: `errors-${state}`,
    label,
    count,
    href: href({ state }),
    current: state === query.state,
    ...(state === 'unsolved' || state === 'all'
      ? {}
      : { icon: ERROR_STATE_ICONS[state], tone: ERROR_STATE_TONES[state] }),
  });
  const last = query.offset + items.length;
  return {
    chips: [
      chip('unsolved', 'unsolved', byState.open + byState.regressed),
      chip('open', 'open', byState.open),
      chip('regressed', 'regressed', byState.regressed),
      chip('resolved', 'resolved', byState.resolved),
      chip('ignored', 'ignored', byState.ignored),
      chip('all', 'all', all),
    ],
    rows: items.map(toErrorRow),
    text: query.text,
    state: query.state,
    sort: query.sort,
    sorts: {
      count: { href: href({ sort: 'count' }), current: query.sort === 'count' },
      first: { href: href({ sort: 'first-seen' }), current: query.sort === 'first-seen' },
      last: { href: href({ sort: 'last-seen' }), current: query.sort === 'last-seen' },
    },
    total,
    shown:
      total > PAGE_SIZE
        ? `${formatNumber(query.offset + 1)}–${formatNumber(last)} of ${formatNumber(total)}`
        : '',
    previous: query.offset > 0 ? href({ offset: Math.max(0, query.offset - PAGE_SIZE) }) : undefined,
    next: last < total ? href({ offset: last }) : undefined,
    empty: items.length > 0 ? undefined : toEmpty(query, all, href),
  };
}

export function toErrorRow(group: ErrorGroupView): ErrorRow {
  return {
    id: `error-${group.fingerprint}`,
    href: group.links.page,
    state: group.state,
    icon: ERROR_STATE_ICONS[group.state],
    tone: ERROR_STATE_TONES[group.state],
    name: group.name,
    type: group.type,
    message: group.sample || group.message,
    frame: group.frame,
    count: group.count,
    spark: group.trend.some((n) => n > 0) ? toSparkline(group.trend) : undefined,
    firstSeenAt: group.firstSeenAt,
    lastSeenAt: group.lastSeenAt,
    regressedAt: group.state === 'regressed' ? group.regressedAt : undefined,
    note: group.note,
  };
}

export function toErrorsHref({ state, text, sort, offset }: InboxQuery): string {
  const params = new URLSearchParams();
  if (state !== 'unsolved') params.set('state', state);
  if (text) params.set('q', text);
  if (sort !== 'last-seen') params.set('sort', sort);
  if (offset > 0) params.set('cursor', String(offset));
  const address = params.toString();
  return `/monitor/errors${address && `?${address}`}`;
}

function toEmpty(
  query: InboxQuery,
  all: number,
  href: (changes: Partial<InboxQuery>) => string,
): ErrorsPage['empty'] {
  if (query.offset > 0) {
    return {
      icon: 'inbox',
      title: 'There is no such page',
      text: 'The list has become shorter.',
      loosen: href({}),
    };
  }
  if (query.text) {
    return {
      icon: 'search',
      title: `No ${query.state === 'all' ? '' : `${query.state} `}group has “${query.text}”`,
      text: 'Searched are the task type, the name of the error, its message and where it was thrown.',
      loosen: toErrorsHref({ state: 'all', sort: query.sort, offset: 0 }),
    };
  }
  if (all === 0) {
    return {
      icon: 'circle-check',
      title: 'Nothing has failed',
      text: 'As soon as a task fails, its error stands here: failures of one kind together, however many there are.',
    };
  }
  return {
    icon: 'circle-check',
    title: query.state === 'unsolved' ? 'Nothing is unsolved' : `No group is ${query.state}`,
    text: `${formatNumber(all)} known ${all === 1 ? 'group' : 'groups'} in other states.`,
    loosen: href({ state: 'all' }),
  };
}
