import { Injectable } from '@nestjs/common';
import { TASK_STATES, type StateCounts, type TaskState } from '../model/states.js';
import type { TaskView } from '../model/task-view.js';
import { Queues } from '../bullmq/shared-queues.js';
import { TaskReader } from '../bullmq/task-reader.js';

/** Lists the newest tasks and counts tasks of managed queues, directly from Redis. Searches are in search/. */
@Injectable()
export class TaskLists {
  constructor(
    private readonly reader: TaskReader,
    private readonly queues: Queues,
  ) {}

  /** Lists the newest tasks in these states (default: all) by time of submission. */
  async newest(limit: number, states: readonly TaskState[] = TASK_STATES): Promise<TaskView[]> {
    const lists = this.queues.names().flatMap((queue) => states.map((state) => ({ queue, state })));
    const refs = await Promise.all(
      lists.map(async ({ queue, state }) =>
        (await this.reader.listIds(queue, state, 0, limit)).map((id) => ({ queue, id })),
      ),
    );
    const views = await this.reader.views(refs.flat());
    return views.sort((a, b) => b.createdAt.localeCompare(a.createdAt)).slice(0, limit);
  }

  async counts(): Promise<StateCounts> {
    const stats = await Promise.all(this.queues.names().map((queue) => this.reader.stats(queue)));
    return Object.fromEntries(
      TASK_STATES.map((state) => [state, stats.reduce((sum, { counts }) => sum + counts[state], 0)]),
    ) as StateCounts;
  }
}
