import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { sharedNow } from '../contract/clock.js';
import { isSettled, type TaskState } from '../contract/states.js';
import { FleetControl } from '../fleet/fleet-control.js';
import { HISTORY } from '../history/tokens.js';
import type { HistoryStore } from '../history/store/history-store.js';
import { BatchMover, type BatchAnswer, type Fence } from '../queue/batch-mover.js';
import { Queues } from '../queue/queues.js';
import { withRedis } from '../queue/redis-errors.js';
import { TaskReader, type FoundTask } from '../queue/task-reader.js';
import { COMMANDS } from '../queue/tokens.js';

/** Workers asked to let go of a task at the same time. */
const ASKED_AT_ONCE = 20;

export interface BatchRef {
  queue: string;
  id: string;
}

/** `asked`: the worker that runs it has been told to let go. `detail` says why it was skipped or failed. */
export interface BatchOutcome {
  outcome: 'done' | 'asked' | 'skipped' | 'failed';
  detail?: string;
}

interface Batch {
  /** Makes each act happen once, however often the batch is tried. */
  fence?: Fence;
}

/**
 * Acts on many tasks at once, with what single tasks mean by it. Every task gets its own outcome, in the order asked;
 * only where Redis is away or the fence has fallen is there none for any of them.
 * @throws RoostError REDIS_UNAVAILABLE, STORAGE_FULL; LeftBehindError
 */
@Injectable()
export class TaskBatches {
  private readonly asking = new Set<Promise<unknown>>();

  constructor(
    private readonly queues: Queues,
    private readonly reader: TaskReader,
    private readonly mover: BatchMover,
    private readonly control: FleetControl,
    @Inject(HISTORY) private readonly history: HistoryStore,
    @Inject(COMMANDS) private readonly redis: Redis,
  ) {}

  retryMany(refs: BatchRef[], { fence }: Batch = {}): Promise<BatchOutcome[]> {
    return this.each(refs, 'gone from Redis: submit it again', async (tasks) => {
      const answers = await this.mover.retry(tasks, fence);
      return answers.map((answer, i) => toOutcome(answer, cannotRetry(tasks[i]!.record.state)));
    });
  }

  cancelMany(
    refs: BatchRef[],
    { fence, reason, by }: Batch & { reason?: string; by: string },
  ): Promise<BatchOutcome[]> {
    const mark = { by, at: sharedNow(), ...(reason ? { reason } : {}) };
    return this.each(refs, 'gone from Redis', async (tasks) => {
      const outcomes = new Map<FoundTask, BatchOutcome>();
      const settled = tasks.filter(({ record }) => isSettled(record.state));
      for (const task of settled) outcomes.set(task, skipped(`${task.record.state}: it has ended already`));
      const running: FoundTask[] = tasks.filter(({ record }) => record.state === 'active');
      const still = tasks.filter((task) => !settled.includes(task) && !running.includes(task));
      (await this.mover.cancel(still, mark, fence)).forEach((answer, i) => {
        const task = still[i]!;
        // It has just been started.
        if (answer === 'running') running.push(task);
        else outcomes.set(task, toOutcome(answer, 'it has ended already'));
      });
      const asked = await this.mover.requestCancel(running, mark, fence);
      for (const [i, answer] of asked.entries()) {
        const task = running[i]!;
        outcomes.set(
          task,
          answer === 'done'
            ? { outcome: 'asked' }
            : toOutcome(answer, 'it started or ended at the same moment'),
        );
        if (answer === 'done') await this.ask(task.record.id, by);
      }
      return tasks.map((task) => outcomes.get(task)!);
    });
  }

  /** Redis's and the history's memory of a task both go; one that Redis has forgotten goes out of the history. */
  async removeMany(refs: BatchRef[], { fence }: Batch = {}): Promise<BatchOutcome[]> {
    const gone: BatchRef[] = [];
    const outcomes = await this.each(
      refs,
      (ref) => {
        gone.push(ref);
        return { outcome: 'done', detail: 'it was in the history only' };
      },
      async (tasks) => {
        const answers = await this.mover.remove(tasks, fence);
        return answers.map((answer) =>
          toOutcome(answer, 'active: a running task cannot be deleted; cancel it first'),
        );
      },
    );
    if (gone.length > 0) {
      const nothing = { tasks: [], attempts: [], transitions: [], logs: [], progress: [] };
      await this.history.record({ ...nothing, cursors: {}, removed: gone });
    }
    return outcomes;
  }

  /** @throws RoostError QUEUE_NOT_FOUND */
  moveMany(refs: BatchRef[], to: string, { fence }: Batch = {}): Promise<BatchOutcome[]> {
    const target = this.queues.get(to);
    return this.each(refs, 'gone from Redis', async (tasks) => {
      const outcomes = new Map<FoundTask, BatchOutcome>();
      for (const task of tasks)
        if (task.queue === target) outcomes.set(task, skipped(`it is in ${to} already`));
      const others = tasks.filter((task) => !outcomes.has(task));
      (await this.mover.move(others, target, fence)).forEach((answer, i) => {
        const task = others[i]!;
        const { state } = task.record;
        const why = isSettled(state) ? `${state}: it has ended already` : 'active: it runs already';
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

  /** Reads what is there and lets `act` answer for it; tasks of other programs and those that are gone are told apart. */
  private each(
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
      return refs.map((ref) => outcomes.get(ref) ?? skipped(ref.queue ? foreign(ref.queue) : 'no such task'));
    });
  }

  /** Its worker's answer is not waited for: the mark in Redis holds whatever becomes of it. */
  private async ask(id: string, by: string): Promise<void> {
    const asked = this.control
      .cancelTask(id, false, by)
      .catch(() => undefined)
      .finally(() => this.asking.delete(asked));
    this.asking.add(asked);
    if (this.asking.size >= ASKED_AT_ONCE) await Promise.race(this.asking);
  }
}

function toOutcome(answer: BatchAnswer, why: string): BatchOutcome {
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
  return isSettled(state) ? 'it was retried at the same moment' : `${state}: it has not ended`;
}

function skipped(detail: string): BatchOutcome {
  return { outcome: 'skipped', detail };
}

function foreign(queue: string): string {
  return `it belongs to another program: Roost does not own the queue ${queue}`;
}
