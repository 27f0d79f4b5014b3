import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { TaskState } from '../contract/states.js';
import type { HistoryStore } from '../history/store/history-store.js';
import type { TaskRef } from '../history/store/rows.js';
import { HISTORY } from '../history/tokens.js';
import { Queues } from '../queue/queues.js';
import { withRedis } from '../queue/redis-errors.js';
import { JOB_ID } from '../queue/task-ids.js';
import { TaskReader } from '../queue/task-reader.js';
import { COMMANDS } from '../queue/tokens.js';

/** Looked up in one call of Redis. */
const PIECE = 50;

/** A task that was named: where it is, and in which state. The queue is '' where nobody knows it. */
export interface SelectedTask extends TaskRef {
  state?: TaskState;
  /** False where only the history has it. */
  inRedis: boolean;
}

/** Finds tasks named one by one. */
@Injectable()
export class Selection {
  constructor(
    private readonly queues: Queues,
    private readonly reader: TaskReader,
    @Inject(HISTORY) private readonly history: HistoryStore,
    @Inject(COMMANDS) private readonly redis: Redis,
  ) {}

  /** In the order named, each once. */
  async find(names: readonly string[]): Promise<SelectedTask[]> {
    const wanted = [...new Map(names.map((name) => [name, toRef(name)])).values()];
    const found = await withRedis(this.redis, () => this.inRedis(wanted));
    const all = await Promise.all(wanted.map(async (ref, i) => found[i] ?? (await this.inHistory(ref))));
    // One may be named by its id alone and with its queue too.
    return [...new Map(all.map((task) => [`${task.queue}/${task.id}`, task])).values()];
  }

  private async inRedis(wanted: TaskRef[]): Promise<(SelectedTask | undefined)[]> {
    const found: (SelectedTask | undefined)[] = [];
    for (let from = 0; from < wanted.length; from += PIECE) {
      const piece = wanted.slice(from, from + PIECE).map(({ queue, id }) =>
        JOB_ID.test(id)
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

/** `<queue>/<id>`, or an id alone: ids of ours have no slash. */
export function toRef(name: string): TaskRef {
  const slash = name.indexOf('/');
  return slash < 0 ? { queue: '', id: name } : { queue: name.slice(0, slash), id: name.slice(slash + 1) };
}
