import { type StateCounts, TASK_STATES, type TaskState } from '../../contract/states.js';
import type { TaskPage as TaskListing } from '../../contract/task-view.js';
import { formatNumber, plural } from './format.js';
import { STATE_ICONS } from './states.js';
import { type TaskRow, toTaskRow } from './task-row.js';

export interface ListQuery {
  states: TaskState[];
  queue?: string;
  type?: string;
  cursor?: string;
}

export interface ListPage {
  chips: {
    state?: TaskState;
    icon?: string;
    label: string;
    count?: number;
    href: string;
    current: boolean;
  }[];
  /** States that the filter form carries along. */
  states: TaskState[];
  queues: { value: string; selected: boolean }[];
  types: { value: string; selected: boolean }[];
  filtered: boolean;
  rows: TaskRow[];
  /** `1,234 tasks`, `3 match`, or nothing where the service does not count. */
  count?: string;
  foot: string;
  /** What the list was asked for, in words, for when nothing matches. */
  asked: { label: string; without: string }[];
  clearHref: string;
  nextHref?: string;
  firstHref?: string;
  lookup?: string;
}

export function isTaskState(text: string): text is TaskState {
  return (TASK_STATES as readonly string[]).includes(text);
}

export function toListPage(
  listing: TaskListing,
  counts: StateCounts,
  query: ListQuery,
  known: { queues: string[]; types: string[] },
): ListPage {
  // The counts are of everything there is: beside a list of one queue or type they would mislead.
  const narrowed = query.queue !== undefined || query.type !== undefined;
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const here = toHref(query);
  return {
    chips: [
      {
        label: 'all',
        count: narrowed ? undefined : all,
        href: toHref({ ...query, states: [], cursor: undefined }),
        current: query.states.length === 0,
      },
      ...TASK_STATES.map((state) => ({
        state,
        icon: STATE_ICONS[state],
        label: state,
        count: narrowed ? undefined : counts[state],
        href: toHref({ ...query, states: [state], cursor: undefined }),
        current: query.states.includes(state),
      })),
    ],
    states: query.states,
    queues: known.queues.map((value) => ({ value, selected: value === query.queue })),
    types: known.types.map((value) => ({ value, selected: value === query.type })),
    filtered: query.states.length > 0 || narrowed,
    rows: listing.items.map((task) => toTaskRow(task, here)),
    ...toCountWords(listing, query.states.length > 0 || narrowed),
    asked: toAsked(query),
    clearHref: '/tasks',
    nextHref: listing.nextCursor ? toHref({ ...query, cursor: listing.nextCursor }) : undefined,
    firstHref: query.cursor ? toHref({ ...query, cursor: undefined }) : undefined,
  };
}

export function toHref(query: ListQuery): string {
  const params = new URLSearchParams(query.states.map((state): [string, string] => ['state', state]));
  if (query.queue) params.set('queue', query.queue);
  if (query.type) params.set('type', query.type);
  if (query.cursor) params.set('cursor', query.cursor);
  return params.size > 0 ? `/tasks?${params}` : '/tasks';
}

/** What the search box of every page understands: a state, a type, a queue, `word:value`, or else a task's id. */
export function readSearch(
  text: string,
  known: { queues: string[]; types: string[] },
): { list: ListQuery } | { id: string } {
  const list: ListQuery = { states: [] };
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const [, key, value] = /^(state|queue|type):(.+)$/.exec(word) ?? [undefined, undefined, word];
    const bare = value!.toLowerCase();
    if ((key ?? 'state') === 'state' && isTaskState(bare)) list.states.push(bare);
    else if ((key ?? 'type') === 'type' && known.types.includes(bare)) list.type = bare;
    else if ((key ?? 'queue') === 'queue' && known.queues.includes(bare)) list.queue = bare;
    else return { id: text.trim().replace(/^#/, '') };
  }
  return { list };
}

function toCountWords({ items, total }: TaskListing, filtered: boolean): Pick<ListPage, 'count' | 'foot'> {
  if (total === undefined) return { foot: `${plural(items.length, 'task')} here, newest first` };
  const count = filtered ? `${formatNumber(total)} match` : plural(total, 'task');
  return { count, foot: `${formatNumber(items.length)} of ${plural(total, 'task')}, newest first` };
}

function toAsked(query: ListQuery): ListPage['asked'] {
  return [
    ...(query.states.length > 0
      ? [
          {
            label: `state ${query.states.join(' or ')}`,
            without: toHref({ ...query, states: [], cursor: undefined }),
          },
        ]
      : []),
    ...(query.queue
      ? [
          {
            label: `queue ${query.queue}`,
            without: toHref({ ...query, queue: undefined, cursor: undefined }),
          },
        ]
      : []),
    ...(query.type
      ? [{ label: `type ${query.type}`, without: toHref({ ...query, type: undefined, cursor: undefined }) }]
      : []),
  ];
}
