import { Inject, Module, type OnApplicationBootstrap, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Queue } from 'bullmq';
import type { Logger } from 'pino';
import { EventsModule } from '../events/events.module.js';
import type { PeriodicRunner } from '../coordination/periodic-runner.js';
import { LOG } from '../platform/logging/logging.module.js';
import { baseOf } from '../bullmq/keys.js';
import { expirySweeper } from '../bullmq/expiry-sweeper.js';
import { InjectQueues } from '../bullmq/shared-queues.js';
import { TaskTransitions } from '../bullmq/task-transitions.js';
import { WorkersModule } from '../workers/workers.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { AllowedCommands } from './allowed-commands.js';
import { CancelTask } from './cancel-task.js';
import { ObservedTaskCommands } from './observed-task-commands.js';
import { ObservedWaitingReasons } from './observed-waiting-reasons.js';
import { AcceptTasks } from './accept-tasks.js';
import { IdempotencyIndex } from './idempotency-index.js';
import { QueueOutlooks } from './queue-outlooks.js';
import { SubmitTask } from './submit-task.js';
import { TaskCommands } from './task-commands.js';
import { TaskBatches } from './task-batches.js';
import { TaskQueries } from './task-queries.js';
import { WaitingReasonsService } from './waiting-reasons.service.js';

/** Commands and queries on tasks. Their REST endpoints are in task-routes.module.ts. */
@Module({
  imports: [EventsModule, WorkersModule, LimitsModule],
  providers: [
    AllowedCommands,
    CancelTask,
    AcceptTasks,
    IdempotencyIndex,
    ObservedTaskCommands,
    ObservedWaitingReasons,
    QueueOutlooks,
    SubmitTask,
    TaskBatches,
    TaskCommands,
    TaskQueries,
    WaitingReasonsService,
  ],
  exports: [QueueOutlooks, TaskCommands, TaskQueries],
})
export class TasksModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly sweeper: PeriodicRunner;

  constructor(@InjectQueues() queues: Queue[], transitions: TaskTransitions, @Inject(LOG) log: Logger) {
    // Workers sweep as well. The web app sweeps so that tasks expire even while no worker runs.
    this.sweeper = expirySweeper(transitions, queues.map(baseOf), log);
  }

  onApplicationBootstrap(): void {
    void this.sweeper.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.sweeper.stop();
  }
}
