import { Inject, Module, type OnApplicationBootstrap, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Queue } from 'bullmq';
import type { Logger } from 'pino';
import { EventsModule } from '../events/events.module.js';
import type { PeriodicRunner } from '../coordination/periodic-runner.js';
import { LOG } from '../platform/logging/logging.module.js';
import { expirySweeper } from '../bullmq/expiry-sweeper.js';
import { InjectQueues } from '../bullmq/shared-queues.js';
import { TaskTransitions } from '../bullmq/task-transitions.js';
import { WorkersModule } from '../workers/workers.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { CancelTask } from './cancel-task.js';
import { ObservedTaskCommands } from './observed-task-commands.js';
import { ObservedWaitingReasons } from './observed-waiting-reasons.js';
import { IdempotencyIndex } from './idempotency-index.js';
import { SubmitTask } from './submit-task.js';
import { TaskCommands } from './task-commands.js';
import { TaskBatches } from './task-batches.js';
import { TaskFinder } from './task-finder.js';
import { TaskLists } from './task-lists.js';
import { TaskTimeline } from './task-timeline.js';
import { TasksService } from './tasks.service.js';
import { WaitingReasonsService } from './waiting-reasons.service.js';
import { baseOf } from '../bullmq/keys.js';

/** Commands and queries on tasks. Their REST endpoints are in task-routes.module.ts. */
@Module({
  imports: [EventsModule, WorkersModule, LimitsModule],
  providers: [
    CancelTask,
    ObservedTaskCommands,
    IdempotencyIndex,
    ObservedWaitingReasons,
    SubmitTask,
    TaskCommands,
    TaskBatches,
    TaskFinder,
    TaskLists,
    TaskTimeline,
    TasksService,
    WaitingReasonsService,
  ],
  exports: [TaskCommands, TaskBatches, TaskFinder, TaskTimeline, TasksService, WaitingReasonsService],
})
export class TasksModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly sweeper: PeriodicRunner;

  constructor(@InjectQueues() queues: Queue[], mover: TaskTransitions, @Inject(LOG) log: Logger) {
    // Workers sweep as well. The web app sweeps so that tasks expire even while no worker runs.
    this.sweeper = expirySweeper(mover, queues.map(baseOf), log);
  }

  onApplicationBootstrap(): void {
    void this.sweeper.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.sweeper.stop();
  }
}
