import type { OwnedKey } from '../auth/principal.js';
import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { FROM_HISTORY, rerunOf } from '../model/deprecated-names.js';
import { RoostError } from '../model/errors.js';
import type { TaskView } from '../model/task-view.js';
import type { HistoryStore } from '../history/ports/history-store.js';
import { isOurQueue } from '../history/to-task-view.js';
import { HISTORY } from '../history/tokens.js';
import { taskNotFound } from '../bullmq/task-not-found.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import { BatchTransitions } from '../bullmq/batch-transitions.js';
import { addCopy, toJob } from '../bullmq/observed/copy-job.js';
import { toObservedOutcome } from '../bullmq/observed/observed-queue.js';
import { TaskTransitions, type MoveOutcome } from '../bullmq/task-transitions.js';
import { TaskReader, type FoundTask } from '../bullmq/task-reader.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { AllowedCommands } from './allowed-commands.js';
import { CancelTask, type CancelRequest } from './cancel-task.js';
import { requireAllowed } from './job-commands.js';
import { isObserved, type HistoryOnlyTask, type LocatedTask, type ObservedTask } from './located-task.js';
import { ObservedTaskCommands } from './observed-task-commands.js';
import { removeFromHistory } from './remove-from-history.js';
import { stateConflict } from './state-conflict.js';
import { SubmitTask, type SubmitBatch } from './submit-task.js';
import type { SubmitRequest } from './submit-request.js';
import { TaskBatches, type BatchOptions, type BatchOutcome, type BatchRef } from './task-batches.js';
import { TaskQueries } from './task-queries.js';

/**
 * Every command on tasks, one or many: the only way in which REST, pages and other features write them.
 * @throws RoostError TASK_NOT_FOUND or TASK_GONE where a method takes an id.
 */
@Injectable()
export class TaskCommands {
  constructor(
    private readonly submitTask: SubmitTask,
    private readonly cancelTask: CancelTask,
    private readonly batches: TaskBatches,
    private readonly observed: ObservedTaskCommands,
    private readonly allowed: AllowedCommands,
    private readonly queries: TaskQueries,
    private readonly reader: TaskReader,
    private readonly transitions: TaskTransitions,
    private readonly batchTransitions: BatchTransitions,
    @Inject(HISTORY) private readonly history: HistoryStore,
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
  ) {}

  /** @param batch shared by the tasks of one request; see `openBatch`. */
  submit(request: SubmitRequest, batch?: SubmitBatch): Promise<{ task: TaskView; created: boolean }> {
    return this.submitTask.submit(request, batch);
  }

  /** Returns a batch for a request with many tasks, of which only some are added at the same time. */
  openBatch(): SubmitBatch {
    return this.submitTask.openBatch();
  }

  /** Submits the input of a task again, with its priority and tags, as a new task. */
  rerun(
    { id, type, input, priority, tags }: TaskView,
    idempotencyKey: OwnedKey,
  ): Promise<{ task: TaskView; created: boolean }> {
    return this.submit({
      type,
      input,
      options: { ...(priority ? { priority } : {}), ...(tags.length > 0 ? { tags } : {}) },
      idempotencyKey,
      origin: id,
    });
  }

  /**
   * Ends a task as `cancelled`: at once while it is not running, otherwise as soon as its handler stops.
   * With `force`, a handler that does not stop is killed (isolated types) or no longer waited for (all others).
   * The view of an unfinished task has `cancelRequested` with a note on what it waits for.
   * @throws RoostError TASK_STATE_CONFLICT for a finished task.
   */
  cancel(id: string, request: CancelRequest, queue?: string): Promise<TaskView> {
    return withRedis(this.redis, async () => {
      const found = await this.findInRedis(id, queue);
      const commands = await this.allowed.commandsOfFound(found);
      if (commands) requireAllowed(commands.cancel, found.record.state);
      return this.cancelTask.cancel(id, found.queue.name, request);
    });
  }

  /**
   * Returns a failed, cancelled or expired task to its queue with all its attempts.
   * @param queue required for tasks of other programs, as below.
   */
  async retry(id: string, queue?: string): Promise<TaskView> {
    const observed = await this.findObserved(id, queue);
    if (observed) return this.observed.retry(observed);
    return this.requeue(id, queue, 'retry', (found) => this.transitions.retry(found));
  }

  /**
   * Runs a delayed task now. For the next run of a BullMQ schedule it runs a copy and returns the copy's view, whose `rerunOf`
   * names the requested task.
   */
  async promote(id: string, queue?: string): Promise<TaskView> {
    const observed = await this.findObserved(id, queue);
    if (observed) return this.observed.promote(observed);
    return withRedis(this.redis, async () => {
      const found = await this.findInRedis(id, queue);
      const { record } = found;
      const verdict = (await this.allowed.commandsOfFound(found))?.promote ?? 'yes';
      requireAllowed(verdict, record.state);
      if (verdict !== 'copy') {
        return this.requeue(id, queue, 'promote', (task) =>
          task.record.state === 'delayed'
            ? toObservedOutcome(toJob(task.queue, task.record), (job) => job.promote())
            : Promise.resolve('refused'),
        );
      }
      const copy = await this.reader.find(await addCopy(found.queue, record));
      if (!copy) throw taskNotFound(id);
      return { ...(await this.reader.view(copy)), ...rerunOf(id) };
    });
  }

  /**
   * Moves a task that has not started to another queue.
   * @throws RoostError QUEUE_NOT_FOUND, TASK_STATE_CONFLICT
   */
  async move(located: LocatedTask, to: string): Promise<TaskView> {
    if (!located.redis) throw commandUnavailable(located);
    const { id, queue } = located;
    const [moved] = await this.batches.moveMany([{ queue, id }], to);
    const now = await this.queries.open(id);
    if (moved?.outcome === 'done') return now.view();
    const { redis } = now.located;
    if (!redis) throw taskNotFound(id);
    throw new RoostError(
      'TASK_STATE_CONFLICT',
      `The task cannot be moved: ${moved?.detail ?? 'it is not where it was'}. Only waiting and delayed tasks can be moved to another queue.`,
      undefined,
      { state: redis.record.state },
    );
  }

  /** Deletes a task permanently, including one that only the history has. Refuses a running one. */
  async remove(id: string, queue?: string): Promise<void> {
    await withRedis(this.redis, async () => {
      const observed = await this.findObserved(id, queue);
      if (observed) return this.observed.remove(observed);
      const located = await this.queries.find(id, queue);
      if (!located.redis) {
        if (!located.ours) throw commandUnavailable(located);
        return removeFromHistory(this.history, [located]);
      }
      await this.requireDeletable(located.redis);
      const [outcome] = await this.batchTransitions.remove([located.redis]);
      if (outcome instanceof Error) throw outcome;
      if (outcome === 'missing') throw taskNotFound(id);
      if (outcome !== 'done') throw stateConflict('delete', (await this.findInRedis(id, queue)).record.state);
    });
  }

  /** @throws RoostError TASK_STATE_CONFLICT unless the task, of a managed queue, can be deleted. */
  async requireDeletable(found: FoundTask): Promise<void> {
    const { state } = found.record;
    if (state === 'active') throw stateConflict('delete', state);
    const commands = await this.allowed.commandsOfFound(found);
    if (commands) requireAllowed(commands.remove, state);
  }

  retryMany(refs: BatchRef[], options?: BatchOptions): Promise<BatchOutcome[]> {
    return this.batches.retryMany(refs, options);
  }

  cancelMany(
    refs: BatchRef[],
    options: BatchOptions & { reason?: string; by: string },
  ): Promise<BatchOutcome[]> {
    return this.batches.cancelMany(refs, options);
  }

  /** Deletes tasks from Redis and the history. A task missing in Redis is deleted from the history. */
  removeMany(refs: BatchRef[], options?: BatchOptions): Promise<BatchOutcome[]> {
    return this.batches.removeMany(refs, options);
  }

  /** @throws RoostError QUEUE_NOT_FOUND */
  moveMany(refs: BatchRef[], to: string, options?: BatchOptions): Promise<BatchOutcome[]> {
    return this.batches.moveMany(refs, to, options);
  }

  private requeue(
    id: string,
    queue: string | undefined,
    verb: 'retry' | 'promote',
    move: (found: FoundTask) => Promise<MoveOutcome>,
  ): Promise<TaskView> {
    return withRedis(this.redis, async () => {
      const found = await this.findInRedis(id, queue);
      const outcome = await move(found);
      const now = await this.reader.find(id, found.queue.name);
      if (outcome === 'missing' || !now) throw taskNotFound(id);
      if (outcome !== 'done') throw stateConflict(verb, now.record.state);
      return this.reader.view(now);
    });
  }

  /** Finds the task where `queue` names a queue of another program. */
  private async findObserved(id: string, queue: string | undefined): Promise<ObservedTask | undefined> {
    if (queue === undefined || isOurQueue(queue)) return undefined;
    const located = await this.queries.find(id, queue);
    return isObserved(located) ? located : undefined;
  }

  private async findInRedis(id: string, queue?: string): Promise<FoundTask> {
    const located = await this.queries.find(id, queue);
    if (!located.redis) throw commandUnavailable(located);
    return located.redis;
  }
}

/** Creates the error for a command on a task that Redis does not have. */
function commandUnavailable({ queue, ours, history }: HistoryOnlyTask): RoostError {
  return new RoostError(
    'TASK_STATE_CONFLICT',
    ours
      ? 'Redis has dropped this task by its retention; only the history has it. Submit it again instead.'
      : `This task belongs to another program: the queue \`${queue}\` is not one of Roost's. With ?queue=${encodeURIComponent(queue)} a failed one can be retried, a delayed one promoted, and one that is not running deleted. Do everything else in its program.`,
    undefined,
    { state: history.state, ...FROM_HISTORY },
  );
}
