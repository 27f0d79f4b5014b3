import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { TaskState } from '../model/states.js';
import type { HistoryStore } from '../history/ports/history-store.js';
import type { TaskRef } from '../history/ports/rows.js';
import { HISTORY } from '../history/tokens.js';
import { Queues } from '../bullmq/shared-queues.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import { MAX_ID_LENGTH } from '../bullmq/task-ids.js';
import { TaskReader } from '../bullmq/task-reader.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';

/** Ids per Redis call. */
const BATCH_SIZE = 50;

/** A selected task with its queue and state. The queue is '' where it is not known. */
export interface SelectedTask extends TaskRef {
  state?: TaskState;
  /** False where only the history has it. */
  inRedis: boolean;
}

/** Finds tasks by their ids. */
@Injectable()
export class Selection {
  constructor(
    private readonly queues: Queues,
    private readonly reader: TaskReader,
    @Inject(HISTORY) private readonly history: HistoryStore,
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
  ) {}

  /** Finds the tasks in the requested order, without duplicates. */
  async find(names: readonly string[]): Promise<SelectedTask[]> {
    const wanted = [...new Map(names.map((name) => [name, toRef(name)])).values()];
    const found = await withRedis(this.redis, () => this.inRedis(wanted));
    const all = await Promise.all(wanted.map(async (ref, i) => found[i] ?? (await this.inHistory(ref))));
    // A request may contain a task twice: by its id alone and with its queue.
    return [...new Map(all.map((task) => [`${task.queue}/${task.id}`, task])).values()];
  }

  private async inRedis(wanted: TaskRef[]): Promise<(SelectedTask | undefined)[]> {
    const found: (SelectedTask | undefined)[] = [];
    for (let from = 0; from < wanted.length; from += BATCH_SIZE) {
      const piece = wanted.slice(from, from + BATCH_SIZE).map(({ queue, id }) =>
        id.length <= MAX_ID_LENGTH
          ? this.queues
              .names()
              .filter((name) => queue === '' || queue === name)
              .map((name) => ({ queue: name, id }))
          : [],
      );
      const tasks = await this.reader.findMany(piece.flat());
      for (const places of piece) {
        const task = tasks.splice(0, places.length).find((one) => one !== undefined);
        found.push(
          task && { queue: task.queue.name, id: task.record.id, state: task.record.state, inRedis: true },
        );
      }
    }
    return found;
  }

  private async inHistory({ queue, id }: TaskRef): Promise<SelectedTask> {
    const past = await this.history.get(id, queue === '' ? undefined : queue);
    return past
      ? { queue: past.queue, id, state: past.state, inRedis: false }
      : { queue, id, inRedis: false };
  }
}

/** Parses `<queue>/<id>` or a plain id. Ids of managed queues contain no slash. */
export function toRef(name: string): TaskRef {
  const slash = name.indexOf('/');
  return slash < 0 ? { queue: '', id: name } : { queue: name.slice(0, slash), id: name.slice(slash + 1) };
}
