import { WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import type { TaskRunner } from './task-runner.js';

/** Base class of all consumers: passes each job to the runner. */
export abstract class TaskProcessor extends WorkerHost {
  constructor(private readonly runner: TaskRunner) {
    super();
  }

  override process(job: Job, token?: string): Promise<unknown> {
    return this.runner.run(job, token ?? '');
  }
}
