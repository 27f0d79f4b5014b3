import { GROUPINGS } from '../../monitoring/numbers/numbers.service.js';
import { RANGE_NAMES } from '../../monitoring/numbers/number-ranges.js';
import { MAX_POINTS, STEPS } from '../../monitoring/numbers/numbers-query.js';
import { ERROR_ACTS, ERROR_SORTS, ERROR_STATES } from '../../monitoring/errors/errors.service.js';
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
  description: 'Of the group: 16 hexadecimal digits.',
  schema: { type: 'string' },
};

/** Numbers over time, and failures by their kind. */
export const NUMBERS_PATHS: Record<string, object> = {
  '/api/v1/numbers': {
    get: reads({
      id: 'listNumbers',
      tag: 'Monitoring',
      summary: 'Throughput, failures, waits and runs over time',
      description:
        'Out of the history, so of all tasks that ever were, those of other programs on the same Redis included. Quantiles are within 2 %. ' +
        'Minutes are told of the last two days, hours of the last hundred, days for good.',
      parameters: [
        query('range', 'A time up to now. `1h`, if neither this nor `from` is given.', {
          type: 'string',
          enum: [...RANGE_NAMES],
        }),
        query('from', 'Rather than a range: where it begins, a day or a time with its zone.', {
          type: 'string',
          examples: ['2026-11-22T10:00:00Z'],
        }),
        query('to', 'Where it ends; now, if left out.', { type: 'string', examples: ['2026-11-23'] }),
        query(
          'step',
          `One item for each; at most ${MAX_POINTS} of them. Chosen by the length, if left out; \`all\` with \`by\`.`,
          {
            type: 'string',
            enum: [...STEPS],
          },
        ),
        query('by', 'One item for each of these as well.', { type: 'string', enum: [...GROUPINGS] }),
        query('type', 'Only tasks of this type.', NAME),
        query('queue', 'Only tasks of this queue.', NAME),
        query('worker', 'Only tasks that this worker ran. Not together with type or queue.', NAME),
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
      summary: 'Failures by their kind',
      description:
        'Failed attempts of one task type with the same error name, the same message (numbers, ids and quoted text aside) and the same place in your own code are one group.',
      parameters: [
        query('state', 'One state or several, separated by commas. All, if left out.', {
          type: 'string',
          examples: [ERROR_STATES.slice(0, 2).join(',')],
        }),
        query('type', 'Only of this task type.', NAME),
        query('q', 'Words in task type, name, message or place; in any case.', NAME),
        query('sort', 'The greatest or latest first. `last-seen`, if left out.', {
          type: 'string',
          enum: [...ERROR_SORTS],
        }),
        query('cursor', '`nextCursor` of the page before.', { type: 'string', maxLength: 10 }),
        query('limit', 'Groups in one answer. 50, if left out.', {
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
      summary: 'One kind of failure',
      parameters: [fingerprint],
      answers: {
        200: { description: 'With workers, versions and sample tasks.', schema: ref('ErrorGroupDetail') },
      },
      errors: ['NOT_FOUND', 'ERROR_GROUP_NOT_FOUND', 'HISTORY_UNAVAILABLE'],
    }),
  },
  '/api/v1/errors/{fingerprint}/{act}': {
    post: writes({
      id: 'markErrorGroup',
      tag: 'Monitoring',
      summary: 'Resolve, ignore or reopen it',
      description:
        'A group that fails again after it was resolved becomes `regressed` by itself. One that is ignored goes on being counted.',
      parameters: [
        fingerprint,
        {
          name: 'act',
          in: 'path',
          required: true,
          description: 'What to do.',
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
              nothing: { summary: 'Without', value: {} },
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
