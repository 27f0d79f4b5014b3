import { InjectQueue } from '@nestjs/bullmq';
import { Inject, Module, type OnApplicationBootstrap, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Queue } from 'bullmq';
import type { Logger } from 'pino';
import { EventsModule } from '../events/events.module.js';
import type { Sweeper } from '../queue/sweeper.js';
import { LOG } from '../logging/logging.module.js';
import { expirySweeper } from '../queue/expiry-sweeper.js';
import { TaskMover } from '../queue/task-mover.js';
import { FleetModule } from '../fleet/fleet.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { BulkController } from './bulk.controller.js';
import { Canceller } from './canceller.js';
import { ForeignActs } from './foreign-acts.js';
import { MoveController } from './move.controller.js';
import { KeyHolders } from './key-holders.js';
import { Submitter } from './submitter.js';
import { TaskBatches } from './task-batches.js';
import { TaskFinder } from './task-finder.js';
import { TaskLists } from './task-lists.js';
import { TaskStoryController } from './task-story.controller.js';
import { TaskStory } from './task-story.js';
import { TaskTypesController } from './task-types.controller.js';
import { TasksController } from './tasks.controller.js';
import { TasksService } from './tasks.service.js';
import { WhyController } from './why.controller.js';
import { WhyService } from './why.service.js';

/** The one door for writes, and tasks over REST. */
@Module({
  imports: [EventsModule, FleetModule, LimitsModule],
  // Bulk first: its path would otherwise be taken for a task's id.
  controllers: [
    BulkController,
    TasksController,
    MoveController,
    TaskStoryController,
    TaskTypesController,
    WhyController,
  ],
  providers: [
    Canceller,
    ForeignActs,
    KeyHolders,
    Submitter,
    TaskBatches,
    TaskFinder,
    TaskLists,
    TaskStory,
    TasksService,
    WhyService,
  ],
  exports: [ForeignActs, TaskBatches, TaskFinder, TaskStory, TasksService, WhyService],
})
export class TasksModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly sweeper: Sweeper;

  constructor(
    @InjectQueue('default') standard: Queue,
    @InjectQueue('cpu') cpu: Queue,
    mover: TaskMover,
    @Inject(LOG) log: Logger,
  ) {
    // Workers sweep as well; the web app does it so that tasks expire even while no worker is there.
    this.sweeper = expirySweeper(mover, [standard.toKey(''), cpu.toKey('')], log);
  }

  onApplicationBootstrap(): void {
    this.sweeper.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.sweeper.stop();
  }
}
