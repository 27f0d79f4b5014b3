import type { Type } from '@nestjs/common';
import type { TaskOptions } from '../task-api/task.decorator.js';
import { formFields } from './form-fields.js';
import { inputSchema, instanceSchema } from './input-schema.js';
import type { TaskType } from './task-type.js';

const DEFAULTS = {
  summary: '',
  queue: 'default',
  attempts: 1,
  backoff: { type: 'exponential', delayMs: 1000, jitter: 0.2 },
  resultLimitBytes: 1024 * 1024,
  isolate: false,
  cancelGraceMs: 5000,
  maxChildMemoryMb: 512,
} as const satisfies Partial<TaskType>;

/** Fills in every default of a declared task type. `checkTaskType` checks it. */
export function toTaskType(
  options: TaskOptions,
  handlerClass: TaskType['handlerClass'],
  providers: Type[] = [handlerClass],
): TaskType {
  const { name, title, input, softTimeoutMs, hardTimeoutMs, maxTasksPerChild } = options;
  const summary = options.summary ?? DEFAULTS.summary;
  const schema = inputSchema(input, title, summary);
  return {
    name,
    title,
    summary,
    queue: options.queue ?? DEFAULTS.queue,
    attempts: options.attempts ?? DEFAULTS.attempts,
    backoff: { ...(options.backoff ?? DEFAULTS.backoff) },
    ...(softTimeoutMs === undefined ? {} : { softTimeoutMs }),
    ...(hardTimeoutMs === undefined ? {} : { hardTimeoutMs }),
    resultLimitBytes: options.resultLimitBytes ?? DEFAULTS.resultLimitBytes,
    isolate: options.isolate ?? DEFAULTS.isolate,
    cancelGraceMs: options.cancelGraceMs ?? DEFAULTS.cancelGraceMs,
    ...(maxTasksPerChild === undefined ? {} : { maxTasksPerChild }),
    maxChildMemoryMb: options.maxChildMemoryMb ?? DEFAULTS.maxChildMemoryMb,
    inputClass: input,
    handlerClass,
    providers,
    fields: formFields(input, instanceSchema(input)),
    schema,
  };
}
