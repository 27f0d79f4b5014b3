import type { TaskRegistry } from '../../registry/task-registry.js';
import type { TaskType } from '../../registry/task-type.js';
import { RoostError } from '../../model/errors.js';
import { PermanentError, RetryLaterError } from '../../task-api/outcomes.js';
import type { TaskContext, TaskHandler } from '../../task-api/task-handler.js';
import { comesFromAbort } from '../abort-origin.js';
import { toResultJson } from '../task-result.js';
import { Once } from '../step-results.js';
import { isInstance, isPermanent, recordOf } from '../normalize-error.js';
import { ChildStepResults } from './child-step-results.js';
import { ChildReporter, type SendReport } from './child-reporter.js';
import {
  fromStopReason,
  type FromChild,
  type StepResultReply,
  type RunTask,
  type StopReason,
  type TaskOutcome,
} from './messages.js';

/** Both directions of the channel to the worker. */
interface Channel {
  report: SendReport;
  message: (message: FromChild) => unknown;
}

/** Runs one task in its own process: validates the input, runs the handler, returns the outcome. */
export class ChildTask {
  private readonly controller = new AbortController();
  private readonly reporter: ChildReporter;
  private readonly stepResults: ChildStepResults;

  constructor(
    private readonly task: RunTask,
    private readonly type: TaskType,
    private readonly handler: TaskHandler,
    private readonly registry: TaskRegistry,
    channel: Channel,
  ) {
    this.reporter = new ChildReporter(channel.report, this.controller.signal);
    this.stepResults = new ChildStepResults(task.run, channel.message, this.controller.signal);
  }

  abort(reason: StopReason): void {
    this.controller.abort(fromStopReason(reason));
  }

  receiveAnswer(answer: StepResultReply): void {
    this.stepResults.receive(answer);
  }

  /** Sends all reports so far, when the process is about to end while the handler runs. */
  flush(): void {
    this.reporter.close();
  }

  async run(): Promise<TaskOutcome> {
    const { run, taskId, attempt, maxAttempts } = this.task;
    const { signal } = this.controller;
    const once = new Once(this.stepResults);
    const context: TaskContext = {
      taskId,
      attempt,
      maxAttempts,
      signal,
      progress: (done, total, message) => this.reporter.progress(done, total, message),
      log: (text, level) => this.reporter.log(text, level),
      once: (key, fn) => once.once(key, fn),
    };
    try {
      const input = await this.validateInput();
      const json = toResultJson(await this.handler.run(input, context), this.type);
      return { kind: 'done', run, json };
    } catch (thrown) {
      const aborted = signal.aborted && comesFromAbort(thrown, signal.reason);
      return {
        kind: 'failed',
        run,
        error: recordOf(thrown),
        permanent: isPermanent(thrown),
        aborted,
        ...(isInstance(thrown, RetryLaterError) ? { retryLaterMs: thrown.delayMs } : {}),
      };
    } finally {
      this.reporter.close();
    }
  }

  private async validateInput(): Promise<object> {
    try {
      return await this.registry.validate(this.type, this.task.input);
    } catch (error) {
      if (error instanceof RoostError)
        throw new PermanentError(`The input does not fit the task type: ${error.detail}`);
      throw error;
    }
  }
}
