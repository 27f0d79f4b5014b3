/**
 * Table of all error codes: HTTP status and title of each failed response. A test checks that the README's table
 * matches it.
 */
export const ERRORS = {
  BODY_MALFORMED: { status: 400, title: 'The body could not be read' },
  QUERY_INVALID: { status: 400, title: 'A query parameter is invalid' },
  HEADER_INVALID: { status: 400, title: 'A header is invalid' },
  UNAUTHENTICATED: { status: 401, title: 'Sign-in is required' },
  FORBIDDEN: { status: 403, title: 'This is not allowed' },
  READ_ONLY: { status: 403, title: 'Nothing can be changed here' },
  CSRF_TOKEN_INVALID: { status: 403, title: 'The form belongs to another login' },
  CROSS_SITE: { status: 403, title: 'The request came from another site' },
  NOT_FOUND: { status: 404, title: 'There is nothing at this address' },
  TASK_NOT_FOUND: { status: 404, title: 'No such task' },
  SEARCH_NOT_FOUND: { status: 404, title: 'No such saved search' },
  SESSION_NOT_FOUND: { status: 404, title: 'No such login' },
  TOKEN_NOT_FOUND: { status: 404, title: 'No such API token' },
  QUEUE_NOT_FOUND: { status: 404, title: 'No such queue' },
  ERROR_GROUP_NOT_FOUND: { status: 404, title: 'No such error group' },
  BULK_NOT_FOUND: { status: 404, title: 'No such bulk action' },
  WORKER_NOT_FOUND: { status: 404, title: 'No such worker' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'This path does not support the method' },
  TASK_STATE_CONFLICT: { status: 409, title: 'The task is in a state that does not allow this' },
  QUEUE_NOT_OURS: { status: 409, title: 'The queue belongs to another program' },
  IDEMPOTENCY_CONFLICT: { status: 409, title: 'This Idempotency-Key was used for another body' },
  COMMAND_REFUSED: { status: 409, title: 'The worker refused' },
  TASK_GONE: { status: 410, title: 'This task is no longer stored' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  CONTENT_TYPE_UNSUPPORTED: { status: 415, title: 'This content type is not supported' },
  HOST_REFUSED: { status: 421, title: 'This host is not accepted' },
  INPUT_INVALID: { status: 422, title: 'The input is invalid' },
  OPTIONS_INVALID: { status: 422, title: 'The options are invalid' },
  REQUEST_INVALID: { status: 422, title: 'The request is invalid' },
  TASK_TYPE_UNKNOWN: { status: 422, title: 'No such task type' },
  TOO_MANY_REQUESTS: { status: 429, title: 'Too many requests' },
  QUEUE_FULL: { status: 429, title: 'The queue is full' },
  INTERNAL: { status: 500, title: 'Something went wrong on our side' },
  STORAGE_FULL: { status: 503, title: 'Redis is full' },
  REDIS_READ_ONLY: { status: 503, title: 'Redis accepts no writes' },
  REDIS_REFUSED: { status: 503, title: 'Redis refuses requests' },
  REDIS_UNAVAILABLE: { status: 503, title: 'Redis does not answer' },
  SHUTTING_DOWN: { status: 503, title: 'The web app is stopping' },
  HISTORY_UNAVAILABLE: { status: 503, title: 'The history does not answer' },
  WORKER_NO_ANSWER: { status: 504, title: 'The worker does not answer' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** Invalid field: `path` such as `input.x` or `options.tags[2]`, `message` with the problem and the valid values. */
export interface FieldProblem {
  path: string;
  message: string;
}

/** Failed response. http/ converts it to problem+json or an error page. */
export class RoostError extends Error {
  override name = 'RoostError';

  constructor(
    readonly code: ErrorCode,
    /** One sentence for a person: what happened and what to do. */
    readonly detail: string,
    readonly fields?: FieldProblem[],
    /** Members added to the problem document, such as the current `state`. */
    readonly extra?: Record<string, unknown>,
  ) {
    super(detail);
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}
