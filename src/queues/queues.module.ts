import { Inject, Module, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { FleetModule } from '../fleet/fleet.module.js';
import type { Sweeper } from '../queue/sweeper.js';
import { LOG } from '../logging/logging.module.js';
import { controlSweeper } from '../queue/control-sweeper.js';
import { QueueControl } from '../queue/queue-control.js';
import { Queues } from '../queue/queues.js';
import { QueuesController } from './queues.controller.js';
import { QueuesService } from './queues.service.js';

/** Queues: what they hold, what holds them back, and acting on all of their tasks. */
@Module({
  imports: [FleetModule],
  controllers: [QueuesController],
  providers: [QueuesService],
  exports: [QueuesService],
})
export class QueuesModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly sweeper: Sweeper;

  constructor(control: QueueControl, queues: Queues, @Inject(LOG) log: Logger) {
    // Workers sweep as well: a pause ends in time while either is there.
    this.sweeper = controlSweeper(control, queues.names(), log);
  }

  onApplicationBootstrap(): void {
    this.sweeper.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.sweeper.stop();
  }
}
