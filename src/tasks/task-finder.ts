import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Redaction } from '../platform/redaction/redaction.js';
import { RoostError } from '../model/errors.js';
import type { TaskView } from '../model/task-view.js';
import { HistoryStatus } from '../history/history-status.js';
import type { HistoryStore } from '../history/ports/history-store.js';
import { toHistoryTaskView } from '../history/to-timeline-views.js';
import { isOurQueue } from '../history/to-task-view.js';
import { HISTORY } from '../history/tokens.js';
import { inAnotherQueue, taskNotFound } from '../bullmq/task-not-found.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import { isIssuedId, MAX_ID_LENGTH } from '../bullmq/task-ids.js';
import { TaskReader } from '../bullmq/task-reader.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import type { LocatedTask } from './located-task.js';
import { FROM_HISTORY } from '../model/deprecated-names.js';

/** Maximum wait for the history to record recent events, ms. */
const CATCH_UP_MS = 1000;

/** Finds a task by id: in Redis, which is authoritative while it has the task, otherwise in the history. */
@Injectable()
export class TaskFinder {
  constructor(
    private readonly reader: TaskReader,
    @Inject(HISTORY) private readonly history: HistoryStore,
    private readonly status: HistoryStatus,
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
    private readonly redaction: Redaction,
  ) {}

  /**
   * @param queue needed for tasks of other programs, whose ids are unique within a queue only.
   * @throws RoostError TASK_GONE where the task has been removed from both, TASK_NOT_FOUND where it never existed or is in
   * another queue than `queue`.
   */
  async find(id: string, queue?: string): Promise<LocatedTask> {
    const found = await this.findOrUndefined(id, queue);
    if (found) return found;
    const elsewhere = queue === undefined ? undefined : await this.findOrUndefined(id, undefined);
    throw elsewhere ? inAnotherQueue(id, queue!, elsewhere.queue) : taskNotFound(id);
  }

  async view(known: LocatedTask): Promise<TaskView> {
    return known.live
      ? withRedis(this.redis, () => this.reader.view(known.live))
      : toHistoryTaskView(known.past, this.redaction);
  }

  /** Deletes a task that Redis does not have from the history. */
  async deleteFromHistory(known: LocatedTask & { live?: undefined }): Promise<void> {
    const { id, queue } = known;
    await this.history.record({
      cursors: {},
      tasks: [],
      attempts: [],
      transitions: [],
      logs: [],
      progress: [],
      removed: [{ queue, id }],
    });
  }

  private async findOrUndefined(id: string, queue: string | undefined): Promise<LocatedTask | undefined> {
    if (id.length > MAX_ID_LENGTH) return undefined;
    let isCurrent = true;
    if (queue === undefined || isOurQueue(queue)) {
      const live = await withRedis(this.redis, () => this.reader.find(id, queue));
      if (live) return { id, queue: live.queue.name, ours: true, live };
      // A task deleted a moment ago must not be returned from a history that has not recorded the deletion yet.
      isCurrent = await this.status.caughtUp(CATCH_UP_MS);
    }
    const past = await this.history.get(id, queue);
    if (!past && !isCurrent && isIssuedId(id)) {
      throw new RoostError(
        'HISTORY_UNAVAILABLE',
        'Redis does not have this task any more, and the history has not recorded the latest events yet. Try again in a moment.',
      );
    }
    return past && { id, queue: past.queue, ours: isOurQueue(past.queue), past };
  }
}

/** Creates the error for a command on a task that Redis does not have. */
export function commandUnavailable(known: LocatedTask & { live?: undefined }): RoostError {
  const { state } = known.past;
  return new RoostError(
    'TASK_STATE_CONFLICT',
    known.ours
      ? 'Redis has dropped this task by its retention; only the history has it. Submit it again instead.'
      : `This task belongs to another program: the queue \`${known.queue}\` is not one of Roost's. With ?queue=${encodeURIComponent(known.queue)} a failed one can be retried, a delayed one promoted, and one that is not running deleted. Do everything else in its program.`,
    undefined,
    { state, ...FROM_HISTORY },
  );
}
