/** What both doors, REST and the form, hand to `TasksService.submit`. Nothing in it has been checked. */
export interface SubmitRequest {
  type: string;
  input: unknown;
  options?: unknown;
  /** Same key and same content: the same task; the key's owner may repeat a request as often as it likes. */
  idempotencyKey?: string;
  /** Id of the task this one is a rerun of. */
  origin?: string;
  /** For the logs of web and worker. */
  requestId?: string;
}
