import type { Catalog } from '../../catalog/catalog.js';
import type { TaskType } from '../../catalog/task-type.js';
import { RoostError } from '../../contract/errors.js';
import { PermanentError } from '../../contract/outcomes.js';
import type { TaskContext, TaskHandler } from '../../contract/task-handler.js';
import { toResultJson } from '../task-result.js';
import { Once } from '../once.js';
import { isPermanent, toError } from '../thrown.js';
import { ChildKeptResults } from './child-kept-results.js';
import { ChildReporter, type SendReport } from './child-reporter.js';
import {
  fromStopReason,
  toErrorParts,
  type FromChild,
  type KeptAnswer,
  type RunTask,
  type StopReason,
  type TaskOutcome,
} from './messages.js';

/** Both ways to the worker. */
interface Channel {
  report: SendReport;
  message: (message: FromChild) => unknown;
}

/** One task in its own process: check the input, run the handler, tell what came of it. */
export class ChildTask {
  private readonly controller = new AbortController();
  private readonly reporter: ChildReporter;
  private readonly kept: ChildKeptResults;

  constructor(
    private readonly task: RunTask,
    private readonly type: TaskType,
    private readonly handler: TaskHandler,
    private readonly catalog: Catalog,
    channel: Channel,
  ) {
    this.reporter = new ChildReporter(channel.report, this.controller.signal);
    this.kept = new ChildKeptResults(task.run, channel.message, this.controller.signal);
  }

  abort(reason: StopReason): void {
    this.controller.abort(fromStopReason(reason));
  }

  hearKept(answer: KeptAnswer): void {
    this.kept.hear(answer);
  }

  /** What was said so far, when the process is about to end under the handler. */
  flush(): void {
    this.reporter.close();
  }

  async run(): Promise<TaskOutcome> {
    const { run, taskId, attempt, maxAttempts } = this.task;
    const { signal } = this.controller;
    const once = new Once(this.kept);
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
      const input = await this.input();
      const json = toResultJson(await this.handler.run(input, context), this.type);
      return { kind: 'done', run, json };
    } catch (thrown) {
      const aborted = signal.aborted && thrown === signal.reason;
      return {
        kind: 'failed',
        run,
        error: toErrorParts(toError(thrown)),
        permanent: isPermanent(thrown),
        aborted,
      };
    } finally {
      this.reporter.close();
    }
  }

  private async input(): Promise<object> {
    try {
      return await this.catalog.validate(this.type, this.task.input);
    } catch (error) {
      if (error instanceof RoostError)
        throw new PermanentError(`The input does not fit the task type: ${error.detail}`);
      throw error;
    }
  }
}
