import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { sharedNow } from '../contract/clock.js';
import { RoostError } from '../contract/errors.js';
import { FleetService, type WorkerView } from '../fleet/fleet.service.js';
import { QueueControl, type Order, type Progressed } from '../queue/queue-control.js';
import { Queues } from '../queue/queues.js';
import { withRedis } from '../queue/redis-errors.js';
import { TaskReader } from '../queue/task-reader.js';
import { COMMANDS } from '../queue/tokens.js';
import { toAction, toQueueView, type QueueDetail, type QueueView } from './queue-view.js';

/** Rates on the pages are over this, ms. */
const FLOW_MS = 60_000;
/** Waiting tasks looked at to tell what a queue is made of: in the list of queues, and for one of them. */
const SAMPLE = 100;
const DETAIL_SAMPLE = 1000;
const ACTIONS = 20;

/** What a long operation did; call it again where there is `more`. */
export interface Outcome extends Progressed {
  /** What to do about `more`. */
  cure?: string;
  queue: QueueDetail;
}

/** Queues as people and programs see and handle them. */
@Injectable()
export class QueuesService {
  constructor(
    private readonly registry: Queues,
    private readonly control: QueueControl,
    private readonly reader: TaskReader,
    private readonly fleet: FleetService,
    @Inject(COMMANDS) private readonly redis: Redis,
  ) {}

  /** @throws RoostError REDIS_UNAVAILABLE, as everything here. */
  async list(): Promise<QueueView[]> {
    return withRedis(this.redis, async () => {
      const workers = await this.fleet.list();
      return Promise.all(this.registry.names().map((name) => this.view(name, workers, SAMPLE)));
    });
  }

  /** @throws RoostError QUEUE_NOT_FOUND, as everything below. */
  async get(queue: string): Promise<QueueDetail> {
    const name = this.known(queue);
    return withRedis(this.redis, async () => {
      const view = await this.view(name, await this.fleet.list(), DETAIL_SAMPLE);
      return { ...view, actions: (await this.control.actions(name, ACTIONS)).map(toAction) };
    });
  }

  /** Workers finish what they run and take nothing new; it goes on by itself at the order's end. */
  pause(queue: string, order: Order): Promise<QueueDetail> {
    return this.change(queue, (name) => this.control.pause(name, order));
  }

  resume(queue: string, order: Order): Promise<QueueDetail> {
    return this.change(queue, (name) => this.control.resume(name, order));
  }

  setConcurrency(queue: string, value: number | null, order: Order): Promise<QueueDetail> {
    return this.change(queue, (name) => this.control.setConcurrency(name, value, order));
  }

  setRateLimit(
    queue: string,
    limit: { max: number; perMs: number } | null,
    order: Order,
  ): Promise<QueueDetail> {
    return this.change(queue, (name) => this.control.setRateLimit(name, limit, order));
  }

  drain(queue: string, order: Order & { delayed: boolean }): Promise<Outcome> {
    return this.work(queue, (name) => this.control.drain(name, order));
  }

  clean(
    queue: string,
    order: Order & { state: string; olderThanMs: number; limit?: number },
  ): Promise<Outcome> {
    return this.work(queue, (name) => this.control.clean(name, order));
  }

  promote(queue: string, order: Order): Promise<Outcome> {
    return this.work(queue, (name) => this.control.promote(name, order));
  }

  known(queue: string): string {
    if (this.registry.names().includes(queue)) return queue;
    throw new RoostError(
      'QUEUE_NOT_FOUND',
      `There is no queue \`${queue.slice(0, 64)}\`. There are: ${this.registry.names().join(', ')}.`,
    );
  }

  private async change(queue: string, act: (name: string) => Promise<void>): Promise<QueueDetail> {
    const name = this.known(queue);
    await withRedis(this.redis, () => act(name));
    return this.get(name);
  }

  private async work(queue: string, act: (name: string) => Promise<Progressed>): Promise<Outcome> {
    const name = this.known(queue);
    const { done, more } = await withRedis(this.redis, () => act(name));
    return {
      done,
      more,
      ...(more ? { cure: 'There is more than one call can do. Call again.' } : {}),
      queue: await this.get(name),
    };
  }

  private async view(name: string, workers: WorkerView[], sampled: number): Promise<QueueView> {
    const [{ counts, oldestWaitingSince }, hold, flow, sample] = await Promise.all([
      this.reader.stats(name),
      this.control.hold(name),
      this.control.flow(name, FLOW_MS),
      this.sample(name, sampled),
    ]);
    return toQueueView({ name, counts, oldestWaitingSince, hold, flow, workers, sample, now: sharedNow() });
  }

  /** Types of the tasks next in turn. */
  private async sample(queue: string, size: number): Promise<string[]> {
    const base = this.control.base(queue);
    const first = await this.redis.lrange(`${base}wait`, -size, -1);
    const ids =
      first.length < size
        ? [...first, ...(await this.redis.zrange(`${base}prioritized`, '0', String(size - first.length - 1)))]
        : first;
    const types = ids.length > 0 ? await this.reader.typesOf(queue, ids) : [];
    return types.filter((type) => type !== null);
  }
}
