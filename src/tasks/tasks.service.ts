import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { StateCounts, TaskState } from '../model/states.js';
import type { TaskView } from '../model/task-view.js';
import { EventTail } from '../events/event-tail.js';
import { isOurQueue } from '../history/to-task-view.js';
import { taskNotFound } from '../bullmq/task-not-found.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import { BatchTransitions } from '../bullmq/batch-transitions.js';
import { addCopy, toJob } from '../bullmq/observed/copy-job.js';
import { toObservedOutcome } from '../bullmq/observed/observed-queue.js';
import { TaskTransitions, type MoveOutcome } from '../bullmq/task-transitions.js';
import { TaskReader, type FoundTask } from '../bullmq/task-reader.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { CancelTask } from './cancel-task.js';
import { ObservedTaskCommands, isObserved, type ObservedTask } from './observed-task-commands.js';
import { requireAllowed } from './job-commands.js';
import { SubmitTask } from './submit-task.js';
import type { SubmitRequest } from './submit-request.js';
import { TaskCommands } from './task-commands.js';
import { TaskLists } from './task-lists.js';
import { stateConflict } from './state-conflict.js';
import { commandUnavailable, TaskFinder } from './task-finder.js';
import { waitForEnd, type EndWait } from './wait-for-end.js';
import { rerunOf } from '../model/deprecated-names.js';

/** Commands and reads on tasks for users and programs. All writes to tasks go through this service. */
@Injectable()
export class TasksService {
  constructor(
    private readonly submitTask: SubmitTask,
    private readonly lists: TaskLists,
    private readonly reader: TaskReader,
    private readonly transitions: TaskTransitions,
    private readonly batchTransitions: BatchTransitions,
    private readonly cancelTask: CancelTask,
    private readonly finder: TaskFinder,
    private readonly observedCommands: ObservedTaskCommands,
    private readonly commands: TaskCommands,
    private readonly tail: EventTail,
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
  ) {}

  submit(request: SubmitRequest): Promise<{ task: TaskView; created: boolean }> {
    return this.submitTask.submit(request);
  }

  newest(limit: number, states?: readonly TaskState[]): Promise<TaskView[]> {
    return this.reading(() => this.lists.newest(limit, states));
  }

  counts(): Promise<StateCounts> {
    return this.reading(() => this.lists.counts());
  }

  /**
   * Returns the task from Redis, or from the history where Redis has dropped it.
   * @param queue of tasks of other programs, whose ids are unique within a queue only.
   * @throws RoostError TASK_NOT_FOUND or TASK_GONE, like every method below that takes an id.
   */
  async get(id: string, queue?: string): Promise<TaskView> {
    return this.finder.view(await this.finder.find(id, queue));
  }

  /**
   * Ends a task as `cancelled`: at once while it is not running, otherwise as soon as its handler stops.
   * With `force`, a handler that does not stop is killed (isolated types) or no longer waited for (all others).
   * The view of an unfinished task has `cancelRequested` with a note on what it waits for.
   * @throws RoostError TASK_STATE_CONFLICT for a finished task.
   */
  cancel(
    id: string,
    request: { reason?: string; force?: boolean; by: string },
    queue?: string,
  ): Promise<TaskView> {
    return this.reading(async () => {
      const found = await this.getLiveTask(id, queue);
      const acts = await this.commands.commandsOfFound(found);
      if (acts) requireAllowed(acts.cancel, found.record.state);
      return this.cancelTask.cancel(id, found.queue.name, request);
    });
  }

  /**
   * Returns a failed, cancelled or expired task to its queue with all its attempts.
   * @param queue required for tasks of other programs, as below.
   */
  async retry(id: string, queue?: string): Promise<TaskView> {
    const foreign = await this.findObserved(id, queue);
    if (foreign) return this.observedCommands.retry(foreign);
    return this.applyMove(id, queue, 'retry', (found) => this.transitions.retry(found));
  }

  /**
   * Runs a delayed task now. For the next run of a BullMQ schedule it runs a copy and returns the copy's view, whose `rerunOf`
   * names the requested task.
   */
  async promote(id: string, ofQueue?: string): Promise<TaskView> {
    const foreign = await this.findObserved(id, ofQueue);
    if (foreign) return this.observedCommands.promote(foreign);
    return this.reading(async () => {
      const found = await this.getLiveTask(id, ofQueue);
      const { queue, record } = found;
      const verdict = (await this.commands.commandsOfFound(found))?.promote ?? 'yes';
      requireAllowed(verdict, record.state);
      if (verdict !== 'copy') {
        return this.applyMove(id, ofQueue, 'promote', (task) =>
          task.record.state === 'delayed'
            ? toObservedOutcome(toJob(task.queue, task.record), (job) => job.promote())
            : Promise.resolve('refused'),
        );
      }
      const copy = await this.reader.find(await addCopy(queue, record));
      if (!copy) throw taskNotFound(id);
      return { ...(await this.reader.view(copy)), ...rerunOf(id) };
    });
  }

  /** Deletes a task permanently, including one that only the history has. Refuses a running one. */
  async remove(id: string, queue?: string): Promise<void> {
    await this.reading(async () => {
      const foreign = await this.findObserved(id, queue);
      if (foreign) return this.observedCommands.remove(foreign);
      const known = await this.finder.find(id, queue);
      if (!known.live) {
        if (!known.ours) throw commandUnavailable(known);
        return this.finder.deleteFromHistory(known);
      }
      const found = known.live;
      const { state } = found.record;
      if (state === 'active') throw stateConflict('delete', state);
      const acts = await this.commands.commandsOfFound(found);
      if (acts) requireAllowed(acts.remove, state);
      const [outcome] = await this.batchTransitions.remove([found]);
      if (outcome instanceof Error) throw outcome;
      if (outcome === 'missing') throw taskNotFound(id);
      if (outcome !== 'done') throw stateConflict('delete', (await this.getLiveTask(id, queue)).record.state);
    });
  }

  /** Returns the task once it is finished, or its state after `timeoutMs`; see `waitForEnd`. */
  waitUntilFinished(
    id: string,
    wait: Pick<EndWait, 'timeoutMs' | 'over' | 'accepted'> & { queue?: string },
  ): Promise<TaskView> {
    return waitForEnd(this.tail, { ...wait, id, read: () => this.get(id, wait.queue) });
  }

  private reading<T>(work: () => Promise<T>): Promise<T> {
    return withRedis(this.redis, work);
  }

  private applyMove(
    id: string,
    queue: string | undefined,
    verb: 'retry' | 'promote',
    move: (found: FoundTask) => Promise<MoveOutcome>,
  ): Promise<TaskView> {
    return this.reading(async () => {
      const found = await this.getLiveTask(id, queue);
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
    const known = await this.finder.find(id, queue);
    return isObserved(known) ? known : undefined;
  }

  private async getLiveTask(id: string, queue?: string): Promise<FoundTask> {
    const known = await this.finder.find(id, queue);
    if (!known.live) throw commandUnavailable(known);
    return known.live;
  }
}
