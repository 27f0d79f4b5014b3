import type { ErrorCode, FieldProblem } from '../contract/errors.js';

/** What the docs say of an error code, beside its title and status from the table in contract/errors.ts. */
interface ErrorGuide {
  /** When it comes and what to do about it. */
  cure: string;
  /** A problem as it may really look. */
  detail: string;
  fields?: FieldProblem[];
  extra?: Record<string, unknown>;
}

const TASK_ID = 't1m839j6r8k9f0ck3v5es01e2z';

export const ERROR_GUIDE: Record<ErrorCode, ErrorGuide> = {
  BODY_MALFORMED: {
    cure: 'The body is not JSON, was cut off, is nested more than 32 levels deep, or has a name such as `__proto__` in it. Send it again, whole.',
    detail: "The body is not JSON: Expected property name or '}' in JSON at position 1",
    fields: [{ path: 'body', message: "is not JSON: Expected property name or '}' in JSON at position 1" }],
  },
  QUERY_INVALID: {
    cure: 'A query parameter is unknown, given twice or out of its range. `fields` names each one and what would be right.',
    detail: 'limit must be a whole number from 1 to 200',
    fields: [{ path: 'limit', message: 'must be a whole number from 1 to 200' }],
  },
  HEADER_INVALID: {
    cure: 'A header has a value that cannot be used. `fields` names it.',
    detail: 'The Idempotency-Key must be 1 to 255 printable ASCII characters; a UUID does well.',
    fields: [
      { path: 'Idempotency-Key', message: 'must be 1 to 255 printable ASCII characters; a UUID does well' },
    ],
  },
  CROSS_SITE: {
    cure: 'A browser sent this because a page of another site told it to. Programs are not affected; pages have to be of this site.',
    detail: 'Another site asked the browser to do this, so it was not done. Use the pages here.',
  },
  NOT_FOUND: {
    cure: 'The path or the method is wrong. This page lists what there is.',
    detail: 'There is nothing at this address. /api/docs lists what there is.',
  },
  TASK_NOT_FOUND: {
    cure: 'No task ever had this id. Look for a typing error, or whether it belongs to another Roost.',
    detail: 'There is no task with the id `nope`.',
  },
  QUEUE_NOT_FOUND: {
    cure: 'The answer lists the queues there are.',
    detail: 'There is no queue `fast`. There are: default, cpu.',
  },
  WORKER_NOT_FOUND: {
    cure: 'A worker gets a new id with every start and is forgotten an hour after its last sign of life. `GET /api/v1/workers` lists them.',
    detail: 'No worker with this id was seen within the last hour.',
  },
  TASK_STATE_CONFLICT: {
    cure: 'The task has gone on in the meantime. `state` says where it is now; decide anew from there.',
    detail:
      'The task is completed, so it cannot be cancelled. Only waiting and delayed tasks can be cancelled.',
    extra: { state: 'completed' },
  },
  IDEMPOTENCY_CONFLICT: {
    cure: 'A key stands for one body. Take a new key for a new task; `task` leads to the one that has this key.',
    detail:
      'This Idempotency-Key was used for a task with another type, input or options; take a new key for a new task.',
    fields: [
      {
        path: 'Idempotency-Key',
        message: 'was used for a task with another type, input or options; take a new key for a new task',
      },
    ],
    extra: {
      task: {
        self: `/api/v1/tasks/${TASK_ID}`,
        page: `/tasks/${TASK_ID}`,
        events: `/api/v1/tasks/${TASK_ID}/events`,
        logs: `/api/v1/tasks/${TASK_ID}/logs`,
      },
    },
  },
  COMMAND_REFUSED: {
    cure: 'The worker is there and says why it does not do this; nothing has changed.',
    detail: 'The worker does not serve the queue `cpu`.',
  },
  TASK_GONE: {
    cure: 'The task was there once. It was deleted, or retention has forgotten it (the TASK_RETENTION settings say when).',
    detail: 'This task was known once and has been removed, by somebody or by retention.',
  },
  BODY_TOO_LARGE: {
    cure: 'A body may have 256 kB, a bulk one 4 MB. Put large data elsewhere and hand in a reference to it.',
    detail: 'The body is over the limit of 262144 bytes here. Send less at once.',
    fields: [{ path: 'body', message: 'must be at most 262144 bytes' }],
  },
  CONTENT_TYPE_UNSUPPORTED: {
    cure: 'Send `content-type: application/json` (bulk: or `application/x-ndjson`) in UTF-8, plain or gzip.',
    detail: 'The content type `text/plain` is not understood here; send application/json.',
    fields: [{ path: 'content-type', message: 'must be application/json' }],
  },
  INPUT_INVALID: {
    cure: '`fields` names every field of the input that is missing, unknown or wrong. The schema of the task type says what is right.',
    detail: 'input.y: is required, for example 2',
    fields: [{ path: 'input.y', message: 'is required, for example 2' }],
  },
  OPTIONS_INVALID: {
    cure: '`fields` names every option that is unknown or wrong.',
    detail: 'options.priority: must be a whole number from 0 to 1000',
    fields: [{ path: 'options.priority', message: 'must be a whole number from 0 to 1000' }],
  },
  REQUEST_INVALID: {
    cure: 'The body is JSON but not what this call takes. `fields` names what is missing, unknown or wrong.',
    detail: 'type is missing; GET /api/v1/task-types lists what there is',
    fields: [{ path: 'type', message: 'is missing; GET /api/v1/task-types lists what there is' }],
  },
  TASK_TYPE_UNKNOWN: {
    cure: 'No task type has this name. The answer says which ones there are, and which one was probably meant.',
    detail: '`devide` is no task type. Did you mean `divide`? There are: count-primes, divide, process-text.',
    fields: [
      {
        path: 'type',
        message:
          '`devide` is no task type. Did you mean `divide`? There are: count-primes, divide, process-text.',
      },
    ],
  },
  INTERNAL: {
    cure: 'A fault of ours. The log of the web app has it under the `requestId`. Trying again may help.',
    detail:
      'Something unexpected happened on our side; the log has it under this request id. Trying again may help.',
  },
  STORAGE_FULL: {
    cure: 'Redis has reached its `maxmemory`. Nothing was accepted. Raise the limit or delete finished tasks, then send it again.',
    detail:
      'Redis has no memory left, so nothing new can be accepted. Raise its maxmemory or remove finished tasks, then send it again.',
  },
  WORKER_NO_ANSWER: {
    cure: 'The worker is frozen, cut off or gone. The answer says whether the command was withdrawn or may still be obeyed.',
    detail: 'The worker does not answer. The command was withdrawn: it has not been obeyed and will not be.',
  },
  REDIS_UNAVAILABLE: {
    cure: 'Redis did not answer in time: whether a write took effect is not known. Repeat it after `Retry-After` with the same Idempotency-Key; it is accepted once at most.',
    detail:
      'Redis does not answer, so the outcome is unknown: the request may or may not have taken effect. ' +
      'Repeat it with the same Idempotency-Key, as often as you like: the task is then accepted once at most.',
  },
};
