import { IsInt, Max, Min } from 'class-validator';
import { Field } from '../../task-api/field.decorator.js';
import { pause } from '../../task-api/pause.js';
import type { TaskContext, TaskHandler } from '../../task-api/task-handler.js';
import { Task } from '../../task-api/task.decorator.js';
import { countPrimes } from './prime-sieve.js';

export class CountPrimesInput {
  @Field({
    title: 'Up to',
    help: 'Counts all primes from 2 to this number. 1000000000 takes a few seconds; the most allowed, 10000000000, about half a minute.',
    example: 1_000_000,
    prefill: 1_000_000_000,
  })
  @IsInt()
  @Min(0)
  @Max(10_000_000_000)
  upTo!: number;
}

export interface CountPrimesResult {
  count: number;
  upTo: number;
  /** Largest prime found; absent below 2. */
  largest?: number;
}

@Task({
  name: 'count-primes',
  title: 'Count primes',
  summary: 'Counts the prime numbers up to a bound. Real work for a processor, in constant memory.',
  input: CountPrimesInput,
  queue: 'cpu',
  isolate: true,
})
export class CountPrimesTask implements TaskHandler<CountPrimesInput, CountPrimesResult> {
  async run({ upTo }: CountPrimesInput, ctx: TaskContext): Promise<CountPrimesResult> {
    let count = 0;
    let largest = 0;
    for (const segment of countPrimes(upTo)) {
      ({ count, largest } = segment);
      await ctx.progress(segment.done, segment.total, `${count.toLocaleString('en')} primes so far`);
      await pause(0, ctx.signal);
    }
    return { count, upTo, ...(largest > 0 ? { largest } : {}) };
  }
}
