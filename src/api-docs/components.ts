import { TASK_STATES } from '../contract/states.js';
import { SORT_FIELDS } from '../history/query/query-ast.js';

const wait = {
  name: 'wait',
  in: 'query',
  description: 'Holds the answer until the task is settled, but for so many seconds at most.',
  schema: { type: 'integer', minimum: 0, maximum: 30 },
};

/** Parameters that more than one call takes. */
export const PARAMETERS = {
  TaskId: {
    name: 'id',
    in: 'path',
    required: true,
    description: 'Id of the task.',
    schema: { type: 'string', maxLength: 128 },
  },
  OfQueue: {
    name: 'queue',
    in: 'query',
    description:
      'The queue it is in. Needed for tasks of other programs alone (`bull:mail`), whose ids are unique within a queue only.',
    schema: { type: 'string', maxLength: 256, examples: ['default'] },
  },
  QueueName: {
    name: 'name',
    in: 'path',
    required: true,
    description: 'Name of the queue.',
    schema: { type: 'string', examples: ['default'] },
  },
  TaskTypeName: {
    name: 'type',
    in: 'path',
    required: true,
    description: 'Name of the task type.',
    schema: { type: 'string', examples: ['divide'] },
  },
  WorkerId: {
    name: 'id',
    in: 'path',
    required: true,
    description: 'Id of the worker.',
    schema: { type: 'string' },
  },
  Command: {
    name: 'command',
    in: 'path',
    required: true,
    description: 'What to do.',
    schema: { $ref: '#/components/schemas/CommandName' },
  },
  Wait: wait,
  Reveal: {
    name: 'reveal',
    in: 'query',
    description:
      'With what the rules of REDACT hide. Needs the permission `secrets.reveal` and is kept in the audit.',
    schema: { type: 'string', enum: ['1'] },
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'Makes a request safe to repeat: the same key with the same type, input and options is the same task, whenever it comes again ' +
      '(as long as the task is kept). 1 to 255 printable ASCII characters; a UUID does well.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
  LastEventId: {
    name: 'Last-Event-ID',
    in: 'header',
    description:
      'The id of the last event seen: only what came after it is sent. `EventSource` does it by itself.',
    schema: { type: 'string' },
  },
  LastEventIdQuery: {
    name: 'lastEventId',
    in: 'query',
    description: 'The same, for clients that cannot set a header.',
    schema: { type: 'string' },
  },
  XRequestId: {
    name: 'X-Request-Id',
    in: 'header',
    description:
      'Yours to choose: it comes back in the answer and stands in the logs of web and worker. Else one is made.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9_.:-]{1,64}$' },
  },
};

/** What a list or an export is asked for; all of it is joined by AND. */
export const SEARCH_PARAMETERS = [
  text(
    'q',
    'A query: words, `field:value`, `input.user.id:>3`, AND, OR, NOT, parentheses. `/tasks` has a table of the language. ' +
      'An error names the `column` it is at.',
    { maxLength: 2048, examples: ['state:failed type:divide input.x:>10 -tag:nightly'] },
  ),
  text('state', `One state or several, separated by commas: ${TASK_STATES.join(', ')}. All, if left out.`),
  text('type', 'Only tasks of this type; `di*` for types that begin so. So with queue, worker and tag.'),
  text(
    'queue',
    'Only tasks of this queue; those of other programs stand there with their prefix, `bull:mail`.',
  ),
  text('worker', 'Only tasks that this worker ran last.'),
  text('tag', 'Only tasks with this tag.'),
  text('from', 'Handed in from then on: a date (UTC, if it names no zone) or an age such as `1h`.'),
  text('to', 'Handed in up to then.'),
];

/** Parameters of the list. */
export const LIST_PARAMETERS = [
  ...SEARCH_PARAMETERS,
  {
    name: 'sort',
    in: 'query',
    description: 'Its order; a `-` before it for the greatest first.',
    schema: {
      type: 'string',
      enum: SORT_FIELDS.flatMap((field) => [field, `-${field}`]),
      default: '-created',
    },
  },
  text('cursor', '`nextCursor` of the page before.', { maxLength: 1000 }),
  {
    name: 'limit',
    in: 'query',
    description: 'Tasks on a page.',
    schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
  },
];

function text(name: string, description: string, more: object = {}) {
  return { name, in: 'query', description, schema: { type: 'string', ...more } };
}

export const HEADERS = {
  XRequestId: { description: 'The same as in the logs.', schema: { type: 'string' } },
  Location: {
    description: 'Address of the task over REST.',
    schema: { type: 'string', format: 'uri-reference' },
  },
  RetryAfter: { description: 'Seconds to wait before asking again.', schema: { type: 'integer' } },
};

export function parameter(name: keyof typeof PARAMETERS): { $ref: string } {
  return { $ref: `#/components/parameters/${name}` };
}
