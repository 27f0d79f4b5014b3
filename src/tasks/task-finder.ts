import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { RoostError } from '../contract/errors.js';
import type { TaskView } from '../contract/task-view.js';
import { HistoryStatus } from '../history/history-status.js';
import type { HistoryStore } from '../history/store/history-store.js';
import { toKeptTaskView } from '../history/to-story-views.js';
import { isOurQueue } from '../history/to-task-view.js';
import { HISTORY } from '../history/tokens.js';
import { missingTask } from '../queue/missing-task.js';
import { withRedis } from '../queue/redis-errors.js';
import { isIssuedId, JOB_ID } from '../queue/task-ids.js';
import { TaskReader } from '../queue/task-reader.js';
import { COMMANDS } from '../queue/tokens.js';
import type { KnownTask } from './known-task.js';

/** Longest id that is looked for; other programs' ids may have any characters. */
const MAX_ID_LENGTH = 256;

/** Longest wait for the history to have heard of what happened just before, ms. */
const CATCH_UP_MS = 1000;

/** Finds a task by id: in Redis, which is the truth while it is there, and else in the history. */
@Injectable()
export class TaskFinder {
  constructor(
    private readonly reader: TaskReader,
    @Inject(HISTORY) private readonly history: HistoryStore,
    private readonly status: HistoryStatus,
    @Inject(COMMANDS) private readonly redis: Redis,
  ) {}

  /**
   * @param queue needed for tasks of other programs, whose ids are unique within a queue only.
   * @throws RoostError TASK_GONE where neither has it any more, TASK_NOT_FOUND where it was never seen.
   */
  async find(id: string, queue?: string): Promise<KnownTask> {
    const found = await this.look(id, queue);
    if (!found) throw missingTask(id);
    return found;
  }

  async view(known: KnownTask): Promise<TaskView> {
    return known.live
      ? withRedis(this.redis, () => this.reader.view(known.live))
      : toKeptTaskView(known.past);
  }

  /** Out of the history, where Redis has nothing of it any more. */
  async forget(known: KnownTask & { live?: undefined }): Promise<void> {
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

  private async look(id: string, queue: string | undefined): Promise<KnownTask | undefined> {
    if (id.length > MAX_ID_LENGTH) return undefined;
    let isCurrent = true;
    if (JOB_ID.test(id) && (queue === undefined || isOurQueue(queue))) {
      const live = await withRedis(this.redis, () => this.reader.find(id));
      if (live && (queue === undefined || live.queue.name === queue))
        return { id, queue: live.queue.name, ours: true, live };
      // What was deleted a moment ago must not come back from a history that has not heard of it.
      isCurrent = await this.status.caughtUp(CATCH_UP_MS);
    }
    const past = await this.history.get(id, queue);
    if (!past && !isCurrent && isIssuedId(id)) {
      throw new RoostError(
        'HISTORY_UNAVAILABLE',
        'Redis does not have this task any more, and the history has not yet read what happened lately. Ask again in a moment.',
      );
    }
    return past && { id, queue: past.queue, ours: isOurQueue(past.queue), past };
  }
}

/** Said where something is to be done to a task that Redis does not have. */
export function notActedOn(known: KnownTask & { live?: undefined }): RoostError {
  const { state } = known.past;
  return new RoostError(
    'TASK_STATE_CONFLICT',
    known.ours
      ? 'Redis has dropped this task by its retention; only the history keeps it. Submit it again instead.'
      : `This task is of another program: the queue \`${known.queue}\` is not one of Roost's. With ?queue=${encodeURIComponent(known.queue)} a failed one can be retried, a delayed one promoted, and one that does not run deleted; all else is done there.`,
    undefined,
    { state, kept: 'history' },
  );
}
