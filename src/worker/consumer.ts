import { WorkerHost } from '@nestjs/bullmq';
import { Inject } from '@nestjs/common';
import type { Job } from 'bullmq';
import { TaskRunner } from './task-runner.js';

/** What all consumers have in common: they hand each job to the runner. */
export abstract class Consumer extends WorkerHost {
  @Inject(TaskRunner) private readonly runner: TaskRunner;

  override process(job: Job, token?: string, signal?: AbortSignal): Promise<unknown> {
    return this.runner.run(job, token ?? '', signal ?? new AbortController().signal);
  }
}
