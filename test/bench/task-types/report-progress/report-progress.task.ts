import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { Field } from '../../../../src/task-api/field.decorator.js';
import { pause } from '../../../../src/task-api/pause.js';
import type { TaskContext, TaskHandler } from '../../../../src/task-api/task-handler.js';
import { Task } from '../../../../src/task-api/task.decorator.js';

export class ReportProgressInput {
  @Field({ example: 20, help: 'How often to report.' })
  @IsInt()
  @Min(0)
  @Max(10_000)
  times!: number;

  @Field({ prefill: 0, unit: 'ms', help: 'Between two reports.' })
  @IsOptional()
  @IsInt()
  @Min(0)
  everyMs?: number;
}

/** Gives back when it reported what, for whoever compares that with when it arrived. */
@Task({ name: 'report-progress', title: 'Report progress', input: ReportProgressInput })
export class ReportProgressTask implements TaskHandler<ReportProgressInput, number[]> {
  async run({ times, everyMs = 0 }: ReportProgressInput, ctx: TaskContext): Promise<number[]> {
    const at: number[] = [];
    for (let i = 1; i <= times; i++) {
      if (everyMs > 0) {
        await pause(everyMs, ctx.signal);
        at.push(Date.now());
      }
      await ctx.progress(i, times);
    }
    return at;
  }
}
