import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { SharedClock } from '../platform/clock.js';
import { RoostError } from '../model/errors.js';
import type { StateCounts } from '../model/states.js';
import { WorkersService } from '../workers/workers.service.js';
import type { WorkerView } from '../workers/workers.openapi.js';
import { QueueControl, type ControlRequest, type ChunkedResult } from '../bullmq/queue-control.js';
import { Queues } from '../bullmq/shared-queues.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import { RedisHealth } from '../bullmq/connection/redis-health.js';
import { TaskReader } from '../bullmq/task-reader.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { toAction, toQueueView } from './queue-view.js';
import type { QueueDetail, QueueOutcome, QueueView } from './queues.openapi.js';
import { observedBase, queueKey } from '../bullmq/keys.js';

/** Window of the rates on the pages, ms. */
const FLOW_WINDOW_MS = 60_000;
/** Waiting tasks sampled for the composition of a queue: in the list of queues, and on the page of one queue. */
const LIST_SAMPLE_SIZE = 100;
const DETAIL_SAMPLE_SIZE = 1000;
const MAX_ACTIONS = 20;
const MAX_OBSERVED_NAME_LENGTH = 400;

/** State of another program's queue from BullMQ's own keys; only that program controls it. */
export interface ObservedQueue {
  /** `bull:mail` */
  name: string;
  prefix: string;
  queue: string;
  counts: StateCounts;
  /** Time that the oldest waiting task has been ready to run, ms; null if no task waits. */
  oldestWaitingMs: number | null;
  paused: boolean;
}

/** Queues for REST and the pages. */
@Injectable()
export class QueuesService {
  constructor(
    private readonly registry: Queues,
    private readonly control: QueueControl,
    private readonly reader: TaskReader,
    private readonly fleet: WorkersService,
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
    private readonly health: RedisHealth,
    private readonly clock: SharedClock,
  ) {}

  /** @throws RoostError REDIS_UNAVAILABLE, like all methods of this class. */
  async list(): Promise<QueueView[]> {
    return withRedis(this.redis, async () => {
      const workers = await this.fleet.list();
      return Promise.all(this.registry.names().map((name) => this.view(name, workers, LIST_SAMPLE_SIZE)));
    });
  }

  /** @throws RoostError QUEUE_NOT_FOUND, like all methods below that have a `queue`. */
  async get(queue: string): Promise<QueueDetail> {
    const name = await this.getManagedName(queue);
    return withRedis(this.redis, async () => {
      const view = await this.view(name, await this.fleet.list(), DETAIL_SAMPLE_SIZE);
      return { ...view, actions: (await this.control.listActions(name, MAX_ACTIONS)).map(toAction) };
    });
  }

  /** Pauses a queue: workers finish running tasks and fetch no new ones. It resumes at the end of the request. */
  pause(queue: string, order: ControlRequest): Promise<QueueDetail> {
    return this.change(queue, (name) => this.control.pause(name, order));
  }

  resume(queue: string, order: ControlRequest): Promise<QueueDetail> {
    return this.change(queue, (name) => this.control.resume(name, order));
  }

  setConcurrency(queue: string, value: number | null, order: ControlRequest): Promise<QueueDetail> {
    return this.change(queue, (name) => this.control.setConcurrency(name, value, order));
  }

  setRateLimit(
    queue: string,
    limit: { max: number; perMs: number } | null,
    order: ControlRequest,
  ): Promise<QueueDetail> {
    return this.change(queue, (name) => this.control.setRateLimit(name, limit, order));
  }

  drain(queue: string, order: ControlRequest & { delayed: boolean }): Promise<QueueOutcome> {
    return this.work(queue, (name) => this.control.drain(name, order));
  }

  clean(
    queue: string,
    order: ControlRequest & { state: string; olderThanMs: number; limit?: number },
  ): Promise<QueueOutcome> {
    return this.work(queue, (name) => this.control.clean(name, order));
  }

  promote(queue: string, order: ControlRequest): Promise<QueueOutcome> {
    return this.work(queue, (name) => this.control.promote(name, order));
  }

  /** @throws RoostError QUEUE_NOT_FOUND, QUEUE_NOT_OURS */
  async getManagedName(queue: string): Promise<string> {
    if (this.registry.names().includes(queue)) return queue;
    if (await this.findObserved(queue)) throw queueNotManaged(queue);
    throw new RoostError(
      'QUEUE_NOT_FOUND',
      `There is no queue \`${queue.slice(0, 64)}\`. There are: ${this.registry.names().join(', ')}.`,
    );
  }

  /** Finds a queue of another BullMQ program on this Redis, named `<prefix>:<queue>`. */
  async findObserved(name: string): Promise<ObservedQueue | undefined> {
    const colon = name.lastIndexOf(':');
    if (colon < 1 || name.length > MAX_OBSERVED_NAME_LENGTH || this.registry.names().includes(name))
      return undefined;
    return withRedis(
      this.redis,
      async () => {
        // Every BullMQ queue has this key.
        if ((await this.redis.exists(queueKey(observedBase(name), 'meta'))) === 0) return undefined;
        const { counts, oldestWaitingSince, paused } = await this.reader.statsAt(observedBase(name));
        return {
          ...{ name, prefix: name.slice(0, colon), queue: name.slice(colon + 1), counts, paused },
          oldestWaitingMs:
            oldestWaitingSince === null ? null : Math.max(0, this.clock.now() - oldestWaitingSince),
        };
      },
      'others',
    );
  }

  private async change(queue: string, act: (name: string) => Promise<void>): Promise<QueueDetail> {
    const name = await this.getManagedName(queue);
    await withRedis(this.redis, () => act(name));
    return this.get(name);
  }

  private async work(queue: string, act: (name: string) => Promise<ChunkedResult>): Promise<QueueOutcome> {
    const name = await this.getManagedName(queue);
    const { done, more } = await withRedis(this.redis, () => act(name));
    return {
      done,
      more,
      ...(more ? { cure: 'More tasks remain. Call again.' } : {}),
      queue: await this.get(name),
    };
  }

  private async view(name: string, workers: WorkerView[], sampled: number): Promise<QueueView> {
    const [{ counts, oldestWaitingSince }, hold, flow, sample] = await Promise.all([
      this.reader.stats(name),
      this.control.getHold(name),
      this.control.findFlow(name, FLOW_WINDOW_MS),
      this.loadSample(name, sampled),
    ]);
    const workersUnknown = this.health.workersHiddenSince !== undefined;
    const now = this.clock.now();
    return toQueueView({
      ...{ name, counts, oldestWaitingSince, hold, flow, workers },
      ...{ workersUnknown, sample, now },
    });
  }

  /** Types of the tasks that run next. */
  private async loadSample(queue: string, size: number): Promise<string[]> {
    const base = this.control.base(queue);
    const first = await this.redis.lrange(queueKey(base, 'wait'), -size, -1);
    const ids =
      first.length < size
        ? [
            ...first,
            ...(await this.redis.zrange(queueKey(base, 'prioritized'), '0', String(size - first.length - 1))),
          ]
        : first;
    const types = ids.length > 0 ? await this.reader.typesOf(queue, ids) : [];
    return types.filter((type) => type !== null);
  }
}

function queueNotManaged(name: string): RoostError {
  const colon = name.lastIndexOf(':');
  return new RoostError(
    'QUEUE_NOT_OURS',
    `\`${name}\` is the queue \`${name.slice(colon + 1)}\` of another BullMQ program (prefix \`${name.slice(0, colon)}\`). ` +
      'Roost shows its tasks and does not control the queue: pause, drain or limit it in its own program.',
    undefined,
    { queue: name, tasks: `/api/v1/tasks?queue=${encodeURIComponent(name)}` },
  );
}
