import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { TaskType } from '../catalog/task-type.js';
import type { TaskHandler } from '../contract/task-handler.js';

/** The handler of each task type, built by Nest with whatever it injects. */
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
