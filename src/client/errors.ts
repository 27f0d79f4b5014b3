import type { ErrorCode, FieldProblem } from '../model/errors.js';
import type { TaskFailure, TaskView } from '../model/task-view.js';

/** Codes of errors that the client finds itself. Every other code comes from the server. */
export type ClientErrorCode =
  | 'URL_INVALID'
  | 'UNREACHABLE'
  | 'NOT_ROOST'
  | 'CLIENT_CLOSED'
  | 'ABORTED'
  | 'OUTCOME_UNKNOWN'
  | 'WAIT_TIMEOUT'
  | 'TASK_FAILED'
  | 'TASK_CANCELLED'
  | 'TASK_EXPIRED'
  | 'RESULT_NOT_STORED';

/** Facts of an error beside its code and its message. */
export interface ErrorFacts extends ErrorOptions {
  /** HTTP status of the answer. */
  status?: number | undefined;
  /** Each invalid field with its problem. */
  fields?: FieldProblem[];
  /** Id of the request in the logs of the web app. */
  requestId?: string;
  /** Other members of the server's answer, such as the current `state` of a task. */
  details?: Record<string, unknown>;
}

/** Base class of all errors of the client, and the error for every refusal by the server. */
export class RoostClientError extends Error {
  override name = 'RoostClientError';
  readonly status: number | undefined;
  readonly fields: readonly FieldProblem[];
  readonly requestId: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    /** Code of the table in the README, or a `ClientErrorCode`. */
    readonly code: ErrorCode | ClientErrorCode,
    message: string,
    { status, fields = [], requestId, details = {}, ...options }: ErrorFacts = {},
  ) {
    super(message, options);
    this.status = status;
    this.fields = fields;
    this.requestId = requestId;
    this.details = details;
  }
}

/**
 * The answer is missing, so the request may have had its effect or not. A submit with the same `idempotencyKey`, input and options never
 * makes a second task.
 */
export class OutcomeUnknownError extends RoostClientError {
  override name = 'OutcomeUnknownError';

  constructor(
    message: string,
    /** Key of the submit, own or generated. Undefined for other commands. */
    readonly idempotencyKey: string | undefined,
    facts: ErrorFacts = {},
  ) {
    super('OUTCOME_UNKNOWN', message, facts);
  }
}

/** The wait has ended, the task has not. It runs on: wait again, or cancel it. */
export class WaitTimeoutError extends RoostClientError {
  override name = 'WaitTimeoutError';

  constructor(
    readonly taskId: string,
    timeoutMs: number,
    /** Task as last read; undefined where no read succeeded. */
    readonly task: TaskView | undefined,
    options?: ErrorOptions,
  ) {
    const state = task ? `is ${task.state}` : 'could not be read';
    super('WAIT_TIMEOUT', `Task ${taskId} ${state} after ${timeoutMs} ms.`, options);
  }
}

/** The task ended without a result. */
abstract class TaskEndedError extends RoostClientError {
  constructor(
    code: ClientErrorCode,
    message: string,
    readonly task: TaskView,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** The task failed, with no attempt left. */
export class TaskFailedError extends TaskEndedError {
  override name = 'TaskFailedError';
  /** Error of the last attempt: name, message, stack, and its causes. */
  readonly failure: TaskFailure;

  constructor(task: TaskView) {
    const failure = task.error ?? { name: 'Error', message: 'No error was stored.' };
    super('TASK_FAILED', `Task ${task.id} (${task.type}) failed: ${failure.name}: ${failure.message}`, task);
    this.failure = failure;
  }
}

/** The task was cancelled before it completed. */
export class TaskCancelledError extends TaskEndedError {
  override name = 'TaskCancelledError';
  /** Reason of the user or program that cancelled it. */
  readonly reason: string | undefined;

  constructor(task: TaskView) {
    const { by, reason } = task.cancelled ?? {};
    const why = `${by === undefined ? '' : ` by ${by}`}${reason === undefined ? '' : `: ${reason}`}`;
    super('TASK_CANCELLED', `Task ${task.id} (${task.type}) was cancelled${why}`, task);
    this.reason = reason;
  }
}

/** The task did not start before its `expiresAt`. */
export class TaskExpiredError extends TaskEndedError {
  override name = 'TaskExpiredError';

  constructor(task: TaskView) {
    super('TASK_EXPIRED', `Task ${task.id} (${task.type}) expired at ${task.expiresAt}, unstarted.`, task);
  }
}

/** Returns the result of a finished task. @throws TaskFailedError, TaskCancelledError, TaskExpiredError */
export function resultOf(task: TaskView): unknown {
  if (task.state === 'failed') throw new TaskFailedError(task);
  if (task.state === 'cancelled') throw new TaskCancelledError(task);
  if (task.state === 'expired') throw new TaskExpiredError(task);
  if (task.cut?.includes('result')) {
    const message = `The result of task ${task.id} was too long to be stored in full.`;
    throw new RoostClientError('RESULT_NOT_STORED', `${message} Its page shows the beginning.`);
  }
  return task.result;
}
