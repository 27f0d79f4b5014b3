import { Inject, Injectable } from '@nestjs/common';
import { Redaction } from '../platform/redaction/redaction.js';
import { SharedClock } from '../platform/clock.js';
import type { TaskView } from '../model/task-view.js';
import { Settings } from '../platform/config/settings.js';
import { ObservedBullQueue, toObservedTaskView } from '../bullmq/observed/observed-queue.js';
import type { NamedChild } from '../bullmq/codec/job-standing.js';
import { readStanding } from '../bullmq/read-standing.js';
import { QueueClients } from '../bullmq/connection/queue-clients.js';
import { Queues } from '../bullmq/shared-queues.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import type { CommandRedis } from '../bullmq/task-commands.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { taskLinks } from '../bullmq/codec/to-task-view.js';
import { childrenBlockers } from './children-blockers.js';
import type { ObservedTask } from './located-task.js';
import { toObservedWaitingReason } from './observed-waiting-reason.js';
import { alternativeAction } from './alternative-action.js';
import { withoutReasons } from './waiting-reasons.js';
import type { Blocker, BlockingTask, WhyView } from './task-queries.openapi.js';
import { observedBase, splitJobKey, withoutPrefix } from '../bullmq/keys.js';

/** Answers "Why isn't it running?" for tasks of other programs from BullMQ's own keys. */
@Injectable()
export class ObservedWaitingReasons {
  constructor(
    private readonly clients: QueueClients,
    private readonly settings: Settings,
    private readonly queues: Queues,
    @Inject(COMMAND_CLIENT) private readonly redis: CommandRedis,
    private readonly clock: SharedClock,
    private readonly redaction: Redaction,
  ) {}

  why({ id, queue, history }: ObservedTask): Promise<WhyView> {
    return withRedis(this.redis, async () => {
      const [found, standing, workers] = await Promise.all([
        ObservedBullQueue.use(this.redis, queue, (open) => open.find(id)),
        readStanding(this.redis, observedBase(queue), id),
        this.clients.countWorkers(queue),
      ]);
      if (!found || !standing) {
        const { state } = history;
        return withoutReasons(
          id,
          state,
          `Redis does not have it any more. Its last known state is ${state}.`,
        );
      }
      const task = toObservedTaskView(found.record, this.clock.now(), this.redaction);
      return toObservedWaitingReason(
        {
          now: this.clock.now(),
          task: factsOf(task, found.record.failedReason),
          standing,
          workers,
          toTask: (child) => this.toTask(child),
          promoteUrl: task.links.self.replace(/(?=\?|$)/, '/promote'),
        },
        alternativeAction(task),
      );
    });
  }

  /** Lists the children that a task of a managed queue waits for. @param base `prefix:queue:` */
  async children(base: string, id: string): Promise<Blocker[]> {
    const standing = await readStanding(this.redis, base, id);
    return standing ? childrenBlockers(standing, (child) => this.toTask(child)) : [];
  }

  private toTask({ key, name }: NamedChild): BlockingTask {
    const { queue, id } = splitJobKey(key);
    const own = withoutPrefix(this.settings.QUEUE_PREFIX, queue);
    const isOurs = own !== undefined && this.queues.has(own);
    return { id, type: name, href: taskLinks(id, isOurs ? undefined : queue).page };
  }
}

function factsOf(task: TaskView, failedReason: string | undefined) {
  const { id, type, queue, state, createdAt, attempts, delayUntil } = task;
  return {
    ...{ id, type, queue, state, attempts },
    createdAt: Date.parse(createdAt),
    ...(delayUntil ? { delayUntil: Date.parse(delayUntil) } : {}),
    ...(failedReason ? { failure: { message: failedReason } } : {}),
  };
}
