import { WorkerHost } from '@nestjs/bullmq';
import { Inject } from '@nestjs/common';
import type { Job } from 'bullmq';
import { TaskRunner } from './task-runner.js';

/** Base class of all consumers: passes each job to the runner. */
export abstract class TaskProcessor extends WorkerHost {
  @Inject(TaskRunner) private readonly runner: TaskRunner;

  // Declares two parameters: for a third BullMQ would create a signal for each job, which it never aborts.
  override process(job: Job, token?: string): Promise<unknown> {
    return this.runner.run(job, token ?? '');
  }
}
