import { TaskRegistry } from '../../src/registry/task-registry.js';
import { toTaskType } from '../../src/registry/to-task-type.js';
import type { FieldProblem } from '../../src/model/errors.js';
import { RoostError } from '../../src/model/errors.js';
import type { TaskHandler } from '../../src/task-api/task-handler.js';
import { findTaskOptions } from '../../src/task-api/task.decorator.js';
import { fakeContext } from './fake-context.js';
import type { FakeContext } from './fake-context.js';

/** Runs one task type as a worker does, input checked first, but without queue or worker. */
export class TaskTypeBench<Result> {
  private readonly registry: TaskRegistry;
  readonly type;

  constructor(private readonly handlerClass: new () => TaskHandler<never, Result>) {
    this.type = toTaskType(findTaskOptions(handlerClass)!, handlerClass as new () => TaskHandler);
    this.registry = new TaskRegistry([this.type]);
  }

  async run(input: unknown, ctx: FakeContext = fakeContext()): Promise<Result> {
    const valid = await this.registry.validate(this.type, input);
    return await new this.handlerClass().run(valid as never, ctx);
  }

  /** Returns the problems of an input. */
  async problems(input: unknown): Promise<FieldProblem[]> {
    try {
      await this.registry.validate(this.type, input);
      return [];
    } catch (error) {
      if (error instanceof RoostError) return error.fields ?? [];
      throw error;
    }
  }
}
