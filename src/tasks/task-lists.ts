import { Injectable } from '@nestjs/common';
import { TASK_STATES, type StateCounts, type TaskState } from '../contract/states.js';
import type { TaskView } from '../contract/task-view.js';
import { Queues } from '../queue/queues.js';
import { TaskReader } from '../queue/task-reader.js';

/** What Redis itself tells of our queues at once: the newest tasks, and how many there are. Searching is search/'s. */
@Injectable()
export class TaskLists {
  constructor(
    private readonly reader: TaskReader,
    private readonly queues: Queues,
  ) {}

  /** The latest in these states (all, if left out), by time of submission. */
  async newest(limit: number, states: readonly TaskState[] = TASK_STATES): Promise<TaskView[]> {
    const lists = this.queues.names().flatMap((queue) => states.map((state) => ({ queue, state })));
    const refs = await Promise.all(
      lists.map(async ({ queue, state }) =>
        (await this.reader.ids(queue, state, 0, limit)).map((id) => ({ queue, id })),
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
