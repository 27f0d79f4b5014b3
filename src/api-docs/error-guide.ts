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
  UNAUTHENTICATED: {
    cure: 'This Roost has users, and the request came without a login or with one that has ended. People sign in at /login, programs send `Authorization: Bearer roost_...` with an API token made at /access/tokens.',
    detail: 'This Roost has users: sign in, or send an API token as `Authorization: Bearer roost_...`.',
  },
  FORBIDDEN: {
    cure: 'The role of the user, or the scope of the API token, does not have the permission that is named. An admin gives roles with `npm run user -- role`.',
    detail:
      'This needs the permission tasks.act (cancel, retry, promote and delete single tasks), which deploy (token of ada) does not have.',
    extra: { permission: 'tasks.act' },
  },
  READ_ONLY: {
    cure: 'The web app was started with READ_ONLY=true. Another one on the same Redis may still take writes.',
    detail: 'This Roost is set to be read only (READ_ONLY=true): nothing can be changed through it.',
  },
  CSRF_TOKEN_INVALID: {
    cure: 'A write with the cookie of a login needs the token of that login, so that no other site can send it: the field `_csrf` in forms, the header `X-CSRF-Token` in calls. /api/v1/me tells it. API tokens need none.',
    detail:
      'The form does not belong to this login, or is from before it. Open the page again and repeat it there; programs send an API token, or the `csrfToken` of /api/v1/me as `X-CSRF-Token`.',
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
  SEARCH_NOT_FOUND: {
    cure: 'Somebody has deleted it, or the id is wrong. `GET /api/v1/searches` lists those there are.',
    detail: 'There is no saved search with this id; it may have been deleted.',
  },
  TOKEN_NOT_FOUND: {
    cure: 'The API token was revoked, never was, or is somebody else’s. GET /api/v1/tokens lists those one may see.',
    detail: 'There is no API token 0f2b4c6d8e0a1b3c, or it is not yours.',
  },
  QUEUE_NOT_FOUND: {
    cure: 'The answer lists the queues there are.',
    detail: 'There is no queue `fast`. There are: default, cpu.',
  },
  ERROR_GROUP_NOT_FOUND: {
    cure: 'No failure of this kind is known, or none for so long that it was forgotten. `GET /api/v1/errors` lists those there are.',
    detail:
      'There is no error group 9f86d081884c7d65. Groups that nothing belongs to any more are forgotten after 100 days.',
  },
  BULK_NOT_FOUND: {
    cure: 'No bulk action has this id, or it has been forgotten with the history of its time. `GET /api/v1/bulk-actions` lists those there are.',
    detail: 'There is no bulk action `nope`. GET /api/v1/bulk-actions lists those there are.',
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
  HOST_REFUSED: {
    cure: 'Without users Roost answers this machine alone, under its own names. The request came under another host name or through a proxy: set up users, and PUBLIC_URL.',
    detail:
      'This Roost has no users, so it answers only as localhost or 127.0.0.1, not as roost.example.org.',
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
  TOO_MANY_REQUESTS: {
    cure: 'Wait as long as Retry-After says, in seconds.',
    detail: 'Too many wrong logins: wait 14 minutes, then try again.',
    extra: { retryAfter: 840 },
  },
  QUEUE_FULL: {
    cure: 'More tasks wait in the queue than QUEUE_LIMIT allows. Wait as long as Retry-After says, or start more workers.',
    detail:
      'The queue default holds 100000 tasks that wait, as many as it may (QUEUE_LIMIT). Nothing was accepted: hand it in again later.',
    extra: { queue: 'default', retryAfter: 5 },
  },
  INTERNAL: {
    cure: 'A fault of ours. The log of the web app has it under the `requestId`. Trying again may help.',
    detail:
      'Something unexpected happened on our side; the log has it under this request id. Trying again may help.',
  },
  STORAGE_FULL: {
    cure: 'Redis has reached its `maxmemory`, or cannot write to its disk; `detail` says which. Nothing was accepted. Raise the limit, delete finished tasks or make room on the disk, then send it again.',
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
  HISTORY_UNAVAILABLE: {
    cure: 'The file of the history cannot be read or written just now; tasks go on, and what happens meanwhile is recorded later. Repeat it after `Retry-After`; `GET /api/v1/history` tells more.',
    detail: 'The history cannot be read or written (its disk is full).',
  },
};
