import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Settings } from '../platform/config/settings.js';
import { CommandRefusedError } from '../workers/command.js';
import type { ConsumerRecord } from '../workers/worker-record.js';
import { LOG } from '../platform/logging/logging.module.js';
import { retention } from '../bullmq/job-policy.js';
import { findRefusal, formatRefusal } from '../bullmq/connection/redis-refusals.js';
import { TASK_WORKERS } from './queue.processor.js';
import { TaskRunner } from './task-runner.js';
import type { TaskWorker } from './task-worker.js';

const MAX_CONCURRENCY = 1000;

/** One queue that this worker can serve. */
interface Consumer {
  worker: TaskWorker;
  /** True if the queue is to be served. A paused worker fetches nothing anyway. */
  serving: boolean;
  started: boolean;
  /** Time when it started or resumed fetching, ms. */
  since: number;
  autoscale: { min: number; max: number } | null;
}

/** Consumers of this worker: the queues that it serves, and the concurrency of each. */
@Injectable()
export class Consumers {
  private readonly byQueue = new Map<string, Consumer>();
  private paused = false;
  private readonly loggedDenials = new Set<string>();

  constructor(
    @Inject(TASK_WORKERS) private readonly workers: readonly TaskWorker[],
    private readonly runner: TaskRunner,
    private readonly settings: Settings,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** Configures BullMQ's workers, and starts those that serve from the beginning. */
  start(): void {
    for (const worker of this.workers) {
      // BullMQ reads these options at every fetch. The options of the decorator are fixed before the settings
      // are known.
      Object.assign(worker.opts, { name: this.settings.WORKER_NAME, ...retention(this.settings) });
      worker.concurrency = this.settings.WORKER_CONCURRENCY;
      worker.on('error', (error) => this.logError(worker.name, error));
      worker.onLocksLost = (locks) => this.runner.abortLost(locks);
      worker.on('stalled', (taskId) =>
        this.log.warn({ queue: worker.name, taskId }, 'its worker is gone; the task is run again'),
      );
      this.byQueue.set(worker.name, { worker, serving: false, started: false, since: 0, autoscale: null });
    }
    for (const queue of this.settings.WORKER_QUEUES) this.serve(this.get(queue));
  }

  records(): ConsumerRecord[] {
    return [...this.byQueue.values()]
      .filter(({ serving }) => serving)
      .map(({ worker, autoscale }) => ({
        queue: worker.name,
        concurrency: worker.concurrency,
        active: this.runner.activeIn(worker.name),
        paused: worker.isPaused(),
        autoscale,
      }));
  }

  /** Lists the queues that should be fetching tasks now. */
  listFetching(): { queue: string; active: number; lastFetchAt: number }[] {
    return [...this.byQueue.values()]
      .filter(({ serving, worker }) => serving && !this.paused && !worker.isPaused())
      .map(({ worker, since }) => ({
        queue: worker.name,
        active: this.runner.activeIn(worker.name),
        lastFetchAt: Math.max(since, worker.lastFetchAt),
      }));
  }

  /**
   * Takes effect at once: a larger value fetches more tasks immediately, a smaller one applies as running
   * tasks end.
   */
  resize(queue: string, concurrency: number): void {
    const consumer = this.getServed(queue);
    if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MAX_CONCURRENCY) {
      throw new CommandRefusedError(`concurrency must be a whole number from 1 to ${MAX_CONCURRENCY}`);
    }
    consumer.worker.concurrency = concurrency;
    consumer.worker.wake();
  }

  autoscale(queue: string, range: { min: number; max: number } | null): void {
    const consumer = this.getServed(queue);
    if (range) {
      const { min, max } = range;
      const right =
        [min, max].every((n) => Number.isInteger(n) && n >= 1 && n <= MAX_CONCURRENCY) && min <= max;
      if (!right)
        throw new CommandRefusedError(
          `min and max must be whole numbers from 1 to ${MAX_CONCURRENCY}, min at most max`,
        );
      this.resize(queue, Math.min(max, Math.max(min, consumer.worker.concurrency)));
    }
    consumer.autoscale = range;
  }

  add(queue: string, concurrency?: number): void {
    const consumer = this.get(queue);
    if (consumer.serving) throw new CommandRefusedError(`this worker serves ${queue} already`);
    if (concurrency !== undefined) consumer.worker.concurrency = concurrency;
    this.serve(consumer);
  }

  /** Stops serving a queue. Its running tasks finish; no new ones are fetched. */
  async cancel(queue: string): Promise<void> {
    const consumer = this.getServed(queue);
    consumer.serving = false;
    consumer.autoscale = null;
    await consumer.worker.pause(true);
    this.log.info({ queue }, `no longer serving queue ${queue}`);
  }

  async pauseAll(): Promise<void> {
    this.paused = true;
    await Promise.all(this.listStarted().map(({ worker }) => worker.pause(true)));
  }

  async resumeAll(): Promise<void> {
    this.paused = false;
    for (const consumer of this.byQueue.values()) if (consumer.serving) await this.run(consumer);
  }

  /** Waits for running tasks, unless forced. */
  async close(force: boolean): Promise<void> {
    await Promise.all([...this.byQueue.values()].map(({ worker }) => worker.close(force)));
  }

  /** Logs missing ACL permissions once each. Most other errors are outages, which the connections log. */
  private logError(queue: string, error: Error): void {
    const refusal = findRefusal(error);
    const isNew = refusal?.word === 'NOPERM' && !this.loggedDenials.has(error.message);
    if (isNew) {
      this.loggedDenials.add(error.message);
      this.log.error({ queue, err: error }, formatRefusal(refusal));
    } else this.log.debug({ queue, err: error }, 'consumer error');
  }

  private serve(consumer: Consumer): void {
    consumer.serving = true;
    if (!this.paused) void this.run(consumer);
    const { name, concurrency } = consumer.worker;
    this.log.info({ queue: name, concurrency }, `serving queue ${name}`);
  }

  private async run(consumer: Consumer): Promise<void> {
    consumer.since = Date.now();
    if (consumer.started) return consumer.worker.resume();
    consumer.started = true;
    consumer.worker
      .run()
      .catch((error: unknown) =>
        this.log.error({ queue: consumer.worker.name, err: error }, 'consumer ended'),
      );
  }

  private listStarted(): Consumer[] {
    return [...this.byQueue.values()].filter(({ started }) => started);
  }

  private get(queue: string): Consumer {
    const consumer = this.byQueue.get(queue);
    if (!consumer)
      throw new CommandRefusedError(
        `there is no queue ${queue}; there are ${[...this.byQueue.keys()].join(', ')}`,
      );
    return consumer;
  }

  private getServed(queue: string): Consumer {
    const consumer = this.get(queue);
    if (!consumer.serving)
      throw new CommandRefusedError(`this worker does not serve ${queue}; add the consumer first`);
    return consumer;
  }
}
