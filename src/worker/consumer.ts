import { WorkerHost } from '@nestjs/bullmq';
import { Inject } from '@nestjs/common';
import type { Job } from 'bullmq';
import { TaskRunner } from './task-runner.js';

/** What all consumers have in common: they hand each job to the runner. */
export abstract class Consumer extends WorkerHost {
  @Inject(TaskRunner) private readonly runner: TaskRunner;

  // Of two parameters: for a third BullMQ would make a signal for each job, which nothing of it ever aborts.
  override process(job: Job, token?: string): Promise<unknown> {
    return this.runner.run(job, token ?? '');
  }
}
