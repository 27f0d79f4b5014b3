import { Controller, Get } from '@nestjs/common';
import { Catalog } from '../catalog/catalog.js';
import type { TaskType } from '../catalog/task-type.js';

/** What can be submitted. */
@Controller('api/v1/task-types')
export class TaskTypesController {
  constructor(private readonly catalog: Catalog) {}

  @Get()
  list() {
    return { items: this.catalog.all().map(toTaskTypeView) };
  }
}

function toTaskTypeView({ name, title, summary, queue, attempts, backoff, softTimeoutMs, hardTimeoutMs, schema }: TaskType) {
  return {
    name,
    title,
    summary,
    queue,
    defaults: {
      attempts,
      backoff,
      ...(softTimeoutMs === undefined ? {} : { softTimeoutMs }),
      ...(hardTimeoutMs === undefined ? {} : { hardTimeoutMs }),
    },
    schema,
  };
}
