import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { sharedNow } from '../contract/clock.js';
import type { TaskView } from '../contract/task-view.js';
import { FleetService } from '../fleet/fleet.service.js';
import { LimitsService } from '../limits/limits.service.js';
import { missingTask } from '../queue/missing-task.js';
import { QueueControl } from '../queue/queue-control.js';
import { withRedis } from '../queue/redis-errors.js';
import { JOB_ID } from '../queue/task-ids.js';
import { TaskReader } from '../queue/task-reader.js';
import { COMMANDS } from '../queue/tokens.js';
import { toWhy, type BlockingTask, type WhyFacts, type WhyView } from './why-not-running.js';

/** Throughput is taken over this, ms. */
const FLOW_MS = 300_000;
/** Places from the front that are looked at for a task: well under a ms of Redis's time. */
const MAX_PLACES = 10_000;
/** Running tasks read, of which the longest are told. */
const MAX_RUNNING = 200;
const MAX_TOLD = 10;

/** "Why isn't it running?", asked of everything that could be in the way. */
@Injectable()
export class WhyService {
  constructor(
    private readonly reader: TaskReader,
    private readonly control: QueueControl,
    private readonly limits: LimitsService,
    private readonly fleet: FleetService,
    @Inject(COMMANDS) private readonly redis: Redis,
  ) {}

  /** @throws RoostError TASK_NOT_FOUND, TASK_GONE or REDIS_UNAVAILABLE. */
  why(id: string): Promise<WhyView> {
    return withRedis(this.redis, async () => {
      const found = JOB_ID.test(id) ? await this.reader.find(id) : undefined;
      if (!found) throw missingTask(id);
      const task = await this.reader.view(found);
      const queue = task.queue;
      const base = this.control.base(queue);
      const [hold, type, workers, position, running, flow, note, isHeld, attempts] = await Promise.all([
        this.control.hold(queue),
        this.limits.hold(task.type),
        this.fleet.list(),
        task.state === 'waiting' ? this.position(base, id, task.priority) : null,
        this.running(queue),
        this.control.flow(queue, FLOW_MS),
        this.redis.hget(base + id, 'roost:held'),
        task.state === 'delayed' && this.limits.isHeld(task.type, queue, id),
        task.state === 'delayed' ? this.reader.attempts(found) : [],
      ]);
      const failed = attempts.findLast(({ outcome }) => outcome === 'failed');
      const facts: WhyFacts = {
        now: sharedNow(),
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
          // The note stays when the limit is lifted.
          ...(note && isHeld ? { held: JSON.parse(note) as NonNullable<WhyFacts['task']['held']> } : {}),
        },
        position,
        queue: hold,
        type,
        consumers: workers
          .filter(({ status }) => status !== 'offline')
          .flatMap(({ consumers }) => consumers.filter((consumer) => consumer.queue === queue)),
        running: running.slice(0, MAX_TOLD),
        typeRunning: await this.told(type.slots),
        flow,
      };
      return toWhy(facts, otherwise(task));
    });
  }

  /** Tasks before it: those in the plain list all come before the ones with a priority. */
  private async position(base: string, id: string, priority: number): Promise<WhyFacts['position']> {
    const length = await this.redis.llen(`${base}wait`);
    if (priority > 0) {
      const rank = await this.redis.zrank(`${base}prioritized`, id);
      return rank === null ? null : { ahead: length + rank, atLeast: false };
    }
    const place = await this.redis.lpos(`${base}wait`, id, 'RANK', -1, 'MAXLEN', MAX_PLACES);
    if (place !== null) return { ahead: Math.max(0, length - 1 - place), atLeast: false };
    return length > MAX_PLACES ? { ahead: MAX_PLACES, atLeast: true } : null;
  }

  private async running(queue: string): Promise<BlockingTask[]> {
    const ids = await this.reader.ids(queue, 'active', 0, MAX_RUNNING);
    return this.told(ids.map((id) => ({ queue, id })));
  }

  /** The longest running first. */
  private async told(refs: { queue: string; id: string }[]): Promise<BlockingTask[]> {
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

/** What a task does that neither waits nor is delayed. */
function otherwise(task: TaskView): string {
  const { state, startedAt, finishedAt, worker, cancelled } = task;
  switch (state) {
    case 'active':
      return `It is running${startedAt ? ` since ${startedAt}` : ''}${worker ? ` on ${worker}` : ''}.`;
    case 'completed':
      return `It has completed${at(finishedAt)}.`;
    case 'failed':
      return `It has failed${at(finishedAt)}${task.error ? `: ${task.error.message.split('\n', 1)[0]}` : ''}. A retry puts it back into its queue.`;
    case 'cancelled':
      return `It was cancelled${cancelled?.by ? ` by ${cancelled.by}` : ''}${at(finishedAt)}${cancelled?.reason ? `: ${cancelled.reason}` : ''}. A retry puts it back into its queue.`;
    case 'expired':
      return `It expired${at(finishedAt)}: it had not started in time. A retry puts it back into its queue.`;
    default:
      return '';
  }
}

function at(time: string | undefined): string {
  return time ? ` at ${time}` : '';
}
