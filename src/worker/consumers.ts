import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Settings } from '../config/settings.js';
import { CommandRefused } from '../fleet/command.js';
import type { ConsumerRecord } from '../fleet/worker-record.js';
import { LOG } from '../logging/logging.module.js';
import { retention } from '../queue/job-policy.js';
import { CpuProcessor } from './cpu.processor.js';
import { DefaultProcessor } from './default.processor.js';
import { TaskRunner } from './task-runner.js';
import type { TaskWorker } from './task-worker.js';

const MAX_CONCURRENCY = 1000;

/** One queue this worker can serve. */
interface Consumer {
  worker: TaskWorker;
  /** Told to serve it; a paused worker serves nothing all the same. */
  serving: boolean;
  started: boolean;
  /** When it began to fetch, or began again, ms. */
  since: number;
  autoscale: { min: number; max: number } | null;
}

/** The consumers of this worker: which queues it serves, and how many tasks of each at once. */
@Injectable()
export class Consumers {
  private readonly byQueue = new Map<string, Consumer>();
  private paused = false;

  constructor(
    private readonly standard: DefaultProcessor,
    private readonly cpu: CpuProcessor,
    private readonly runner: TaskRunner,
    private readonly settings: Settings,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** Takes over BullMQ's workers once Nest has made them, and starts those that are to serve from the beginning. */
  start(): void {
    for (const worker of [this.standard.worker, this.cpu.worker] as TaskWorker[]) {
      // Read by BullMQ at every fetch; the decorator's options are fixed before the settings are known.
      Object.assign(worker.opts, { name: this.settings.WORKER_NAME, ...retention(this.settings) });
      worker.concurrency = this.settings.WORKER_CONCURRENCY;
      worker.on('error', (error) => this.log.debug({ queue: worker.name, err: error }, 'consumer error'));
      worker.on('lockRenewalFailed', (taskIds) => this.runner.lose(taskIds));
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

  /** Those that should be asking for tasks now. */
  fetching(): { queue: string; active: number; lastFetchAt: number }[] {
    return [...this.byQueue.values()]
      .filter(({ serving, worker }) => serving && !this.paused && !worker.isPaused())
      .map(({ worker, since }) => ({
        queue: worker.name,
        active: this.runner.activeIn(worker.name),
        lastFetchAt: Math.max(since, worker.lastFetchAt),
      }));
  }

  /** Takes effect at once: more tasks are fetched while others run; fewer as those that run end. */
  resize(queue: string, concurrency: number): void {
    const consumer = this.serving(queue);
    if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MAX_CONCURRENCY) {
      throw new CommandRefused(`concurrency must be a whole number from 1 to ${MAX_CONCURRENCY}`);
    }
    consumer.worker.concurrency = concurrency;
    consumer.worker.wake();
  }

  autoscale(queue: string, range: { min: number; max: number } | null): void {
    const consumer = this.serving(queue);
    if (range) {
      const { min, max } = range;
      const right =
        [min, max].every((n) => Number.isInteger(n) && n >= 1 && n <= MAX_CONCURRENCY) && min <= max;
      if (!right)
        throw new CommandRefused(
          `min and max must be whole numbers from 1 to ${MAX_CONCURRENCY}, min at most max`,
        );
      this.resize(queue, Math.min(max, Math.max(min, consumer.worker.concurrency)));
    }
    consumer.autoscale = range;
  }

  add(queue: string, concurrency?: number): void {
    const consumer = this.get(queue);
    if (consumer.serving) throw new CommandRefused(`this worker serves ${queue} already`);
    if (concurrency !== undefined) consumer.worker.concurrency = concurrency;
    this.serve(consumer);
  }

  /** What runs of that queue is finished; nothing new is taken. */
  async cancel(queue: string): Promise<void> {
    const consumer = this.serving(queue);
    consumer.serving = false;
    consumer.autoscale = null;
    await consumer.worker.pause(true);
    this.log.info({ queue }, `no longer serving queue ${queue}`);
  }

  async pauseAll(): Promise<void> {
    this.paused = true;
    await Promise.all(this.started().map(({ worker }) => worker.pause(true)));
  }

  async resumeAll(): Promise<void> {
    this.paused = false;
    for (const consumer of this.byQueue.values()) if (consumer.serving) await this.run(consumer);
  }

  /** Waits for what runs, unless forced. */
  async close(force: boolean): Promise<void> {
    await Promise.all([...this.byQueue.values()].map(({ worker }) => worker.close(force)));
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

  private started(): Consumer[] {
    return [...this.byQueue.values()].filter(({ started }) => started);
  }

  private get(queue: string): Consumer {
    const consumer = this.byQueue.get(queue);
    if (!consumer)
      throw new CommandRefused(
        `there is no queue ${queue}; there are ${[...this.byQueue.keys()].join(', ')}`,
      );
    return consumer;
  }

  private serving(queue: string): Consumer {
    const consumer = this.get(queue);
    if (!consumer.serving)
      throw new CommandRefused(`this worker does not serve ${queue}; add the consumer first`);
    return consumer;
  }
}
