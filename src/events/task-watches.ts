import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Scrub } from '../contract/scrub.js';
import { TaskReader, type FoundTask } from '../queue/task-reader.js';
import { scrubOfJob } from '../queue/to-task-view.js';
import { EventTail } from './event-tail.js';
import { lastEventId, SseConnection } from './sse-connection.js';
import { type KeptTask, TaskWatch } from './task-watch.js';
import { compareStreamIds, isStreamId, type TaskEvent } from './task-event.js';

/** Every task somebody watches is read anew this often, ms, whether or not an event came. */
const CHECK_MS = 10_000;
const LOG_BATCH = 1000;

interface Watch {
  watch: TaskWatch;
  connection: SseConnection;
}

/** All open `GET /tasks/:id/events` streams, by task. */
@Injectable()
export class TaskWatches implements BeforeApplicationShutdown {
  private readonly byTask = new Map<string, Set<Watch>>();
  private readonly timer = setInterval(() => this.checkAll(), CHECK_MS).unref();

  constructor(
    private readonly tail: EventTail,
    private readonly reader: TaskReader,
  ) {
    tail.on('batch', (events) => this.hear(events));
    tail.on('gap', () => this.checkAll());
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
    for (const watches of this.byTask.values()) for (const { connection } of watches) connection.bye();
  }

  /** Answers with the stream of a task that is known to exist. */
  async open(found: FoundTask, kept: KeptTask, req: Request, res: Response): Promise<void> {
    const { id } = found.record;
    const queue = found.queue.name;
    const [place, logged] = (lastEventId(req) ?? '').split('~');
    // Resuming needs a place in this queue's stream that is still reachable.
    const missed = place && isStreamId(place) ? await this.missed(found, place) : 'gap';

    let { record } = found;
    let words: Scrub | undefined;
    const entry = {} as Watch;
    entry.connection = new SseConnection(res, () => this.remove(id, entry));
    entry.watch = new TaskWatch(
      entry.connection,
      {
        view: async () => {
          const now = await this.reader.find(id);
          if (!now) return undefined;
          ({ record } = now);
          words = undefined;
          return this.reader.view(now);
        },
        logs: async (after) =>
          (await this.reader.logs({ queue: found.queue, record }, after, LOG_BATCH)).items,
        words: () => (words ??= scrubOfJob(record)),
        kept,
      },
      this.tail.place(queue) ?? '0-0',
    );
    const watches = this.byTask.get(id) ?? new Set();
    this.byTask.set(id, watches.add(entry));

    if (missed === 'gap') await entry.watch.start();
    else await entry.watch.resume(missed, Number(logged ?? 0) || 0);
  }

  /** What happened to a task after `place`, with what happens while that is read. */
  private async missed({ queue, record }: FoundTask, place: string): Promise<TaskEvent[] | 'gap'> {
    const heard: TaskEvent[] = [];
    const hear = (events: TaskEvent[]) =>
      void heard.push(...events.filter((event) => event.queue === queue.name));
    this.tail.on('batch', hear);
    try {
      const events = await this.tail.since(queue.name, place);
      if (events === 'gap') return 'gap';
      const last = events.at(-1)?.streamId ?? place;
      const later = heard.filter(({ streamId }) => compareStreamIds(streamId, last) > 0);
      return [...events, ...later].filter((event) => event.id === record.id);
    } finally {
      this.tail.off('batch', hear);
    }
  }

  private hear(events: TaskEvent[]): void {
    if (this.byTask.size === 0) return;
    const mine = new Map<string, TaskEvent[]>();
    for (const event of events) {
      if (!this.byTask.has(event.id)) continue;
      const list = mine.get(event.id) ?? [];
      list.push(event);
      mine.set(event.id, list);
    }
    for (const [id, list] of mine) for (const { watch } of this.byTask.get(id) ?? []) watch.hear(list);
  }

  private checkAll(): void {
    for (const watches of this.byTask.values()) for (const { watch } of watches) watch.check();
  }

  private remove(id: string, entry: Watch): void {
    entry.watch?.stop();
    const watches = this.byTask.get(id);
    watches?.delete(entry);
    if (watches?.size === 0) this.byTask.delete(id);
  }
}
