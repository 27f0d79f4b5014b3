import { Processor } from '@nestjs/bullmq';
import type { FactoryProvider } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { WORKER_POLICY } from '../bullmq/job-policy.js';
import { SharedClock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { TaskProcessor } from './task-processor.js';
import { TaskRunner } from './task-runner.js';
import { TaskWorker } from './task-worker.js';
import { CONSUMER } from './worker-queue.module.js';

/** Injection token of BullMQ's workers, one for each queue. */
export const TASK_WORKERS = Symbol('roost:task-workers');

/** Returns the `@Processor` class of a queue. */
function createProcessor(queue: string): new (runner: TaskRunner) => TaskProcessor {
  @Processor(queue, WORKER_POLICY)
  class QueueProcessor extends TaskProcessor {}
  return QueueProcessor;
}

/**
 * Creates one worker for each queue. The explorer of @nestjs/bullmq is not used, because it serves a whole Nest app and a
 * whole process: it finds queues by name alone, and a host's queue may have the same name; its worker class is one static
 * field. So the processors are no providers, where it would find them.
 */
export function taskWorkers(queues: readonly string[]): FactoryProvider<TaskWorker[]> {
  return {
    provide: TASK_WORKERS,
    useFactory: (runner: TaskRunner, connection: Redis, settings: Settings, clock: SharedClock) =>
      queues.map((queue) => {
        const processor = new (createProcessor(queue))(runner);
        const options = { connection, prefix: settings.QUEUE_PREFIX, ...WORKER_POLICY };
        // Declares two parameters: for a third BullMQ would create a signal for each job, which it never aborts.
        return new TaskWorker(queue, (job, token) => processor.process(job, token), options, clock);
      }),
    inject: [TaskRunner, CONSUMER, Settings, SharedClock],
  };
}
