import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { sharedNow } from '../contract/clock.js';
import { Settings } from '../config/settings.js';
import { CommandListener } from '../fleet/command-listener.js';
import { announce, BEAT_MS, leave } from '../fleet/presence.js';
import type { Sweeper } from '../queue/sweeper.js';
import { LOG } from '../logging/logging.module.js';
import { controlSweeper } from '../queue/control-sweeper.js';
import { expirySweeper } from '../queue/expiry-sweeper.js';
import { patientConnection } from '../queue/redis-connections.js';
import { QueueControl } from '../queue/queue-control.js';
import type { CommandRedis } from '../queue/task-commands.js';
import { TaskMover } from '../queue/task-mover.js';
import { COMMANDS } from '../queue/tokens.js';
import { Autoscaler } from './autoscaler.js';
import { Consumers } from './consumers.js';
import { SelfPortrait } from './self-portrait.js';
import { TaskRunner } from './task-runner.js';
import { WorkerCommands } from './worker-commands.js';

/** Before the stop's hard limit, ms (or a third of it): running tasks are asked to let go. */
const LET_GO_MS = 5_000;

/** The worker among others: says who it is, hears commands, and stops in order. */
@Injectable()
export class WorkerAgent implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly autoscaler = new Autoscaler();
  private readonly sweepers: Sweeper[];
  private readonly listener: CommandListener;
  private beat: NodeJS.Timeout | undefined;

  constructor(
    private readonly consumers: Consumers,
    private readonly runner: TaskRunner,
    private readonly portrait: SelfPortrait,
    private readonly settings: Settings,
    commands: WorkerCommands,
    mover: TaskMover,
    control: QueueControl,
    @Inject(COMMANDS) private readonly redis: CommandRedis,
    @Inject(LOG) private readonly log: Logger,
  ) {
    const { QUEUE_PREFIX: prefix } = settings;
    const queues = settings.WORKER_QUEUES;
    this.sweepers = [
      expirySweeper(
        mover,
        queues.map((queue) => `${prefix}:${queue}:`),
        log,
      ),
      controlSweeper(control, queues, log),
    ];
    const ear = patientConnection(settings, 'worker-ear', log);
    this.listener = new CommandListener(ear, redis, prefix, portrait.id, commands, log);
  }

  async onApplicationBootstrap(): Promise<void> {
    this.portrait.start();
    this.consumers.start();
    // Both wait for Redis where it is away; the worker does not wait for them.
    this.listener
      .start()
      .catch((error: unknown) => this.log.error({ err: error }, 'commands cannot be heard'));
    await this.announce();
    this.beat = setInterval(() => void this.onBeat(), BEAT_MS);
    for (const sweeper of this.sweepers) sweeper.start();
    process.on('uncaughtException', (error) => this.crash(error));
    process.on('unhandledRejection', (error) => this.crash(error));
  }

  async beforeApplicationShutdown(signal?: string): Promise<void> {
    clearInterval(this.beat);
    await Promise.all(this.sweepers.map((sweeper) => sweeper.stop()));
    const limit = this.settings.SHUTDOWN_TIMEOUT_MS;
    const letGo = setTimeout(
      () => this.runner.stopAll('The worker is stopping.'),
      Math.max(0, limit - Math.min(LET_GO_MS, limit / 3)),
    );
    // Still here, still heard (somebody may cancel what it waits for), but not for new work.
    this.beat = setInterval(() => void this.announce(), BEAT_MS);
    // With Redis away nothing can be settled any more: closing would wait for it for ever.
    await this.consumers.close(this.runner.active === 0 && this.redis.status !== 'ready');
    clearInterval(this.beat);
    clearTimeout(letGo);
    await this.listener.stop();
    this.portrait.stop();
    await this.sayGoodbye(this.portrait.leaving ?? (signal ? `stopped by ${signal}` : 'told to stop'));
  }

  private async onBeat(): Promise<void> {
    await this.announce();
    await this.scale().catch((error: unknown) => this.log.debug({ err: error }, 'autoscale'));
  }

  private async announce(): Promise<void> {
    if (this.redis.status !== 'ready') return;
    const { record, sample } = this.portrait.draw();
    await announce(this.redis, this.settings.QUEUE_PREFIX, record, sample).catch(() => undefined);
  }

  private async scale(): Promise<void> {
    for (const consumer of this.consumers.records()) {
      if (!consumer.autoscale || consumer.paused) continue;
      const stats = await this.redis.roostQueueStats(`${this.settings.QUEUE_PREFIX}:${consumer.queue}:`);
      const since = Number(stats[7]);
      const next = this.autoscaler.next({
        consumer,
        oldestWaitMs: since > 0 ? Math.max(0, sharedNow() - since) : 0,
        busyPercent: this.portrait.busyPercent,
      });
      if (next !== consumer.concurrency) {
        this.log.info({ queue: consumer.queue, from: consumer.concurrency, to: next }, 'autoscale');
        this.consumers.resize(consumer.queue, next);
      }
    }
  }

  private async sayGoodbye(left: string): Promise<void> {
    if (this.redis.status !== 'ready') return;
    await leave(this.redis, this.settings.QUEUE_PREFIX, { ...this.portrait.draw().record, left }).catch(
      () => undefined,
    );
  }

  /** The state of the process is no longer known: it says why and leaves; its tasks are run again elsewhere. */
  private crash(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.log.fatal({ err: error }, 'crashed');
    const farewell = this.sayGoodbye(`crashed: ${message.slice(0, 200)}`);
    void Promise.race([farewell, new Promise((resolve) => setTimeout(resolve, 500))]).then(() =>
      process.exit(1),
    );
  }
}
