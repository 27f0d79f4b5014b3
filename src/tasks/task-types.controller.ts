import { Controller, Get } from '@nestjs/common';
import { Needs } from '../access/needs.js';
import { Catalog } from '../catalog/catalog.js';
import type { TaskType } from '../catalog/task-type.js';

/** What can be submitted. */
@Controller('api/v1/task-types')
@Needs('tasks.read')
export class TaskTypesController {
  constructor(private readonly catalog: Catalog) {}

  @Get()
  list() {
    return { items: this.catalog.all().map(toTaskTypeView) };
  }
}

function toTaskTypeView(type: TaskType) {
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
