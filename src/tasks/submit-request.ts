/** Input of `TasksService.submit`, the same from REST and from the form. Not validated yet. */
export interface SubmitRequest {
  type: string;
  input: unknown;
  options?: unknown;
  /** Makes the request repeatable: the same key of the same owner with the same content yields the same task. */
  idempotencyKey?: string;
  /** Id of the task this one is a rerun of. */
  origin?: string;
  /** Written to the logs of the web app and the worker. */
  requestId?: string;
  /** Schedules the submission after validation, to limit the concurrency of a batch. Defaults to running at once. */
  schedule?: <T>(submission: () => Promise<T>) => Promise<T>;
}
