import * as s from '../model/schema.js';
import { ERRORS, type ErrorCode as Code } from '../model/errors.js';

const wait = {
  name: 'wait',
  in: 'query',
  description: 'Waits until the task is finished, at most this many seconds.',
  schema: { type: 'integer', minimum: 0, maximum: 30 },
};

/** Parameters used by more than one operation. */
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
      'Queue of the task. Required only for tasks of other programs (`bull:mail`), whose ids are unique only within a queue.',
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
    description: 'The command.',
    schema: { $ref: '#/components/schemas/CommandName' },
  },
  Wait: wait,
  Reveal: {
    name: 'reveal',
    in: 'query',
    description:
      'Includes values hidden by the REDACT rules. Needs the permission `secrets.reveal` and is recorded in the audit.',
    schema: { type: 'string', enum: ['1'] },
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'Makes a request safe to repeat: the same key with the same type, input and options yields the same task, ' +
      'as long as the task is stored. 1 to 255 printable ASCII characters, for example a UUID.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
  LastEventId: {
    name: 'Last-Event-ID',
    in: 'header',
    description:
      'Id of the last event received: only later events are sent. `EventSource` sets it automatically.',
    schema: { type: 'string' },
  },
  LastEventIdQuery: {
    name: 'lastEventId',
    in: 'query',
    description: 'Same as the header `Last-Event-ID`, for clients that cannot set headers.',
    schema: { type: 'string' },
  },
  XRequestId: {
    name: 'X-Request-Id',
    in: 'header',
    description:
      'Chosen by the client. It is returned in the answer and written to the logs of web and worker. Generated if missing.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9_.:-]{1,64}$' },
  },
};

export const HEADERS = {
  XRequestId: { description: 'Request id, as in the logs.', schema: { type: 'string' } },
  Location: {
    description: 'REST URL of the task.',
    schema: { type: 'string', format: 'uri-reference' },
  },
  RetryAfter: { description: 'Seconds to wait before the next attempt.', schema: { type: 'integer' } },
};

export function parameter(name: keyof typeof PARAMETERS): { $ref: string } {
  return { $ref: `#/components/parameters/${name}` };
}

/** A queue of this Roost. The document fills in the names. */
export const ManagedQueue = s.raw<string>({ $ref: '#/components/schemas/ManagedQueue' });

export const ErrorCode = s.named(
  'ErrorCode',
  s.oneOf(Object.keys(ERRORS) as Code[], 'Code for programs. Its meaning never changes.'),
);

export const FieldProblem = s.named(
  'FieldProblem',
  s.object({
    path: s.text(
      'Location of the problem: a path such as `input.x` or `options.tags[2]`, or the name of a query parameter or a header.',
    ),
    message: s.text('The problem and the valid values.'),
  }),
);

/** Members of a request that may have a reason and an end. */
export const ORDER_MEMBERS = {
  reason: s.optional(s.text('Reason; shown to users.', { maxLength: 500 })),
  until: s.optional(s.time('When it ends automatically. A time with a zone, at most one year ahead.')),
  forMs: s.optional(s.integer({ minimum: 1, description: 'Duration in ms, instead of `until`.' })),
};

/** Describes a parameter of the path. */
export function pathParameter(name: string, description: string, schema: object = { type: 'string' }) {
  return { name, in: 'path', required: true, description, schema };
}

/** Describes a query parameter. */
export function query(name: string, description: string, schema: object = { type: 'string' }) {
  return { name, in: 'query', description, schema };
}

/** Describes `cursor` and `limit` of a list. */
export function paging(items: string, maximum: number, standard: number, cursor: object = {}) {
  return [
    query('cursor', '`nextCursor` of the previous page.', { type: 'string', ...cursor }),
    query('limit', `Maximum number of ${items} per page.`, {
      type: 'integer',
      minimum: 1,
      maximum,
      default: standard,
    }),
  ];
}

/** Describes the answer of an export: a file that the client chooses the format of. */
export const FILE = {
  contentTypes: ['text/csv', 'application/x-ndjson'],
  headers: { 'Content-Disposition': { description: 'Name of the file.', schema: { type: 'string' } } },
};
