import { IsInt, Min } from 'class-validator';
import { Field } from '../../../../src/task-api/field.decorator.js';
import type { TaskHandler } from '../../../../src/task-api/task-handler.js';
import { Task } from '../../../../src/task-api/task.decorator.js';

export class NoOpInput {
  @Field({ example: 1 })
  @IsInt()
  @Min(0)
  n!: number;
}

/** Does nothing: what is left is what the system around it costs. */
@Task({ name: 'no-op', title: 'No-op', input: NoOpInput })
export class NoOpTask implements TaskHandler<NoOpInput, number> {
  run({ n }: NoOpInput): Promise<number> {
    return Promise.resolve(n);
  }
}
