import { randomUUID } from 'node:crypto';
import { JsonLossError, stringifyWhole } from '../model/json-loss.js';
import { RoostClientError } from './errors.js';
import { TaskHandle } from './task-handle.js';
import type { CallOptions, Submission, SubmitOptions, TaskOptions, Transport } from './transport.js';

/** A task of `submitMany` with options of its own. */
export interface ManyItem<Input> extends TaskOptions {
  input: Input;
  /** Defaults to a random one. */
  idempotencyKey?: string;
}

/** Outcome of one input of `submitMany`. */
export type SubmitOutcome<Result> =
  | { ok: true; task: TaskHandle<Result> }
  | {
      ok: false;
      /** OutcomeUnknownError where the task may have been accepted. */
      error: RoostClientError;
    };

/** Submits tasks of one type. */
export class TaskTypeClient<Input, Result> {
  constructor(
    private readonly transport: Transport,
    readonly name: string,
  ) {}

  /**
   * Submits one task. Repeats a request whose answer was lost; a repeat never makes a second task.
   * @throws RoostClientError INPUT_INVALID, OPTIONS_INVALID, TASK_TYPE_UNKNOWN, IDEMPOTENCY_CONFLICT, QUEUE_FULL, ...;
   *   OutcomeUnknownError where the task may have been accepted.
   */
  async submit(input: Input, { signal, ...options }: SubmitOptions = {}): Promise<TaskHandle<Result>> {
    const submission = this.toSubmission(input, options);
    const { id, task } = await this.transport.submit(submission, signal ? { signal } : {});
    return new TaskHandle<Result>(this.transport, id, task);
  }

  /**
   * Submits any number of tasks, each accepted or refused on its own. Returns one outcome per input, in their order;
   * rejects only where nothing was sent. `options` apply to all of them.
   */
  submitMany(
    inputs: Iterable<Input>,
    options: TaskOptions & CallOptions = {},
  ): Promise<SubmitOutcome<Result>[]> {
    return this.submitEach(
      Array.from(inputs, (input) => ({ input })),
      options,
    );
  }

  /** Like `submitMany`, with options and a key for each: `{ input, runAt, tags, idempotencyKey, ... }`. */
  async submitEach(
    items: Iterable<ManyItem<Input>>,
    { signal, ...shared }: TaskOptions & CallOptions = {},
  ): Promise<SubmitOutcome<Result>[]> {
    const submissions = Array.from(items, ({ input, ...own }) =>
      this.toSubmission(input, { ...shared, ...own }),
    );
    const outcomes = await this.transport.submitMany(submissions, signal ? { signal } : {});
    return outcomes.map((outcome) =>
      outcome.ok
        ? {
            ok: true,
            task: new TaskHandle<Result>(this.transport, outcome.accepted.id, outcome.accepted.task),
          }
        : outcome,
    );
  }

  private toSubmission(
    input: Input,
    { idempotencyKey = randomUUID(), ...options }: TaskOptions & { idempotencyKey?: string },
  ): Submission {
    return { type: this.name, inputJson: toInputJson(input), options, idempotencyKey };
  }
}

/** @throws RoostClientError INPUT_INVALID for a value that JSON would change. */
function toInputJson(input: unknown): string {
  try {
    return stringifyWhole(input, 'input') ?? '{}';
  } catch (error) {
    if (!(error instanceof JsonLossError)) throw error;
    const { path, problem } = error.loss;
    throw new RoostClientError('INPUT_INVALID', `${path} ${problem}. Pass plain JSON.`, {
      fields: [{ path, message: problem }],
      cause: error,
    });
  }
}
