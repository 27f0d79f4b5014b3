import { Inject, Injectable } from '@nestjs/common';
import { Redaction } from '../platform/redaction/redaction.js';
import { SharedClock } from '../platform/clock.js';
import type { TaskView } from '../model/task-view.js';
import { HistoryStatus } from '../history/history-status.js';
import type { HistoryStore } from '../history/ports/history-store.js';
import { HISTORY } from '../history/tokens.js';
import { BatchTransitions } from '../bullmq/batch-transitions.js';
import { ObservedBullQueue, toObservedTaskView } from '../bullmq/observed/observed-queue.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import type { CommandRedis } from '../bullmq/task-commands.js';
import type { MoveOutcome } from '../bullmq/task-transitions.js';
import type { FoundTask } from '../bullmq/task-reader.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { jobCommands, requireAllowed, type JobCommands } from './job-commands.js';
import type { ObservedTask } from './located-task.js';
import { removeFromHistory } from './remove-from-history.js';
import { stateConflict } from './state-conflict.js';
import { rerunOf } from '../model/deprecated-names.js';

/** Maximum wait for the history to record recent events, ms. */
const CATCH_UP_MS = 1000;

/** Retries, promotes and deletes tasks of another program, using only what BullMQ itself knows about them. */
@Injectable()
export class ObservedTaskCommands {
  constructor(
    private readonly transitions: BatchTransitions,
    @Inject(HISTORY) private readonly history: HistoryStore,
    private readonly status: HistoryStatus,
    @Inject(COMMAND_CLIENT) private readonly redis: CommandRedis,
    private readonly clock: SharedClock,
    private readonly redaction: Redaction,
  ) {}

  /** Returns the commands that the task's current record in Redis allows. */
  commandsOf({ id, queue, history }: ObservedTask): Promise<JobCommands> {
    return this.withQueue(queue, async (open) => {
      const found = await open.find(id);
      return jobCommands(found?.record.state ?? history.state, found && (await open.loadStanding(id)));
    });
  }

  retry(task: ObservedTask): Promise<TaskView> {
    return this.requeue('retry', task, (queue, found) => queue.retry(found));
  }

  /**
   * Runs the task now. For the next run of a schedule it runs a copy and returns the copy's view, whose `rerunOf` names the
   * requested task.
   */
  promote(task: ObservedTask): Promise<TaskView> {
    return this.requeue('promote', task, (queue, found) => queue.promote(found));
  }

  /** Deletes the task from Redis and the history. Refuses running tasks and pending parts of a flow or a schedule. */
  remove(task: ObservedTask): Promise<void> {
    return this.withQueue(task.queue, async (open) => {
      const found = await open.find(task.id);
      if (!found) return this.removeRecorded(task);
      const { state } = found.record;
      requireAllowed(jobCommands(state, await open.loadStanding(task.id)).remove, state);
      const [answer] = await this.transitions.remove([found]);
      if (answer === 'missing') return this.removeRecorded(task);
      if (answer === 'done') return this.waitUntilRecorded();
      if (answer instanceof Error) throw answer;
      // The task changed its state between the check and the removal.
      throw stateConflict('delete', answer === 'running' ? 'active' : state);
    });
  }

  /** Removes a task that Redis does not have. An event that is recorded later would bring it back. */
  private async removeRecorded(task: ObservedTask): Promise<void> {
    await this.waitUntilRecorded();
    await removeFromHistory(this.history, [task]);
  }

  private requeue(
    verb: 'retry' | 'promote',
    task: ObservedTask,
    move: (queue: ObservedBullQueue, found: FoundTask) => Promise<MoveOutcome>,
  ): Promise<TaskView> {
    return this.withQueue(task.queue, async (open) => {
      const { id, history } = task;
      const before = await open.find(id);
      const state = before?.record.state ?? history.state;
      const verdict = jobCommands(state, before && (await open.loadStanding(id)))[verb];
      requireAllowed(verdict, state);
      if (verdict === 'copy') return this.promoteCopy(open, before!);
      const outcome = await move(open, before!);
      const now = await open.find(id);
      if (outcome === 'missing' || !now) {
        requireAllowed(jobCommands(state, undefined)[verb], state);
      }
      if (outcome !== 'done') throw stateConflict(verb, now!.record.state);
      await this.waitUntilRecorded();
      return toObservedTaskView(now!.record, this.clock.now(), this.redaction);
    });
  }

  private async promoteCopy(open: ObservedBullQueue, original: FoundTask): Promise<TaskView> {
    const id = await open.copy(original);
    const copy = (await open.find(id))?.record ?? { ...original.record, id, state: 'waiting' as const };
    await this.waitUntilRecorded();
    return {
      ...toObservedTaskView(copy, this.clock.now(), this.redaction),
      ...rerunOf(original.record.id),
    };
  }

  /** Waits for the history to record the change, because the next read comes from there. */
  private async waitUntilRecorded(): Promise<void> {
    await this.status.caughtUp(CATCH_UP_MS);
  }

  private withQueue<T>(queue: string, work: (queue: ObservedBullQueue) => Promise<T>): Promise<T> {
    return withRedis(this.redis, () => ObservedBullQueue.use(this.redis, queue, work), 'others');
  }
}
