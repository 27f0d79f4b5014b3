import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { TaskType } from '../registry/task-type.js';
import type { TaskHandler } from '../task-api/task-handler.js';

/** Handlers of the task types, built by Nest with their injected dependencies. */
@Injectable()
export class Handlers {
  private readonly byType = new Map<string, TaskHandler>();

  constructor(private readonly moduleRef: ModuleRef) {}

  get(type: TaskType): TaskHandler {
    let handler = this.byType.get(type.name);
    if (!handler) {
      handler = this.moduleRef.get<TaskHandler>(type.handlerClass, { strict: false });
      this.byType.set(type.name, handler);
    }
    return handler;
  }
}
