import { Inject, Injectable } from '@nestjs/common';
import { Redaction } from '../platform/redaction/redaction.js';
import { SharedClock } from '../platform/clock.js';
import type { TaskView } from '../model/task-view.js';
import { HistoryStatus } from '../history/history-status.js';
import { BatchTransitions } from '../bullmq/batch-transitions.js';
import { ObservedBullQueue, toObservedTaskView } from '../bullmq/observed/observed-queue.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import type { CommandRedis } from '../bullmq/task-commands.js';
import type { MoveOutcome } from '../bullmq/task-transitions.js';
import type { FoundTask } from '../bullmq/task-reader.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { jobCommands, requireAllowed, type JobCommands } from './job-commands.js';
import type { LocatedTask } from './located-task.js';
import { stateConflict } from './state-conflict.js';
import { TaskFinder } from './task-finder.js';
import { rerunOf } from '../model/deprecated-names.js';

/** Maximum wait for the history to record recent events, ms. */
const CATCH_UP_MS = 1000;

/** A task of another program, known from the history. */
export type ObservedTask = LocatedTask & { live?: undefined; ours: false };

export function isObserved(known: LocatedTask): known is ObservedTask {
  return !known.ours;
}

/** Retries, promotes and deletes tasks of another program, using only what BullMQ itself knows about them. */
@Injectable()
export class ObservedTaskCommands {
  constructor(
    private readonly finder: TaskFinder,
    private readonly transitions: BatchTransitions,
    private readonly status: HistoryStatus,
    @Inject(COMMAND_CLIENT) private readonly redis: CommandRedis,
    private readonly clock: SharedClock,
    private readonly redaction: Redaction,
  ) {}

  /** Returns the commands that the task's current record in Redis allows. */
  commandsOf({ id, queue, past }: ObservedTask): Promise<JobCommands> {
    return this.withQueue(queue, async (open) => {
      const found = await open.find(id);
      return jobCommands(found?.record.state ?? past.state, found && (await open.loadStanding(id)));
    });
  }

  retry(known: ObservedTask): Promise<TaskView> {
    return this.requeue('retry', known, (queue, found) => queue.retry(found));
  }

  /**
   * Runs the task now. For the next run of a schedule it runs a copy and returns the copy's view, whose `rerunOf` names the
   * requested task.
   */
  promote(known: ObservedTask): Promise<TaskView> {
    return this.requeue('promote', known, (queue, found) => queue.promote(found));
  }

  /** Deletes the task from Redis and the history. Refuses running tasks and pending parts of a flow or a schedule. */
  remove(known: ObservedTask): Promise<void> {
    return this.withQueue(known.queue, async (open) => {
      const found = await open.find(known.id);
      if (!found) return this.finder.deleteFromHistory(known);
      const { state } = found.record;
      requireAllowed(jobCommands(state, await open.loadStanding(known.id)).remove, state);
      const [answer] = await this.transitions.remove([found]);
      if (answer === 'missing') return this.finder.deleteFromHistory(known);
      if (answer === 'done') return this.waitUntilRecorded();
      if (answer instanceof Error) throw answer;
      // The task changed its state between the check and the removal.
      throw stateConflict('delete', answer === 'running' ? 'active' : state);
    });
  }

  private requeue(
    verb: 'retry' | 'promote',
    known: ObservedTask,
    move: (queue: ObservedBullQueue, found: FoundTask) => Promise<MoveOutcome>,
  ): Promise<TaskView> {
    return this.withQueue(known.queue, async (open) => {
      const { id, past } = known;
      const before = await open.find(id);
      const state = before?.record.state ?? past.state;
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
