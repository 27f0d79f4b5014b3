import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { SharedClock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { PeriodicRunner } from '../coordination/periodic-runner.js';
import { CommandListener } from '../workers/command-listener.js';
import { announce, HEARTBEAT_MS, leave } from '../workers/presence.js';
import { LOG } from '../platform/logging/logging.module.js';
import { controlSweeper } from '../bullmq/control-sweeper.js';
import { expirySweeper } from '../bullmq/expiry-sweeper.js';
import { blockingConnection } from '../bullmq/connection/redis-connections.js';
import { QueueControl } from '../bullmq/queue-control.js';
import { readQueueStats } from '../bullmq/queue-stats.js';
import { findRefusal, formatRefusal } from '../bullmq/connection/redis-refusals.js';
import type { CommandRedis } from '../bullmq/task-commands.js';
import { TaskTransitions } from '../bullmq/task-transitions.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { Autoscaler } from './autoscaler.js';
import { Consumers } from './consumers.js';
import { WorkerSnapshot } from './worker-snapshot.js';
import { TaskRunner } from './task-runner.js';
import { WorkerCommands } from './worker-commands.js';
import { queueBase } from '../bullmq/keys.js';

/**
 * Time before the stop's hard limit at which running tasks are asked to end, ms (at most a third of the
 * limit).
 */
const STOP_LEAD_MS = 5_000;

/** Publishes this worker's presence, receives commands, and shuts down gracefully. */
@Injectable()
export class WorkerAgent implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly autoscaler = new Autoscaler();
  /** Work that ends when the worker starts to stop. */
  private readonly periodic: PeriodicRunner[];
  private readonly heartbeat: PeriodicRunner;
  private readonly listener: CommandListener;
  private refusedFor: string | undefined;

  constructor(
    private readonly consumers: Consumers,
    private readonly runner: TaskRunner,
    private readonly snapshot: WorkerSnapshot,
    private readonly settings: Settings,
    commands: WorkerCommands,
    mover: TaskTransitions,
    control: QueueControl,
    @Inject(COMMAND_CLIENT) private readonly redis: CommandRedis,
    @Inject(LOG) private readonly log: Logger,
    private readonly clock: SharedClock,
  ) {
    const { QUEUE_PREFIX: prefix } = settings;
    const queues = settings.WORKER_QUEUES;
    this.heartbeat = new PeriodicRunner(() => this.announce(), {
      name: 'heartbeat',
      everyMs: HEARTBEAT_MS,
      log,
    });
    this.periodic = [
      new PeriodicRunner(() => this.scale(), {
        name: 'autoscale',
        everyMs: HEARTBEAT_MS,
        log,
        level: 'debug',
      }),
      expirySweeper(
        mover,
        queues.map((queue) => queueBase(prefix, queue)),
        log,
      ),
      controlSweeper(control, queues, log),
    ];
    const connection = blockingConnection(settings, 'worker-ear', log);
    this.listener = new CommandListener(connection, redis, prefix, snapshot.id, commands, log);
  }

  async onApplicationBootstrap(): Promise<void> {
    this.snapshot.start();
    this.consumers.start();
    // Both wait for Redis if it is unavailable; the start of the worker does not wait for them.
    this.listener
      .start()
      .catch((error: unknown) => this.log.error({ err: error }, 'commands cannot be received'));
    await this.heartbeat.start();
    for (const runner of this.periodic) void runner.start();
  }

  async beforeApplicationShutdown(signal?: string): Promise<void> {
    await Promise.all(this.periodic.map((runner) => runner.stop()));
    const limit = this.settings.SHUTDOWN_TIMEOUT_MS;
    const stopTimer = setTimeout(
      () => this.runner.stopAll('The worker is stopping.'),
      Math.max(0, limit - Math.min(STOP_LEAD_MS, limit / 3)),
    );
    // Until its last task has ended the worker publishes heartbeats and receives commands (a user may cancel a task it waits for),
    // but fetches nothing.

    // Nothing can be stored without Redis: a graceful close would wait for it forever. The status of the connection
    // does not show an outage that began this moment.
    const answers = await this.redis.ping().then(
      () => true,
      () => false,
    );
    await this.consumers.close(this.runner.active === 0 && !answers);
    await this.heartbeat.stop();
    clearTimeout(stopTimer);
    await this.listener.stop();
    this.snapshot.stop();
    await this.publishLeave(
      this.snapshot.leaving ?? (signal ? `stopped by ${signal}` : 'stopped by a command'),
    );
  }

  private async announce(): Promise<void> {
    if (this.redis.status !== 'ready') return;
    const { record, sample } = this.snapshot.read();
    await announce(this.redis, this.settings.QUEUE_PREFIX, record, sample).then(
      () => this.logWriteRefusal(undefined),
      (error: unknown) => this.logWriteRefusal(error),
    );
  }

  /**
   * Logs one line when Redis stops accepting writes, and one when it accepts them again. The connections log
   * outages.
   */
  private logWriteRefusal(error: unknown): void {
    const refusal = findRefusal(error);
    if ((error && !refusal) || refusal?.word === this.refusedFor) return;
    this.refusedFor = refusal?.word;
    if (refusal) this.log.error({ code: refusal.code }, formatRefusal(refusal));
    else this.log.info('Redis accepts writes again');
  }

  private async scale(): Promise<void> {
    for (const consumer of this.consumers.records()) {
      if (!consumer.autoscale || consumer.paused) continue;
      const { oldestWaitingSince: since } = await readQueueStats(
        this.redis,
        queueBase(this.settings.QUEUE_PREFIX, consumer.queue),
      );
      const next = this.autoscaler.next({
        consumer,
        oldestWaitMs: since === null ? 0 : Math.max(0, this.clock.now() - since),
        busyPercent: this.snapshot.busyPercent,
      });
      if (next !== consumer.concurrency) {
        this.log.info({ queue: consumer.queue, from: consumer.concurrency, to: next }, 'autoscale');
        this.consumers.resize(consumer.queue, next);
      }
    }
  }

  private async publishLeave(left: string): Promise<void> {
    if (this.redis.status !== 'ready') return;
    await leave(this.redis, this.settings.QUEUE_PREFIX, { ...this.snapshot.read().record, left }).catch(
      () => undefined,
    );
  }
}
