import * as s from '../../model/schema.js';
import { query } from '../../openapi/components.js';
import { operations } from '../../openapi/operation.js';
import { MAX_POINTS, STEPS } from './stats-query.js';
import { GROUPINGS, RANGE_NAMES } from './stats-ranges.js';
import { countOrNull } from '../../model/schema.js';

const Durations = s.named(
  'Durations',
  s.object(
    {
      count: s.count('Tasks that completed or failed.'),
      meanMs: countOrNull('Their mean.'),
      p50Ms: countOrNull('Half of them took at most this long.'),
      p95Ms: countOrNull('95 % of them did.'),
      p99Ms: countOrNull('99 % of them did.'),
    },
    { description: 'Durations in ms; quantiles are accurate to 2 %.' },
  ),
);
/** Durations of completed and failed tasks; null where there are none. */
export type Durations = s.Static<typeof Durations>;

const NUMBERS = {
  added: s.count('Tasks submitted.'),
  completed: s.count('Tasks completed.'),
  failed: s.count('Tasks failed permanently.'),
  cancelled: s.count('Tasks cancelled.'),
  expired: s.count('Tasks expired.'),
  retried: s.count('Started attempts after the first.'),
  failureRate: s.orNull(
    s.number({ minimum: 0, maximum: 1 }),
    'Failed tasks divided by completed and failed ones; null where there are none.',
  ),
  wait: Durations,
  run: Durations,
};
const Numbers = s.named('Numbers', s.object(NUMBERS));
/** Counts and durations of a period as shown by REST and pages. */
export type Numbers = s.Static<typeof Numbers>;

const NumbersAnswer = s.named(
  'NumbersAnswer',
  s.object({
    from: s.time('Start of the first step.'),
    to: s.time('End of the last step.'),
    recordedFrom: s.orNull(
      s.time(
        'Start of the recorded part of that time: rates divide by the time from here on. Null where nothing is recorded.',
      ),
    ),
    stepMs: s.count('Length of a step, ms; 0 for the whole range in one step.'),
    by: s.optional(s.oneOf(GROUPINGS)),
    items: s.list(
      s.object({
        at: s.time('Start of the step.'),
        name: s.optional(s.text('With `by`: name of the type, queue or worker.')),
        ...NUMBERS,
      }),
    ),
    total: Numbers,
    lagMs: s.optional(s.count('Delay of the history, ms; set while it is behind.')),
  }),
);
export type NumbersAnswer = s.Static<typeof NumbersAnswer>;

const NAME = { type: 'string', maxLength: 200 };

const STATS = {
  summary: 'Get throughput, failures, wait and run times over time',
  parameters: [
    query('range', 'A range up to now. Default without `from`: `1h`.', s.oneOf(RANGE_NAMES)),
    query('from', 'Start, instead of a range: a day, or a time with a zone.', {
      type: 'string',
      examples: ['2026-11-22T10:00:00Z'],
    }),
    query('to', 'End. Default: now.', { type: 'string', examples: ['2026-11-23'] }),
    query(
      'step',
      `Length of an item; at most ${MAX_POINTS} items. Default: chosen by the length of the range; \`all\` with \`by\`.`,
      s.oneOf(STEPS),
    ),
    query('by', 'Groups the items by this.', s.oneOf(GROUPINGS)),
    query('type', 'Only tasks of this type.', NAME),
    query('queue', 'Only tasks of this queue.', NAME),
    query('worker', 'Only tasks that this worker ran. Cannot be combined with type or queue.', NAME),
  ],
  answers: { 200: ['Steps without any task are left out.', NumbersAnswer] as const },
  errors: ['QUERY_INVALID', 'HISTORY_UNAVAILABLE'] as const,
};

export const STATS_API = operations('Monitoring', {
  'GET /api/v1/stats': {
    ...STATS,
    id: 'listStats',
    description:
      'Computed from the history, so for all tasks, including those of other programs on the same Redis. Quantiles are accurate to 2 %. ' +
      'Minutes are available for the last 2 days, hours for the last 100 days, days without limit.',
  },
  'GET /api/v1/numbers': {
    ...STATS,
    id: 'listNumbers',
    description: 'Deprecated name of `GET /api/v1/stats`, with the same parameters and answers.',
    more: { deprecated: true },
  },
});
