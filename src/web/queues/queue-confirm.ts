import { FINISHED_STATES, type TaskState } from '../../model/states.js';
import type { QueueDetail } from '../../queues/queues.openapi.js';
import { formatNumber, plural } from '../kit/format.js';
import { toQueueHref } from './queues-page.js';
import { STATE_ICONS } from '../kit/states.js';
import type { RefusedForm } from '../kit/form-error.js';

/** Actions on all tasks of a queue. Each has a confirmation page. */
export const QUEUE_ACTS = ['drain', 'clean', 'promote'] as const;
export type QueueAct = (typeof QUEUE_ACTS)[number];

export interface QueueConfirm {
  act: QueueAct;
  name: string;
  href: string;
  self: string;
  title: string;
  what: string;
  button: string;
  dangerous: boolean;
  /** Affected tasks by state. */
  hits: { state: TaskState; icon: string; count: number; href: string; note?: string }[];
  /** True if the user must type the queue's name. */
  typeName: boolean;
  refusal?: RefusedForm;
  values: Record<string, string>;
  wrong: Record<string, string>;
  clean?: {
    states: { value: TaskState; label: string; selected: boolean }[];
    units: { value: string; label: string; selected: boolean }[];
  };
  nothing: boolean;
}

const AGE_UNITS: [string, string][] = [
  ['m', 'minutes'],
  ['h', 'hours'],
  ['d', 'days'],
];

export function isQueueAct(text: string | undefined): text is QueueAct {
  return (QUEUE_ACTS as readonly (string | undefined)[]).includes(text);
}

/** @param typed fields of the form, or of its address. */
export function toQueueConfirm(
  act: QueueAct,
  { name, counts }: QueueDetail,
  typed: Record<string, string | undefined>,
  refusal?: RefusedForm,
): QueueConfirm {
  const states = statesOf(act);
  const list = (state: TaskState) => `/tasks?${new URLSearchParams({ queue: name, state })}`;
  const hits = states.map((state) => ({
    state,
    icon: STATE_ICONS[state],
    count: counts[state],
    href: list(state),
    note: act === 'drain' && state === 'delayed' ? 'only when ticked below' : undefined,
  }));
  const total = hits.reduce((sum, { count }) => sum + count, 0);
  const state = typed.state ?? largestState(counts);
  return {
    act,
    name,
    href: toQueueHref(name),
    self: `${toQueueHref(name)}/${act}`,
    ...WORDS[act](name, counts.waiting, counts.delayed),
    dangerous: act !== 'promote',
    hits,
    typeName: act === 'drain',
    refusal,
    values: {
      ...Object.fromEntries(Object.entries(typed).map(([key, value]) => [key, value ?? ''])),
      age: typed.age ?? '7',
    },
    wrong: Object.fromEntries((refusal?.trouble.fields ?? []).map((field) => [field.path, field.message])),
    clean:
      act === 'clean'
        ? {
            states: FINISHED_STATES.map((value) => ({
              value,
              label: `${value} (${formatNumber(counts[value])})`,
              selected: value === state,
            })),
            units: AGE_UNITS.map(([value, label]) => ({
              value,
              label,
              selected: value === (typed.unit ?? 'd'),
            })),
          }
        : undefined,
    nothing: total === 0,
  };
}

function statesOf(act: QueueAct): readonly TaskState[] {
  if (act === 'clean') return FINISHED_STATES;
  return act === 'drain' ? ['waiting', 'delayed'] : ['delayed'];
}

const WORDS: Record<
  QueueAct,
  (name: string, waiting: number, delayed: number) => { title: string; what: string; button: string }
> = {
  drain: (name, waiting) => ({
    title: `Drain the queue ${name}?`,
    what:
      `${plural(waiting, 'waiting task')} will not run. They stay in the list as cancelled and can be retried one by one. ` +
      'What runs already goes on, and tasks that come in from now on are not touched.',
    button: 'Drain the queue',
  }),
  clean: (name) => ({
    title: `Clean the queue ${name}`,
    what: 'Finished tasks of one state and age are removed for good: their inputs, results and logs with them.',
    button: 'Remove them for good',
  }),
  promote: (name, _waiting, delayed) => ({
    title: `Run all delayed tasks of ${name} now?`,
    what: `${plural(delayed, 'task')} will be ready to run at once, whatever time they were meant for. Those between two attempts are among them.`,
    button: `Promote ${plural(delayed, 'task')}`,
  }),
};

/** Returns the state with the most tasks to clean. */
function largestState(counts: QueueDetail['counts']): TaskState {
  return [...FINISHED_STATES].sort((a, b) => counts[b] - counts[a])[0]!;
}
