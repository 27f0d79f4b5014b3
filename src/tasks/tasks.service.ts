import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { isSettled, type StateCounts, type TaskState } from '../contract/states.js';
import type { TaskView } from '../contract/task-view.js';
import { EventTail } from '../events/event-tail.js';
import type { TaskEvent } from '../events/task-event.js';
import { isOurQueue } from '../history/to-task-view.js';
import { missingTask } from '../queue/missing-task.js';
import { withRedis } from '../queue/redis-errors.js';
import { TaskMover, type MoveOutcome } from '../queue/task-mover.js';
import { TaskReader, type FoundTask } from '../queue/task-reader.js';
import { COMMANDS } from '../queue/tokens.js';
import { Canceller } from './canceller.js';
import { ForeignActs, isForeign, type ForeignTask } from './foreign-acts.js';
import { Submitter } from './submitter.js';
import type { SubmitRequest } from './submit-request.js';
import { TaskLists } from './task-lists.js';
import { stateConflict } from './state-conflict.js';
import { notActedOn, TaskFinder } from './task-finder.js';

/** A safety net under `waitUntilSettled`, ms: the state is read this often even if no event comes. */
const WAIT_CHECK_MS = 1000;

/** Everything people and programs can do to tasks. Writes go through here and nowhere else. */
@Injectable()
export class TasksService {
  constructor(
    private readonly submitter: Submitter,
    private readonly lists: TaskLists,
    private readonly reader: TaskReader,
    private readonly mover: TaskMover,
    private readonly canceller: Canceller,
    private readonly finder: TaskFinder,
    private readonly foreignActs: ForeignActs,
    private readonly tail: EventTail,
    @Inject(COMMANDS) private readonly redis: Redis,
  ) {}

  submit(request: SubmitRequest): Promise<{ task: TaskView; created: boolean }> {
    return this.submitter.submit(request);
  }

  newest(limit: number, states?: readonly TaskState[]): Promise<TaskView[]> {
    return this.reading(() => this.lists.newest(limit, states));
  }

  counts(): Promise<StateCounts> {
    return this.reading(() => this.lists.counts());
  }

  /**
   * In Redis, or in the history where Redis has dropped it.
   * @param queue of tasks of other programs, whose ids are unique within a queue only.
   * @throws RoostError TASK_NOT_FOUND or TASK_GONE, as everything below that takes an id.
   */
  async get(id: string, queue?: string): Promise<TaskView> {
    return this.finder.view(await this.finder.find(id, queue));
  }

  /**
   * Ends a task as `cancelled`: at once while it does not run; a running one as soon as its handler lets go.
   * With `force` a handler that does not is killed (isolated types) or no longer waited for (all others).
   * A view that is not settled yet carries `cancelRequested` with a note on what it waits for.
   * @throws RoostError TASK_STATE_CONFLICT for a settled one.
   */
  cancel(
    id: string,
    request: { reason?: string; force?: boolean; by: string },
    queue?: string,
  ): Promise<TaskView> {
    return this.reading(async () => {
      await this.found(id, queue);
      return this.canceller.cancel(id, request);
    });
  }

  /**
   * Puts a failed, cancelled or expired task back into its queue with all its attempts.
   * @param queue where it is another program's, as below.
   */
  async retry(id: string, queue?: string): Promise<TaskView> {
    const foreign = await this.foreign(id, queue);
    if (foreign) return this.foreignActs.retry(foreign);
    return this.act(id, 'retry', (found) => this.mover.retry(found));
  }

  /** Lets a delayed task run now. */
  async promote(id: string, ofQueue?: string): Promise<TaskView> {
    const foreign = await this.foreign(id, ofQueue);
    if (foreign) return this.foreignActs.promote(foreign);
    return this.act(id, 'promote', async ({ queue, record }) => {
      if (record.state !== 'delayed') return 'refused';
      const job = await queue.getJob(id);
      // BullMQ says so by an error when somebody else was faster.
      return job ? job.promote().then(() => 'done' as const, notInState) : 'missing';
    });
  }

  /** Removes a task for good, also one that only the history has; a running one is refused. */
  async remove(id: string, queue?: string): Promise<void> {
    await this.reading(async () => {
      const foreign = await this.foreign(id, queue);
      if (foreign) return this.foreignActs.remove(foreign);
      const known = await this.finder.find(id, queue);
      if (!known.live) {
        if (!known.ours) throw notActedOn(known);
        return this.finder.forget(known);
      }
      const found = known.live;
      if (found.record.state === 'active') throw stateConflict('delete', found.record.state);
      const outcome = isSettled(found.record.state)
        ? await this.mover.forget(found.queue, id)
        : (await found.queue.remove(id)) === 1
          ? 'done'
          : 'refused';
      if (outcome === 'missing') throw missingTask(id);
      if (outcome !== 'done') throw stateConflict('delete', (await this.found(id)).record.state);
    });
  }

  /** The task once it is settled, or as it is after `timeoutMs`. */
  async waitUntilSettled(
    id: string,
    timeoutMs: number,
    abandoned: AbortSignal,
    queue?: string,
  ): Promise<TaskView> {
    const over = AbortSignal.any([abandoned, AbortSignal.timeout(timeoutMs)]);
    for (;;) {
      const heard = this.nextSettling(id, over);
      const task = await this.get(id, queue);
      if (isSettled(task.state) || over.aborted) return task;
      await heard;
    }
  }

  private reading<T>(work: () => Promise<T>): Promise<T> {
    return withRedis(this.redis, work);
  }

  private nextSettling(id: string, over: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.tail.off('batch', hear);
        over.removeEventListener('abort', done);
        resolve();
      };
      const hear = (events: TaskEvent[]) => {
        if (events.some((event) => event.id === id && event.state && isSettled(event.state))) done();
      };
      const timer = setTimeout(done, WAIT_CHECK_MS);
      this.tail.on('batch', hear);
      over.addEventListener('abort', done);
    });
  }

  private act(
    id: string,
    verb: 'retry' | 'promote',
    move: (found: FoundTask) => Promise<MoveOutcome>,
  ): Promise<TaskView> {
    return this.reading(async () => {
      const found = await this.found(id);
      const outcome = await move(found);
      const now = await this.reader.find(id);
      if (outcome === 'missing' || !now) throw missingTask(id);
      if (outcome !== 'done') throw stateConflict(verb, now.record.state);
      return this.reader.view(now);
    });
  }

  /** Where its queue is named, and is another program's. */
  private async foreign(id: string, queue: string | undefined): Promise<ForeignTask | undefined> {
    if (queue === undefined || isOurQueue(queue)) return undefined;
    const known = await this.finder.find(id, queue);
    return isForeign(known) ? known : undefined;
  }

  private async found(id: string, queue?: string): Promise<FoundTask> {
    const known = await this.finder.find(id, queue);
    if (!known.live) throw notActedOn(known);
    return known.live;
  }
}

function notInState(error: Error): MoveOutcome {
  if (/not in a delayed state|is not in|-3/.test(error.message)) return 'refused';
  throw error;
}
