import { Processor } from '@nestjs/bullmq';
import { Injectable, type FactoryProvider, type Type } from '@nestjs/common';
import { WORKER_POLICY } from '../bullmq/job-policy.js';
import { TaskProcessor } from './task-processor.js';

/** Injection token of the list of all queues' processors. */
export const PROCESSORS = Symbol('roost:processors');

/** Returns the `@Processor` class of a queue. */
export function createProcessor(queue: string): Type<TaskProcessor> {
  @Injectable()
  @Processor(queue, WORKER_POLICY)
  class QueueProcessor extends TaskProcessor {}
  // Nest shows the name in its log and its errors.
  Object.defineProperty(QueueProcessor, 'name', { value: `QueueProcessor(${queue})` });
  return QueueProcessor;
}

/** Returns one processor for each queue, and the provider of their list. */
export function createProcessors(
  queues: readonly string[],
): [...Type<TaskProcessor>[], FactoryProvider<TaskProcessor[]>] {
  const classes = queues.map(createProcessor);
  return [...classes, { provide: PROCESSORS, useFactory: (...all: TaskProcessor[]) => all, inject: classes }];
}
