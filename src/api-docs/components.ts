import { TASK_STATES } from '../contract/states.js';

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

/** Parameters of the list. */
export const LIST_PARAMETERS = [
  {
    name: 'state',
    in: 'query',
    description: 'One state or several, separated by commas. All, if left out.',
    style: 'form',
    explode: false,
    schema: { type: 'array', items: { type: 'string', enum: [...TASK_STATES] } },
  },
  {
    name: 'type',
    in: 'query',
    description: 'Only tasks of this type.',
    schema: { type: 'string', maxLength: 100 },
  },
  {
    name: 'queue',
    in: 'query',
    description: 'Only tasks of this queue.',
    schema: { type: 'string', maxLength: 100 },
  },
  {
    name: 'cursor',
    in: 'query',
    description: '`nextCursor` of the page before.',
    schema: { type: 'string', maxLength: 200 },
  },
  {
    name: 'limit',
    in: 'query',
    description: 'Tasks on a page.',
    schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
  },
];

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
