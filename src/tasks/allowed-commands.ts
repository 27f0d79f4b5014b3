import { Inject, Injectable } from '@nestjs/common';
import type { TaskView } from '../model/task-view.js';
import { readStanding } from '../bullmq/read-standing.js';
import { baseOf, jobKey } from '../bullmq/keys.js';
import { Queues } from '../bullmq/shared-queues.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import type { CommandRedis } from '../bullmq/task-commands.js';
import type { FoundTask } from '../bullmq/task-reader.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { ObservedTaskCommands } from './observed-task-commands.js';
import { jobCommands, type JobCommands } from './job-commands.js';
import { isObserved, type LocatedTask } from './located-task.js';

/** Determines the possible commands where the state alone is not enough: tasks of other programs, flows and schedules. */
@Injectable()
export class AllowedCommands {
  constructor(
    private readonly observed: ObservedTaskCommands,
    private readonly queues: Queues,
    @Inject(COMMAND_CLIENT) private readonly redis: CommandRedis,
  ) {}

  /** Returns undefined where the state alone decides. */
  async commandsOf(located: LocatedTask): Promise<JobCommands | undefined> {
    if (isObserved(located)) return this.observed.commandsOf(located);
    return located.redis && this.commandsOfFound(located.redis);
  }

  /**
   * Determines the commands for the rows of a list, which come from the history. Costs one round trip, and one more for each
   * part of a flow or a schedule. Skips tasks of other programs.
   */
  async commandsOfListed(tasks: readonly TaskView[]): Promise<Map<TaskView, JobCommands>> {
    const ours = tasks.filter(({ queue, source }) => this.queues.has(queue) && source === undefined);
    if (ours.length === 0) return new Map();
    return withRedis(this.redis, async () => {
      const pipeline = this.redis.pipeline();
      for (const { queue, id } of ours)
        pipeline.hmget(jobKey(baseOf(this.queues.get(queue)), id), 'timestamp', 'parentKey', 'rjk');
      const answers = ((await pipeline.exec()) ?? []) as [Error | null, (string | null)[]][];
      const commands = new Map<TaskView, JobCommands>();
      await Promise.all(
        ours.map(async (task, i) => {
          const [error, [timestamp, parent, schedule] = []] = answers[i] ?? [];
          if (error) throw error;
          const { queue, id, state } = task;
          const isPart = parent != null || schedule != null || state === 'waiting-children';
          if (timestamp == null) commands.set(task, jobCommands(state, undefined));
          else if (isPart) {
            const base = baseOf(this.queues.get(queue));
            commands.set(task, jobCommands(state, await readStanding(this.redis, base, id)));
          }
        }),
      );
      return commands;
    });
  }

  /** Returns the commands for a task of a managed queue, or undefined where its state alone decides. */
  async commandsOfFound({ queue, record }: FoundTask): Promise<JobCommands | undefined> {
    const { id, state, parentKey, scheduleKey } = record;
    if (parentKey === undefined && scheduleKey === undefined && state !== 'waiting-children')
      return undefined;
    return jobCommands(state, await readStanding(this.redis, baseOf(queue), id));
  }
}
