import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { SharedClock } from '../platform/clock.js';
import { WorkersService } from '../workers/workers.service.js';
import { LimitsService } from '../limits/limits.service.js';
import { QueueControl } from '../bullmq/queue-control.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import { RedisHealth } from '../bullmq/connection/redis-health.js';
import { TaskReader } from '../bullmq/task-reader.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { isObserved } from './located-task.js';
import { ObservedWaitingReasons } from './observed-waiting-reasons.js';
import { alternativeAction } from './alternative-action.js';
import type { TaskTimeline } from './task-timeline.js';
import { toWhyView, withoutReasons, type WhyFacts } from './waiting-reasons.js';
import type { BlockingTask, WhyView } from './task-queries.openapi.js';
import { jobKey, queueKey } from '../bullmq/keys.js';

/** Time window of the measured throughput, ms. */
export const FLOW_MS = 300_000;
/** Positions from the front of the list that are searched for a task. Takes Redis well under 1 ms. */
const MAX_PLACES = 10_000;
/** Running tasks that are read. The longest-running ones are reported. */
const MAX_RUNNING = 200;
const MAX_REPORTED = 10;

/** Answers "Why isn't it running?" by checking everything that can block a task. */
@Injectable()
export class WaitingReasonsService {
  constructor(
    private readonly reader: TaskReader,
    private readonly control: QueueControl,
    private readonly limits: LimitsService,
    private readonly workers: WorkersService,
    private readonly observed: ObservedWaitingReasons,
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
    private readonly health: RedisHealth,
    private readonly clock: SharedClock,
  ) {}

  /** @throws RoostError REDIS_UNAVAILABLE. */
  async why(timeline: TaskTimeline): Promise<WhyView> {
    const { located } = timeline;
    if (located.redis) return this.whyManaged(timeline);
    if (isObserved(located)) return this.observed.why(located);
    const view = await timeline.view();
    return withoutReasons(
      view.id,
      view.state,
      `${alternativeAction(view)} Redis has dropped it by its retention.`,
    );
  }

  private whyManaged(timeline: TaskTimeline): Promise<WhyView> {
    return withRedis(this.redis, async () => {
      const task = await timeline.view();
      const { id } = task;
      const queue = task.queue;
      const base = this.control.base(queue);
      const isParent = task.state === 'waiting-children';
      const [hold, type, workers, position, running, flow, note, isHeld, attempts, children] =
        await Promise.all([
          this.control.getHold(queue),
          this.limits.getHold(task.type),
          this.workers.list(),
          task.state === 'waiting' ? this.position(base, id, task.priority) : null,
          this.running(queue),
          this.control.findFlow(queue, FLOW_MS),
          this.redis.hget(jobKey(base, id), 'roost:held'),
          task.state === 'delayed' && this.limits.isHeld(task.type, queue, id),
          task.state === 'delayed' ? timeline.attemptsInRedis() : [],
          isParent ? this.observed.children(base, id) : [],
        ]);
      const failed = attempts.findLast(({ outcome }) => outcome === 'failed');
      const facts: WhyFacts = {
        now: this.clock.now(),
        task: {
          id,
          type: task.type,
          queue,
          state: task.state,
          createdAt: Date.parse(task.createdAt),
          attempts: task.attempts,
          ...(task.delayUntil ? { delayUntil: Date.parse(task.delayUntil) } : {}),
          ...(failed?.error
            ? {
                failure: {
                  message: failed.error.message,
                  ...(failed.finishedAt ? { at: Date.parse(failed.finishedAt) } : {}),
                },
              }
            : {}),
          // The note remains after the limit is lifted.
          ...(note && isHeld ? { held: JSON.parse(note) as NonNullable<WhyFacts['task']['held']> } : {}),
        },
        position,
        queue: hold,
        type,
        consumers: workers
          .filter(({ status }) => status !== 'offline')
          .flatMap(({ consumers }) => consumers.filter((consumer) => consumer.queue === queue)),
        workersUnknown: this.health.workersHiddenSince !== undefined,
        redis: this.health.problem,
        running: running.slice(0, MAX_REPORTED),
        typeRunning: await this.loadBlockingTasks(type.slots),
        children,
        flow,
      };
      return toWhyView(facts, alternativeAction(task));
    });
  }

  /** Counts the tasks ahead. All tasks of the plain list precede those with a priority. */
  private async position(base: string, id: string, priority: number): Promise<WhyFacts['position']> {
    const length = await this.redis.llen(queueKey(base, 'wait'));
    if (priority > 0) {
      const rank = await this.redis.zrank(queueKey(base, 'prioritized'), id);
      return rank === null ? null : { ahead: length + rank, atLeast: false };
    }
    const place = await this.redis.lpos(queueKey(base, 'wait'), id, 'RANK', -1, 'MAXLEN', MAX_PLACES);
    if (place !== null) return { ahead: Math.max(0, length - 1 - place), atLeast: false };
    return length > MAX_PLACES ? { ahead: MAX_PLACES, atLeast: true } : null;
  }

  private async running(queue: string): Promise<BlockingTask[]> {
    const ids = await this.reader.listIds(queue, 'active', 0, MAX_RUNNING);
    return this.loadBlockingTasks(ids.map((id) => ({ queue, id })));
  }

  /** Loads running tasks, the longest-running first. */
  private async loadBlockingTasks(refs: { queue: string; id: string }[]): Promise<BlockingTask[]> {
    const tasks = await this.reader.views(refs);
    return tasks
      .sort((a, b) => (b.runMs ?? 0) - (a.runMs ?? 0))
      .map(({ id, type, worker, runMs, links }) => ({
        id,
        type,
        ...(worker ? { worker } : {}),
        ...(runMs === undefined ? {} : { runMs }),
        href: links.page,
      }));
  }
}
