import { isFinished } from '../model/states.js';
import type { LogLine, TaskView } from '../model/task-view.js';
import { CallLifetime } from './call-lifetime.js';
import { resultOf, WaitTimeoutError } from './errors.js';
import type { CallOptions, CancelOptions, LogOptions, TaskEvent, Transport } from './transport.js';

export interface ResultOptions extends CallOptions {
  /** Maximum time to wait, ms. Defaults to none. */
  timeoutMs?: number;
}

/** One task. */
export class TaskHandle<Result = unknown> {
  constructor(
    private readonly transport: Transport,
    readonly id: string,
    /** Task as accepted; undefined for a handle that another call made. */
    readonly accepted?: TaskView,
  ) {}

  /** Reads the task. @throws RoostClientError TASK_NOT_FOUND, TASK_GONE, ... */
  get(call: CallOptions = {}): Promise<TaskView> {
    return this.transport.get(this.id, call);
  }

  /**
   * Waits for the end of the task and returns its result.
   * @throws TaskFailedError, TaskCancelledError, TaskExpiredError, WaitTimeoutError; RoostClientError where the task
   *   cannot be read.
   */
  async result({ timeoutMs, signal }: ResultOptions = {}): Promise<Result> {
    const endAt = timeoutMs === undefined ? Infinity : performance.now() + timeoutMs;
    const lifetime = new CallLifetime(signal ? [signal] : [], timeoutMs);
    let task = this.accepted;
    try {
      for (;;) {
        const withinMs = Math.max(0, endAt - performance.now());
        task = await this.transport.getFinished(this.id, { withinMs, signal: lifetime.signal });
        if (isFinished(task.state)) return resultOf(task) as Result;
        lifetime.signal.throwIfAborted();
      }
    } catch (error) {
      if (!lifetime.signal.aborted || signal?.aborted || error !== lifetime.signal.reason) throw error;
      throw new WaitTimeoutError(this.id, timeoutMs!, task);
    } finally {
      lifetime.dispose();
    }
  }

  /** Follows the task until it is finished or removed; continues after interruptions. */
  events(call: CallOptions = {}): AsyncIterable<TaskEvent> {
    return this.transport.events(this.id, call);
  }

  /** Reads lines of its log, oldest first. */
  logs(options: LogOptions = {}): Promise<LogLine[]> {
    return this.transport.logs(this.id, options);
  }

  /**
   * Cancels the task. The returned task is `cancelled`, also where it was before, or has `cancelRequested` while its
   * handler has not stopped. @throws RoostClientError TASK_STATE_CONFLICT if it has finished otherwise.
   */
  cancel(options: CancelOptions = {}): Promise<TaskView> {
    return this.transport.cancel(this.id, options);
  }

  /** Runs a failed, cancelled or expired task again. @throws RoostClientError TASK_STATE_CONFLICT */
  retry(call: CallOptions = {}): Promise<TaskView> {
    return this.transport.retry(this.id, call);
  }

  /** Starts a delayed task now. @throws RoostClientError TASK_STATE_CONFLICT */
  promote(call: CallOptions = {}): Promise<TaskView> {
    return this.transport.promote(this.id, call);
  }

  /** Deletes the task for good. @throws RoostClientError TASK_STATE_CONFLICT while it runs. */
  remove(call: CallOptions = {}): Promise<void> {
    return this.transport.remove(this.id, call);
  }
}
