import { IsInt, Max, Min } from 'class-validator';
import { Field } from '../../../../src/task-api/field.decorator.js';
import { pause } from '../../../../src/task-api/pause.js';
import type { TaskContext, TaskHandler } from '../../../../src/task-api/task-handler.js';
import { Task } from '../../../../src/task-api/task.decorator.js';

export class PauseInput {
  @Field({ example: 20, unit: 'ms' })
  @IsInt()
  @Min(0)
  @Max(60_000)
  forMs!: number;
}

/** Waits as a task does that asks another server for something. */
@Task({ name: 'pause', title: 'Pause', input: PauseInput })
export class PauseTask implements TaskHandler<PauseInput, null> {
  async run({ forMs }: PauseInput, ctx: TaskContext): Promise<null> {
    await pause(forMs, ctx.signal);
    return null;
  }
}
