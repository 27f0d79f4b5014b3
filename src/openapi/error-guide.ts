import type { ErrorCode, FieldProblem } from '../model/errors.js';

/** Documentation of an error code, in addition to its title and status in model/errors.ts. */
interface ErrorGuide {
  /** Cause of the error and the action that fixes it. */
  cure: string;
  /** Example of a detail message. */
  detail: string;
  fields?: FieldProblem[];
  extra?: Record<string, unknown>;
}

const TASK_ID = 't1m839j6r8k9f0ck3v5es01e2z';

export const ERROR_GUIDE: Record<ErrorCode, ErrorGuide> = {
  BODY_MALFORMED: {
    cure: 'The body is not JSON, was cut off, is nested more than 32 levels deep, or has a name twice in one object or one such as `__proto__`. Send the complete body again.',
    detail: "The body is not JSON: Expected property name or '}' in JSON at position 1",
    fields: [{ path: 'body', message: "is not JSON: Expected property name or '}' in JSON at position 1" }],
  },
  QUERY_INVALID: {
    cure: 'A query parameter is unknown, given twice or out of its range. `fields` names each one and the valid values.',
    detail: 'limit must be a whole number from 1 to 200',
    fields: [{ path: 'limit', message: 'must be a whole number from 1 to 200' }],
  },
  HEADER_INVALID: {
    cure: 'A header has an invalid value. `fields` names it.',
    detail: 'The Idempotency-Key must be 1 to 255 printable ASCII characters, for example a UUID.',
    fields: [
      { path: 'Idempotency-Key', message: 'must be 1 to 255 printable ASCII characters, for example a UUID' },
    ],
  },
  UNAUTHENTICATED: {
    cure: 'This Roost has users, and the request has no login or an expired one. Users sign in at /login, programs send `Authorization: Bearer roost_...` with an API token made at /access/tokens.',
    detail: 'This Roost has users: sign in, or send an API token as `Authorization: Bearer roost_...`.',
  },
  FORBIDDEN: {
    cure: 'The role of the user, or the scope of the API token, does not include the named permission. An admin gives roles with `npm run user -- role`.',
    detail:
      'This needs the permission tasks.act (cancel, retry, promote and delete single tasks), which deploy (token of ada) does not have.',
    extra: { permission: 'tasks.act' },
  },
  READ_ONLY: {
    cure: 'The web app was started with READ_ONLY=true. Another web app on the same Redis may still accept writes.',
    detail: 'This Roost is set to be read only (READ_ONLY=true): nothing can be changed through it.',
  },
  CSRF_TOKEN_INVALID: {
    cure: 'A write with a login cookie needs the CSRF token of that login: the field `_csrf` in forms, the header `X-CSRF-Token` in API calls. `GET /api/v1/me` returns it. API tokens need none.',
    detail:
      'The form does not belong to this login, or is from before it. Open the page again and repeat it there; programs send an API token, or the `csrfToken` of /api/v1/me as `X-CSRF-Token`.',
  },
  CROSS_SITE: {
    cure: 'A page of another site made the browser send this request. Send it from a page of this site; programs are not affected.',
    detail: 'Another site asked the browser to do this, so it was not done. Use the pages here.',
  },
  NOT_FOUND: {
    cure: 'The path does not exist. This page lists all paths.',
    detail: 'There is nothing at this address. /api/docs lists what there is.',
  },
  TASK_NOT_FOUND: {
    cure: 'No task ever had this id. Check for a typing error, or whether the task belongs to another Roost.',
    detail: 'There is no task with the id `nope`.',
  },
  SEARCH_NOT_FOUND: {
    cure: 'The search was deleted, or the id is wrong. `GET /api/v1/searches` lists all saved searches.',
    detail: 'There is no saved search with this id; it may have been deleted.',
  },
  SESSION_NOT_FOUND: {
    cure: 'The login has ended, never existed, or belongs to another user. `GET /api/v1/sessions` lists the visible ones.',
    detail: 'There is no login 0f2b4c6d8e0a1b3c, or it is not yours.',
  },
  TOKEN_NOT_FOUND: {
    cure: 'The API token was revoked, never existed, or belongs to another user. `GET /api/v1/tokens` lists the visible ones.',
    detail: 'There is no API token 0f2b4c6d8e0a1b3c, or it is not yours.',
  },
  QUEUE_NOT_FOUND: {
    cure: 'The answer lists the existing queues.',
    detail: 'There is no queue `fast`. There are: default, cpu.',
  },
  QUEUE_NOT_OURS: {
    cure: 'Pause, drain or limit the queue in its own program. `tasks` in the answer links to its tasks, which can be retried, promoted and deleted one by one with `?queue=`.',
    detail:
      '`bull:mail` is the queue `mail` of another BullMQ program (prefix `bull`). Roost shows its tasks and does not control the queue.',
    extra: { queue: 'bull:mail', tasks: '/api/v1/tasks?queue=bull%3Amail' },
  },
  ERROR_GROUP_NOT_FOUND: {
    cure: 'The error group never existed, or it was deleted because it had no failures for a long time. `GET /api/v1/errors` lists all groups.',
    detail: 'There is no error group 9f86d081884c7d65. Groups without failures are deleted after 100 days.',
  },
  BULK_NOT_FOUND: {
    cure: 'No bulk action has this id, or its retention has ended. `GET /api/v1/bulk-actions` lists all bulk actions.',
    detail: 'There is no bulk action `nope`. GET /api/v1/bulk-actions lists all of them.',
  },
  WORKER_NOT_FOUND: {
    cure: 'A worker gets a new id at each start and is removed from the list one hour after its last heartbeat. `GET /api/v1/workers` lists all workers.',
    detail: 'No worker with this id was seen within the last hour.',
  },
  METHOD_NOT_ALLOWED: {
    cure: 'The path exists but does not support the method. `allow` and the header `Allow` list the supported methods; OPTIONS returns the same. Every GET also supports HEAD.',
    detail: 'This address takes GET, HEAD, POST, not PUT.',
    extra: { allow: ['GET', 'HEAD', 'POST', 'OPTIONS'] },
  },
  TASK_STATE_CONFLICT: {
    cure: 'The state of the task does not allow the command; it may have changed in the meantime. `state` is the current state.',
    detail:
      'The task is completed, so it cannot be cancelled. Only waiting and delayed tasks can be cancelled.',
    extra: { state: 'completed' },
  },
  IDEMPOTENCY_CONFLICT: {
    cure: 'The key was used with another body. Use a new key for a new task; `task` links to the task that has this key.',
    detail:
      'This Idempotency-Key was used for a task with another type, input or options; use a new key for a new task.',
    fields: [
      {
        path: 'Idempotency-Key',
        message: 'was used for a task with another type, input or options; use a new key for a new task',
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
    cure: 'The worker refused the command; `detail` is its reason. Nothing has changed.',
    detail: 'The worker does not serve the queue `cpu`.',
  },
  TASK_GONE: {
    cure: 'The task existed once. It was deleted, or its retention has ended (see the TASK_RETENTION settings).',
    detail: 'This task has been removed, by a user or by retention.',
  },
  BODY_TOO_LARGE: {
    cure: 'A body may have at most 256 kB, a bulk one 4 MB. Store large data elsewhere and submit a reference to it.',
    detail: 'The body is over the limit of 262144 bytes here. Send less at once.',
    fields: [{ path: 'body', message: 'must be at most 262144 bytes' }],
  },
  CONTENT_TYPE_UNSUPPORTED: {
    cure: 'Send `content-type: application/json` (bulk: or `application/x-ndjson`) in UTF-8, plain or gzip.',
    detail: 'The content type `text/plain` is not understood here; send application/json.',
    fields: [{ path: 'content-type', message: 'must be application/json' }],
  },
  HOST_REFUSED: {
    cure: 'Without users Roost answers only requests from this machine to its own host names. The request used another host name or a proxy: set up users and PUBLIC_URL.',
    detail:
      'This Roost has no users, so it answers only as localhost or 127.0.0.1, not as roost.example.org.',
  },
  INPUT_INVALID: {
    cure: '`fields` names every field of the input that is missing, unknown or wrong. The schema of the task type defines the valid input.',
    detail: 'input.y: is required, for example 2',
    fields: [{ path: 'input.y', message: 'is required, for example 2' }],
  },
  OPTIONS_INVALID: {
    cure: '`fields` names every option that is unknown or wrong.',
    detail: 'options.priority: must be a whole number from 0 to 1000',
    fields: [{ path: 'options.priority', message: 'must be a whole number from 0 to 1000' }],
  },
  REQUEST_INVALID: {
    cure: 'The body is JSON but does not match the operation. `fields` names what is missing, unknown or wrong.',
    detail: 'type is missing; GET /api/v1/task-types lists what there is',
    fields: [{ path: 'type', message: 'is missing; GET /api/v1/task-types lists what there is' }],
  },
  TASK_TYPE_UNKNOWN: {
    cure: 'No task type has this name. The answer lists the existing ones and suggests the most similar.',
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
    cure: 'Wait for the number of seconds in `Retry-After`.',
    detail: 'Too many wrong logins: wait 14 minutes, then try again.',
    extra: { retryAfter: 840 },
  },
  QUEUE_FULL: {
    cure: 'The number of waiting tasks in the queue has reached QUEUE_LIMIT. Wait for the time in `Retry-After`, or start more workers.',
    detail:
      'The queue default is full: it holds 100000 waiting tasks, the limit set by QUEUE_LIMIT. Nothing was accepted; submit again later.',
    extra: { queue: 'default', retryAfter: 5 },
  },
  INTERNAL: {
    cure: 'An unexpected error in Roost. The log of the web app has the details under the `requestId`. A retry may help.',
    detail:
      'Something unexpected happened on our side; the log has it under this request id. Trying again may help.',
  },
  STORAGE_FULL: {
    cure: 'Redis has reached its `maxmemory`, or cannot write to its disk; `detail` has the reason. Nothing was accepted. Raise the limit, delete finished tasks or free disk space, then send it again.',
    detail:
      'Redis has no memory left, so nothing new can be accepted. Raise its maxmemory or remove finished tasks, then send it again.',
  },
  REDIS_READ_ONLY: {
    cure: 'Redis answers, but accepts no writes: it has become a replica, or lacks replicas that its settings require; `detail` names the cause and the action. Nothing of the request was done. It can be repeated after `Retry-After`.',
    detail:
      'Redis is a read-only replica, so nothing can be changed and no task is fetched. Set REDIS_URL to the primary, or make this Redis the primary (REPLICAOF NO ONE), then send it again.',
  },
  REDIS_REFUSED: {
    cure: 'Redis refuses requests: it is loading its data, runs a slow script, has lost its primary, belongs to a cluster, or does not permit this to the user of REDIS_URL; `detail` names the cause and the action. The request can be repeated after `Retry-After`.',
    detail:
      'Redis is still loading its data, so it answers no requests. Wait until it has, then send it again.',
  },
  WORKER_NO_ANSWER: {
    cure: 'The worker is frozen, cut off or gone. `detail` reports whether the command was withdrawn or may still be executed.',
    detail: 'The worker does not answer. The command was withdrawn and will not be executed.',
  },
  REDIS_UNAVAILABLE: {
    cure: 'Redis did not answer in time: whether a write took effect is not known. Repeat it after `Retry-After` with the same Idempotency-Key; it is accepted at most once.',
    detail:
      'Redis does not answer, so the outcome is unknown: the request may or may not have taken effect. ' +
      'Repeat it with the same Idempotency-Key, as often as you like: the task is then accepted once at most.',
  },
  SHUTTING_DOWN: {
    cure: 'The web app has been asked to stop: it finishes current requests and accepts no new ones. The request had no effect; send it again after `Retry-After`.',
    detail:
      'This web app is stopping, and did nothing about the request. Send it again: to another one, or to this one once it is back.',
  },
  HISTORY_UNAVAILABLE: {
    cure: 'The history file cannot be read or written at present. Tasks continue to run, and their events are recorded later. Repeat the request after `Retry-After`; `GET /api/v1/history` has details.',
    detail: 'The history cannot be read or written (its disk is full).',
  },
};
