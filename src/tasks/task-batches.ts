import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { SharedClock } from '../platform/clock.js';
import { isFinished, type TaskState } from '../model/states.js';
import { WorkerControl } from '../workers/worker-control.js';
import { HISTORY } from '../history/tokens.js';
import type { HistoryStore } from '../history/ports/history-store.js';
import { BatchTransitions, type BatchResult } from '../bullmq/batch-transitions.js';
import type { Fence } from '../bullmq/progress-ledger.js';
import { Queues } from '../bullmq/shared-queues.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import { TaskReader, type FoundTask } from '../bullmq/task-reader.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { removeFromHistory } from './remove-from-history.js';

/** Concurrent cancel commands to workers. */
const MAX_CONCURRENT_CANCELS = 20;

export interface BatchRef {
  queue: string;
  id: string;
}

/** `asked`: the worker that runs the task was asked to stop it. `detail` is the reason for skipped and failed. */
export interface BatchOutcome {
  outcome: 'done' | 'asked' | 'skipped' | 'failed';
  detail?: string;
}

export interface BatchOptions {
  /** Makes each change happen once, even if the batch is retried. */
  fence?: Fence;
}

/**
 * Applies a command to many tasks, with the same semantics as for a single task. Returns one outcome per task, in the
 * requested order. Throws for the whole batch when Redis is unavailable or the fencing token is stale.
 * @throws RoostError REDIS_UNAVAILABLE, STORAGE_FULL; StaleFenceError
 */
@Injectable()
export class TaskBatches {
  private readonly pendingCancels = new Set<Promise<unknown>>();

  constructor(
    private readonly queues: Queues,
    private readonly reader: TaskReader,
    private readonly transitions: BatchTransitions,
    private readonly control: WorkerControl,
    @Inject(HISTORY) private readonly history: HistoryStore,
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
    private readonly clock: SharedClock,
  ) {}

  retryMany(refs: BatchRef[], { fence }: BatchOptions = {}): Promise<BatchOutcome[]> {
    return this.applyToEach(refs, 'gone from Redis: submit it again', async (tasks) => {
      const answers = await this.transitions.retry(tasks, fence);
      return answers.map((answer, i) => toOutcome(answer, cannotRetry(tasks[i]!.record.state)));
    });
  }

  cancelMany(
    refs: BatchRef[],
    { fence, reason, by }: BatchOptions & { reason?: string; by: string },
  ): Promise<BatchOutcome[]> {
    const mark = { by, at: this.clock.now(), ...(reason ? { reason } : {}) };
    return this.applyToEach(refs, 'gone from Redis', async (tasks) => {
      const outcomes = new Map<FoundTask, BatchOutcome>();
      const settled = tasks.filter(({ record }) => isFinished(record.state));
      for (const task of settled) outcomes.set(task, skipped(`${task.record.state}: it has ended already`));
      const running: FoundTask[] = tasks.filter(({ record }) => record.state === 'active');
      const still = tasks.filter((task) => !settled.includes(task) && !running.includes(task));
      (await this.transitions.cancel(still, mark, fence)).forEach((answer, i) => {
        const task = still[i]!;
        // A worker has just started it.
        if (answer === 'running') running.push(task);
        else outcomes.set(task, toOutcome(answer, 'it has ended already'));
      });
      const asked = await this.transitions.requestCancel(running, mark, fence);
      for (const [i, answer] of asked.entries()) {
        const task = running[i]!;
        outcomes.set(
          task,
          answer === 'done'
            ? { outcome: 'asked' }
            : toOutcome(answer, 'it started or ended at the same moment'),
        );
        if (answer === 'done') await this.requestStop(task.record.id, by);
      }
      return tasks.map((task) => outcomes.get(task)!);
    });
  }

  /** Deletes tasks from Redis and the history. A task missing in Redis is deleted from the history. */
  async removeMany(refs: BatchRef[], { fence }: BatchOptions = {}): Promise<BatchOutcome[]> {
    const gone: BatchRef[] = [];
    const outcomes = await this.applyToEach(
      refs,
      (ref) => {
        gone.push(ref);
        return { outcome: 'done', detail: 'it was in the history only' };
      },
      async (tasks) => {
        const answers = await this.transitions.remove(tasks, fence);
        return answers.map((answer) =>
          toOutcome(answer, 'active: a running task cannot be deleted; cancel it first'),
        );
      },
    );
    if (gone.length > 0) await removeFromHistory(this.history, gone);
    return outcomes;
  }

  /** @throws RoostError QUEUE_NOT_FOUND */
  moveMany(refs: BatchRef[], to: string, { fence }: BatchOptions = {}): Promise<BatchOutcome[]> {
    const target = this.queues.get(to);
    return this.applyToEach(refs, 'gone from Redis', async (tasks) => {
      const outcomes = new Map<FoundTask, BatchOutcome>();
      for (const task of tasks)
        if (task.queue === target) outcomes.set(task, skipped(`it is in ${to} already`));
      const others = tasks.filter((task) => !outcomes.has(task));
      (await this.transitions.move(others, target, fence)).forEach((answer, i) => {
        const task = others[i]!;
        const { state } = task.record;
        const why = isFinished(state) ? `${state}: it has ended already` : 'active: it runs already';
        outcomes.set(
          task,
          answer === 'taken'
            ? skipped(`there is another task with this id in ${to}`)
            : toOutcome(answer, why),
        );
      });
      return tasks.map((task) => outcomes.get(task)!);
    });
  }

  /** Loads the tasks and passes them to `act`. Handles tasks of other programs and missing tasks separately. */
  private applyToEach(
    refs: BatchRef[],
    gone: string | ((ref: BatchRef) => BatchOutcome),
    act: (tasks: FoundTask[]) => Promise<BatchOutcome[]>,
  ): Promise<BatchOutcome[]> {
    return withRedis(this.redis, async () => {
      const names = this.queues.names();
      const ours = refs.filter(({ queue }) => names.includes(queue));
      const found = await this.reader.findMany(ours);
      const present = found.filter((task) => task !== undefined);
      const answers = await act(present);
      const outcomes = new Map<BatchRef, BatchOutcome>();
      ours.forEach((ref, i) => {
        const task = found[i];
        if (task) outcomes.set(ref, answers[present.indexOf(task)]!);
        else outcomes.set(ref, typeof gone === 'string' ? skipped(gone) : gone(ref));
      });
      return refs.map(
        (ref) => outcomes.get(ref) ?? skipped(ref.queue ? observedDetail(ref.queue) : 'no such task'),
      );
    });
  }

  /** Asks the worker to stop the task without awaiting its reply: the cancel mark in Redis is effective in any case. */
  private async requestStop(id: string, by: string): Promise<void> {
    const asked = this.control
      .cancelTask(id, false, by)
      .catch(() => undefined)
      .finally(() => this.pendingCancels.delete(asked));
    this.pendingCancels.add(asked);
    if (this.pendingCancels.size >= MAX_CONCURRENT_CANCELS) await Promise.race(this.pendingCancels);
  }
}

function toOutcome(answer: BatchResult, why: string): BatchOutcome {
  if (answer instanceof Error) return { outcome: 'failed', detail: answer.message };
  switch (answer) {
    case 'done':
      return { outcome: 'done' };
    case 'missing':
      return skipped('gone from Redis');
    case 'refused':
      return skipped('it is part of a flow or a schedule of another program');
    default:
      return skipped(why);
  }
}

function cannotRetry(state: TaskState): string {
  if (state === 'completed') return 'completed: submit it again instead';
  return isFinished(state) ? 'it was retried at the same moment' : `${state}: it has not ended`;
}

function skipped(detail: string): BatchOutcome {
  return { outcome: 'skipped', detail };
}

function observedDetail(queue: string): string {
  return `it belongs to another program: Roost does not own the queue ${queue}`;
}
