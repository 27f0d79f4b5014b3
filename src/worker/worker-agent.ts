import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { Settings } from '../config/settings.js';
import { announce, BEAT_MS, leave, type WorkerRecord } from '../fleet/presence.js';
import { LOG } from '../logging/logging.module.js';
import { ExpirySweeper } from '../queue/expiry-sweeper.js';
import { retention } from '../queue/job-policy.js';
import { TaskMover } from '../queue/task-mover.js';
import { COMMANDS } from '../queue/tokens.js';
import { CpuProcessor } from './cpu.processor.js';
import { DefaultProcessor } from './default.processor.js';
import { TaskRunner } from './task-runner.js';

/** Before the stop's hard limit, ms (or a third of it): running tasks are asked to let go. */
const LET_GO_MS = 5_000;

/** Starts the consumers this worker is to serve, says who it is, and stops in order. */
@Injectable()
export class WorkerAgent implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly id = randomUUID();
  private readonly startedAt = Date.now();
  private consumers: Worker[] = [];
  private beat: NodeJS.Timeout | undefined;
  private sweeper: ExpirySweeper;

  constructor(
    private readonly standard: DefaultProcessor,
    private readonly cpu: CpuProcessor,
    private readonly runner: TaskRunner,
    private readonly settings: Settings,
    mover: TaskMover,
    @Inject(COMMANDS) private readonly redis: Redis,
    @Inject(LOG) private readonly log: Logger,
  ) {
    const bases = settings.WORKER_QUEUES.map((queue) => `${settings.QUEUE_PREFIX}:${queue}:`);
    this.sweeper = new ExpirySweeper(mover, bases, log);
  }

  async onApplicationBootstrap(): Promise<void> {
    const served = [this.standard.worker, this.cpu.worker].filter((worker) =>
      this.settings.WORKER_QUEUES.includes(worker.name),
    );
    this.consumers = served;
    for (const worker of served) this.start(worker);
    await this.announce();
    this.beat = setInterval(() => void this.announce(), BEAT_MS);
    this.sweeper.start();
  }

  async beforeApplicationShutdown(signal?: string): Promise<void> {
    clearInterval(this.beat);
    await this.sweeper.stop();
    const limit = this.settings.SHUTDOWN_TIMEOUT_MS;
    const letGo = setTimeout(
      () => this.runner.stopAll('The worker is stopping.'),
      Math.max(0, limit - Math.min(LET_GO_MS, limit / 3)),
    );
    // With Redis away nothing can be settled any more: closing would wait for it for ever.
    const force = this.runner.active === 0 && this.redis.status !== 'ready';
    await Promise.all(this.consumers.map((worker) => worker.close(force)));
    clearTimeout(letGo);
    await this.sayGoodbye(signal);
  }

  private start(worker: Worker): void {
    // Read by BullMQ at every fetch; the decorator's options are fixed before the settings are known.
    Object.assign(worker.opts, { name: this.settings.WORKER_NAME, ...retention(this.settings) });
    worker.concurrency = this.settings.WORKER_CONCURRENCY;
    worker.on('error', (error) => this.log.debug({ queue: worker.name, err: error }, 'consumer error'));
    worker.on('stalled', (taskId) => this.log.warn({ queue: worker.name, taskId }, 'its worker is gone; the task is run again'));
    worker.run().catch((error: unknown) => this.log.error({ queue: worker.name, err: error }, 'consumer ended'));
    this.log.info({ queue: worker.name, concurrency: worker.concurrency }, `serving queue ${worker.name}`);
  }

  private async announce(): Promise<void> {
    if (this.redis.status !== 'ready' && this.redis.status !== 'connecting' && this.redis.status !== 'connect') return;
    await announce(this.redis, this.settings.QUEUE_PREFIX, this.record()).catch(() => undefined);
  }

  private async sayGoodbye(signal?: string): Promise<void> {
    if (this.redis.status !== 'ready') return;
    const left = signal ? `stopped by ${signal}` : 'told to stop';
    await leave(this.redis, this.settings.QUEUE_PREFIX, { ...this.record(), left }).catch(() => undefined);
  }

  private record(): WorkerRecord {
    return {
      id: this.id,
      name: this.settings.WORKER_NAME,
      host: hostname(),
      pid: process.pid,
      startedAt: this.startedAt,
      lastSeenAt: Date.now(),
      consumers: this.consumers.map((worker) => ({
        queue: worker.name,
        concurrency: worker.concurrency,
        paused: worker.isPaused(),
      })),
      active: this.runner.active,
    };
  }
}
