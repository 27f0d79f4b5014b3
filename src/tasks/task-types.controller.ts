import { Controller, Get } from '@nestjs/common';
import { RequirePermission } from '../auth/require-permission.js';
import { TaskRegistry } from '../registry/task-registry.js';
import type { TaskType } from '../registry/task-type.js';
import type { TaskTypeView } from './submit.openapi.js';

/** Lists the task types that can be submitted. */
@Controller('api/v1/task-types')
@RequirePermission('tasks.read')
export class TaskTypesController {
  constructor(private readonly registry: TaskRegistry) {}

  @Get()
  list(): { items: TaskTypeView[] } {
    return { items: this.registry.all().map(toTaskTypeView) };
  }
}

function toTaskTypeView(type: TaskType): TaskTypeView {
  const { name, title, summary, queue, attempts, backoff, isolate, schema } = type;
  const { softTimeoutMs, hardTimeoutMs, cancelGraceMs, maxTasksPerChild, maxChildMemoryMb } = type;
  return {
    name,
    title,
    summary,
    queue,
    defaults: {
      attempts,
      backoff,
      isolate,
      ...(softTimeoutMs === undefined ? {} : { softTimeoutMs }),
      ...(hardTimeoutMs === undefined ? {} : { hardTimeoutMs }),
      ...(isolate
        ? { cancelGraceMs, maxChildMemoryMb, ...(maxTasksPerChild ? { maxTasksPerChild } : {}) }
        : {}),
    },
    schema,
  };
}
