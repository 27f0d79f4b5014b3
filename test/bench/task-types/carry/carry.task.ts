import { IsString } from 'class-validator';
import { Field } from '../../../../src/task-api/field.decorator.js';
import type { TaskHandler } from '../../../../src/task-api/task-handler.js';
import { Task } from '../../../../src/task-api/task.decorator.js';

export class CarryInput {
  @Field({ example: 'a long text' })
  @IsString()
  text!: string;
}

/** Has a large input, for lists that should not care. */
@Task({ name: 'carry', title: 'Carry', input: CarryInput })
export class CarryTask implements TaskHandler<CarryInput, number> {
  run({ text }: CarryInput): Promise<number> {
    return Promise.resolve(text.length);
  }
}
