import { GROUPINGS } from '../../monitoring/stats/stats.service.js';
import { RANGE_NAMES } from '../../monitoring/stats/stats-ranges.js';
import { MAX_POINTS, STEPS } from '../../monitoring/stats/stats-query.js';
import { ERROR_ACTS, ERROR_SORTS, ERROR_STATES } from '../../monitoring/error-groups/error-groups.service.js';
import { reads, writes } from '../operation.js';
import { ref, type Schema } from '../schema.js';

const query = (name: string, description: string, schema: Schema) => ({
  name,
  in: 'query',
  description,
  schema,
});
const NAME = { type: 'string', maxLength: 200 };

const fingerprint = {
  name: 'fingerprint',
  in: 'path',
  required: true,
  description: 'Fingerprint of the group: 16 hexadecimal digits.',
  schema: { type: 'string' },
};

/** Operations on stats over time and on error groups. */
export const NUMBERS_PATHS: Record<string, object> = {
  '/api/v1/numbers': {
    get: reads({
      id: 'listNumbers',
      tag: 'Monitoring',
      summary: 'Get throughput, failures, wait and run times over time',
      description:
        'Computed from the history, so for all tasks, including those of other programs on the same Redis. Quantiles are accurate to 2 %. ' +
        'Minutes are available for the last 2 days, hours for the last 100 days, days without limit.',
      parameters: [
        query('range', 'A range up to now. Default without `from`: `1h`.', {
          type: 'string',
          enum: [...RANGE_NAMES],
        }),
        query('from', 'Start, instead of a range: a day, or a time with a zone.', {
          type: 'string',
          examples: ['2026-11-22T10:00:00Z'],
        }),
        query('to', 'End. Default: now.', { type: 'string', examples: ['2026-11-23'] }),
        query(
          'step',
          `Length of an item; at most ${MAX_POINTS} items. Default: chosen by the length of the range; \`all\` with \`by\`.`,
          {
            type: 'string',
            enum: [...STEPS],
          },
        ),
        query('by', 'Groups the items by this.', { type: 'string', enum: [...GROUPINGS] }),
        query('type', 'Only tasks of this type.', NAME),
        query('queue', 'Only tasks of this queue.', NAME),
        query('worker', 'Only tasks that this worker ran. Cannot be combined with type or queue.', NAME),
      ],
      answers: {
        200: { description: 'Steps without any task are left out.', schema: ref('NumbersAnswer') },
      },
      errors: ['QUERY_INVALID', 'HISTORY_UNAVAILABLE'],
    }),
  },
  '/api/v1/errors': {
    get: reads({
      id: 'listErrorGroups',
      tag: 'Monitoring',
      summary: 'List error groups',
      description:
        'A group contains the failed attempts of one task type with the same error name, the same message (ignoring numbers, ids and quoted text) and the same place in the application code.',
      parameters: [
        query('state', 'One or several states, separated by commas. Default: all.', {
          type: 'string',
          examples: [ERROR_STATES.slice(0, 2).join(',')],
        }),
        query('type', 'Only groups of this task type.', NAME),
        query('q', 'Text in task type, name, message or place; ignores case.', NAME),
        query('sort', 'Sort order, descending. Default: `last-seen`.', {
          type: 'string',
          enum: [...ERROR_SORTS],
        }),
        query('cursor', '`nextCursor` of the previous page.', { type: 'string', maxLength: 10 }),
        query('limit', 'Maximum number of groups per page. Default: 50.', {
          type: 'integer',
          minimum: 1,
          maximum: 200,
        }),
      ],
      answers: { 200: { description: 'One page of them.', schema: ref('ErrorGroupPage') } },
      errors: ['QUERY_INVALID', 'HISTORY_UNAVAILABLE'],
    }),
  },
  '/api/v1/errors/{fingerprint}': {
    get: reads({
      id: 'getErrorGroup',
      tag: 'Monitoring',
      summary: 'Get one error group',
      parameters: [fingerprint],
      answers: {
        200: {
          description: 'The group with its workers, versions and sample tasks.',
          schema: ref('ErrorGroupDetail'),
        },
      },
      errors: ['NOT_FOUND', 'ERROR_GROUP_NOT_FOUND', 'HISTORY_UNAVAILABLE'],
    }),
  },
  '/api/v1/errors/{fingerprint}/{act}': {
    post: writes({
      id: 'markErrorGroup',
      tag: 'Monitoring',
      summary: 'Resolve, ignore or reopen an error group',
      description:
        'A resolved group with a new failure becomes `regressed` automatically. An ignored group is still counted.',
      parameters: [
        fingerprint,
        {
          name: 'act',
          in: 'path',
          required: true,
          description: 'The action.',
          schema: { type: 'string', enum: Object.keys(ERROR_ACTS) },
        },
      ],
      body: {
        required: false,
        content: {
          'application/json': {
            schema: ref('ErrorNote'),
            examples: {
              note: { summary: 'With a note', value: { note: 'Fixed in 1.5.0.' } },
              nothing: { summary: 'Without a note', value: {} },
            },
          },
        },
      },
      answers: { 200: { description: 'The group as it is now.', schema: ref('ErrorGroupDetail') } },
      errors: [
        'NOT_FOUND',
        'ERROR_GROUP_NOT_FOUND',
        'BODY_MALFORMED',
        'BODY_TOO_LARGE',
        'CONTENT_TYPE_UNSUPPORTED',
        'REQUEST_INVALID',
        'HISTORY_UNAVAILABLE',
      ],
    }),
  },
};
