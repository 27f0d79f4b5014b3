/** Entrance `roost/client`: the typed client for other programs. docs/client.md explains it. */
export { Roost, type ConnectOptions } from './client/roost.js';
export { TaskHandle, type ResultOptions } from './client/task-handle.js';
export { TaskTypeClient, type ManyItem, type SubmitOutcome } from './client/task-type-client.js';
export * from './client/task-types.js';
export type {
  CallOptions,
  CancelOptions,
  LogOptions,
  SubmitOptions,
  TaskChange,
  TaskEvent,
  TaskOptions,
} from './client/transport.js';
export {
  OutcomeUnknownError,
  RoostClientError,
  TaskCancelledError,
  TaskExpiredError,
  TaskFailedError,
  WaitTimeoutError,
  type ClientErrorCode,
} from './client/errors.js';
export type { OrderOptions, TaskSearch } from './client/http/resources.js';
export type { ErrorCode, FieldProblem } from './model/errors.js';
export type { TaskState } from './model/states.js';
export type { LogLine, TaskFailure, TaskPage, TaskProgress, TaskView } from './model/task-view.js';
export { toDeclarations, type DescribedTaskType } from './client/to-declarations.js';
