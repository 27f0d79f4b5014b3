import { Catalog } from '../../src/catalog/catalog.js';
import { toTaskType } from '../../src/catalog/to-task-type.js';
import type { FieldProblem } from '../../src/contract/errors.js';
import { RoostError } from '../../src/contract/errors.js';
import type { TaskHandler } from '../../src/contract/task-handler.js';
import { findTaskOptions } from '../../src/contract/task.decorator.js';
import { fakeContext } from './fake-context.js';
import type { FakeContext } from './fake-context.js';

/** Runs one task type as a worker does, input checked first, but without queue or worker. */
export class TaskTypeBench<Result> {
  private readonly catalog: Catalog;
  readonly type;

  constructor(private readonly handlerClass: new () => TaskHandler<never, Result>) {
    this.type = toTaskType(findTaskOptions(handlerClass)!, handlerClass as new () => TaskHandler);
    this.catalog = new Catalog([this.type]);
  }

  async run(input: unknown, ctx: FakeContext = fakeContext()): Promise<Result> {
    const valid = await this.catalog.validate(this.type, input);
    return await new this.handlerClass().run(valid as never, ctx);
  }

  /** What is wrong with an input; empty when nothing is. */
  async problems(input: unknown): Promise<FieldProblem[]> {
    try {
      await this.catalog.validate(this.type, input);
      return [];
    } catch (error) {
      if (error instanceof RoostError) return error.fields ?? [];
      throw error;
    }
  }
}
