import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { TtlCache } from '../coordination/ttl-cache.js';
import { Redaction } from '../platform/redaction/redaction.js';
import { RoostError } from '../model/errors.js';
import { TASK_STATES, type TaskState } from '../model/states.js';
import type { TaskView } from '../model/task-view.js';
import { EventTail } from '../events/event-tail.js';
import { HistoryStatus } from '../history/history-status.js';
import type { HistoryStore, PastRun } from '../history/ports/history-store.js';
import { isOurQueue } from '../history/to-task-view.js';
import { HISTORY } from '../history/tokens.js';
import { Queues } from '../bullmq/shared-queues.js';
import { inAnotherQueue, taskNotFound } from '../bullmq/task-not-found.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import { isIssuedId, MAX_ID_LENGTH } from '../bullmq/task-ids.js';
import { TaskReader } from '../bullmq/task-reader.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { AllowedCommands } from './allowed-commands.js';
import type { JobCommands } from './job-commands.js';
import type { LocatedTask } from './located-task.js';
import { rowsOrNone, TaskTimeline } from './task-timeline.js';
import { EndListener } from './end-listener.js';
import { waitForEnd, type EndWait } from './wait-for-end.js';
import type { WhyView } from './task-queries.openapi.js';
import { WaitingReasonsService } from './waiting-reasons.service.js';

/** Maximum wait for the history to record recent events, ms. */
const CATCH_UP_MS = 1000;
const SIMILAR_MAX_AGE_MS = 3000;
const MAX_CACHED = 200;

/**
 * Reads tasks for REST, pages and other features: from Redis, which is authoritative while it has a task, otherwise from
 * the history. Searches are in search/.
 */
@Injectable()
export class TaskQueries {
  private readonly similar = new TtlCache<PastRun[]>(SIMILAR_MAX_AGE_MS, MAX_CACHED);

  constructor(
    private readonly reader: TaskReader,
    private readonly queues: Queues,
    @Inject(HISTORY) private readonly history: HistoryStore,
    private readonly status: HistoryStatus,
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
    private readonly tail: EventTail,
    private readonly allowed: AllowedCommands,
    private readonly waitingReasons: WaitingReasonsService,
    private readonly redaction: Redaction,
  ) {}

  /**
   * Finds a task, without its view.
   * @param queue needed for tasks of other programs, whose ids are unique within a queue only.
   * @throws RoostError TASK_GONE where the task has been removed from both, TASK_NOT_FOUND where it never existed or is in
   * another queue than `queue`; so does every method below that takes an id.
   */
  async find(id: string, queue?: string): Promise<LocatedTask> {
    const found = await this.findOrUndefined(id, queue);
    if (found) return found;
    const elsewhere = queue === undefined ? undefined : await this.findOrUndefined(id, undefined);
    throw elsewhere ? inAnotherQueue(id, queue!, elsewhere.queue) : taskNotFound(id);
  }

  /** Finds a task, and loads what a request needs of it, each part once. */
  async open(id: string, queue?: string): Promise<TaskTimeline> {
    return this.timeline(await this.find(id, queue));
  }

  timeline(located: LocatedTask): TaskTimeline {
    const { reader, history, redis, redaction } = this;
    return new TaskTimeline(located, { reader, history, redis, redaction });
  }

  async get(id: string, queue?: string): Promise<TaskView> {
    return (await this.open(id, queue)).view();
  }

  /** Begins to listen for the end of a task that is not submitted yet. */
  async listenForEnd(): Promise<EndListener> {
    const listener = new EndListener(this.tail);
    await listener.begin();
    return listener;
  }

  /**
   * Returns the task once it is finished, or its state after `timeoutMs`; see `waitForEnd`.
   * @param listener begun before the task was submitted.
   */
  async waitUntilFinished(
    id: string,
    wait: Pick<EndWait, 'timeoutMs' | 'over' | 'accepted'> & { queue?: string },
    listener?: EndListener,
  ): Promise<TaskView> {
    const own = listener ? undefined : new EndListener(this.tail);
    try {
      return await waitForEnd((listener ?? own)!, { ...wait, id, read: () => this.get(id, wait.queue) });
    } finally {
      own?.close();
    }
  }

  /** Lists the newest tasks of managed queues in these states (default: all) by time of submission, from Redis. */
  newest(limit: number, states: readonly TaskState[] = TASK_STATES): Promise<TaskView[]> {
    return withRedis(this.redis, async () => {
      const lists = this.queues.names().flatMap((queue) => states.map((state) => ({ queue, state })));
      const refs = await Promise.all(
        lists.map(async ({ queue, state }) =>
          (await this.reader.listIds(queue, state, 0, limit)).map((id) => ({ queue, id })),
        ),
      );
      const views = await this.reader.views(refs.flat());
      return views.sort((a, b) => b.createdAt.localeCompare(a.createdAt)).slice(0, limit);
    });
  }

  /** Explains why a task does not run. */
  whyWaiting(timeline: TaskTimeline): Promise<WhyView> {
    return this.waitingReasons.why(timeline);
  }

  /** Returns the commands that the task allows, or undefined where its state alone decides. */
  commandsOf(located: LocatedTask): Promise<JobCommands | undefined> {
    return this.allowed.commandsOf(located);
  }

  /** Returns the commands of the rows of a list where the state alone does not decide. */
  commandsOfListed(tasks: readonly TaskView[]): Promise<Map<TaskView, JobCommands>> {
    return this.allowed.commandsOfListed(tasks);
  }

  /**
   * Lists other runs of the type in this queue, newest first. Cached for a few seconds, because pages ask several times a
   * second.
   */
  async similarRuns({ id, queue, type }: TaskView, limit: number): Promise<PastRun[]> {
    const key = JSON.stringify([queue, type, limit]);
    const runs = await this.similar.get(key, () =>
      rowsOrNone(this.history.similarRuns({ queue, type, limit: limit + 1 })),
    );
    return runs.filter((run) => run.id !== id).slice(0, limit);
  }

  private async findOrUndefined(id: string, queue: string | undefined): Promise<LocatedTask | undefined> {
    if (id.length > MAX_ID_LENGTH) return undefined;
    let isCurrent = true;
    if (queue === undefined || isOurQueue(queue)) {
      const redis = await withRedis(this.redis, () => this.reader.find(id, queue));
      if (redis) return { id, queue: redis.queue.name, ours: true, redis };
      // A task deleted a moment ago must not be returned from a history that has not recorded the deletion yet.
      isCurrent = await this.status.caughtUp(CATCH_UP_MS);
    }
    const history = await this.history.get(id, queue);
    if (!history && !isCurrent && isIssuedId(id)) {
      throw new RoostError(
        'HISTORY_UNAVAILABLE',
        'Redis does not have this task any more, and the history has not recorded the latest events yet. Try again in a moment.',
      );
    }
    return history && { id, queue: history.queue, ours: isOurQueue(history.queue), history };
  }
}
