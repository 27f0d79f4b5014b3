import { Inject, Module, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { WorkersModule } from '../workers/workers.module.js';
import type { PeriodicRunner } from '../coordination/periodic-runner.js';
import { LOG } from '../platform/logging/logging.module.js';
import { controlSweeper } from '../bullmq/control-sweeper.js';
import { QueueControl } from '../bullmq/queue-control.js';
import { Queues } from '../bullmq/shared-queues.js';
import { QueuesController } from './queues.controller.js';
import { QueuesService } from './queues.service.js';

/** Queues: state, pause, limits, and commands on all tasks of a queue. */
@Module({
  imports: [WorkersModule],
  controllers: [QueuesController],
  providers: [QueuesService],
  exports: [QueuesService],
})
export class QueuesModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly sweeper: PeriodicRunner;

  constructor(control: QueueControl, queues: Queues, @Inject(LOG) log: Logger) {
    // Workers sweep as well, so that a pause ends in time while either app runs.
    this.sweeper = controlSweeper(control, queues.names(), log);
  }

  onApplicationBootstrap(): void {
    void this.sweeper.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.sweeper.stop();
  }
}
