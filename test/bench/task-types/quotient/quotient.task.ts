import { IsInt, Min } from 'class-validator';
import { Field } from '../../../../src/task-api/field.decorator.js';
import type { TaskHandler } from '../../../../src/task-api/task-handler.js';
import { Task } from '../../../../src/task-api/task.decorator.js';

export class QuotientInput {
  @Field({ example: 10 })
  @IsInt()
  x!: number;

  @Field({ example: 4 })
  @IsInt()
  @Min(1)
  y!: number;
}

/** Does next to nothing with an input of two fields, to be found by either. */
@Task({ name: 'quotient', title: 'Quotient', input: QuotientInput })
export class QuotientTask implements TaskHandler<QuotientInput, { quotient: number }> {
  run({ x, y }: QuotientInput): Promise<{ quotient: number }> {
    return Promise.resolve({ quotient: x / y });
  }
}
