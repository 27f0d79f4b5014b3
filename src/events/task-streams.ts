import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { PeriodicRunner } from '../coordination/periodic-runner.js';
import { LOG } from '../platform/logging/logging.module.js';
import { Redaction } from '../platform/redaction/redaction.js';
import type { Scrub } from '../platform/redaction/scrub.js';
import { TaskReader, type FoundTask } from '../bullmq/task-reader.js';
import { scrubOfJob } from '../bullmq/codec/to-task-view.js';
import { EventTail, type QueueEvent } from './event-tail.js';
import { lastEventId, SseConnection } from './sse-connection.js';
import { type ArchivedTask, TaskStream } from './task-stream.js';
import { comparePlaces, isPlace, placeOf, STREAM_START } from '../bullmq/codec/task-event.js';

/** Interval at which every watched task is reloaded even without an event, ms. */
const CHECK_INTERVAL_MS = 10_000;
const MAX_LOG_LINES = 1000;

interface Watch {
  watch: TaskStream;
  connection: SseConnection;
}

/** Open `GET /tasks/:id/events` streams, by task. */
@Injectable()
export class TaskStreams implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly byTask = new Map<string, Set<Watch>>();
  private readonly checks: PeriodicRunner;

  constructor(
    private readonly tail: EventTail,
    private readonly reader: TaskReader,
    @Inject(LOG) log: Logger,
    private readonly redaction: Redaction,
  ) {
    this.checks = new PeriodicRunner(() => this.checkAll(), {
      name: 'check of watched tasks',
      everyMs: CHECK_INTERVAL_MS,
      log,
    });
    tail.on('batch', (events) => this.dispatch(events));
    tail.on('gap', () => this.checkAll());
  }

  onApplicationBootstrap(): void {
    void this.checks.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    const stopping = this.checks.stop();
    for (const watches of this.byTask.values()) for (const { connection } of watches) connection.bye();
    await stopping;
  }

  /** Responds with the stream of an existing task. */
  async open(found: FoundTask, archived: ArchivedTask, req: Request, res: Response): Promise<void> {
    const release = await this.tail.hold();
    try {
      await this.openHeld(found, archived, req, res, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** @param release called when the stream closes. */
  private async openHeld(
    found: FoundTask,
    archived: ArchivedTask,
    req: Request,
    res: Response,
    release: () => void,
  ): Promise<void> {
    const { id } = found.record;
    const queue = found.queue.name;
    const [place, logged] = (lastEventId(req) ?? '').split('~');
    // A resume requires a position in this queue's stream that has not been trimmed.
    const missed = place && isPlace(place) ? await this.loadMissed(found, place) : 'gap';

    let { record } = found;
    let scrub: Scrub | undefined;
    const entry = {} as Watch;
    entry.connection = new SseConnection(res, () => {
      this.remove(id, entry);
      release();
    });
    entry.watch = new TaskStream(
      entry.connection,
      {
        view: async () => {
          const now = await this.reader.find(id);
          if (!now) return undefined;
          ({ record } = now);
          scrub = undefined;
          return this.reader.view(now);
        },
        logs: async (after) =>
          (await this.reader.logs({ queue: found.queue, record }, after, MAX_LOG_LINES)).items,
        scrub: () => (scrub ??= scrubOfJob(record, this.redaction)),
        history: archived,
      },
      this.tail.position(queue) ?? STREAM_START,
    );
    const watches = this.byTask.get(id) ?? new Set();
    this.byTask.set(id, watches.add(entry));

    if (missed === 'gap') await entry.watch.start();
    else await entry.watch.resume(missed, Number(logged ?? 0) || 0);
  }

  /** Loads the events of a task after `position`, including events that arrive during the load. */
  private async loadMissed({ queue, record }: FoundTask, place: string): Promise<QueueEvent[] | 'gap'> {
    const arrived: QueueEvent[] = [];
    const collect = (events: QueueEvent[]) =>
      void arrived.push(...events.filter((event) => event.queue === queue.name));
    this.tail.on('batch', collect);
    try {
      const events = await this.tail.loadSince(queue.name, place);
      if (events === 'gap') return 'gap';
      const last = events.length > 0 ? placeOf(events.at(-1)!) : place;
      const later = arrived.filter((event) => comparePlaces(placeOf(event), last) > 0);
      return [...events, ...later].filter((event) => event.id === record.id);
    } finally {
      this.tail.off('batch', collect);
    }
  }

  private dispatch(events: QueueEvent[]): void {
    if (this.byTask.size === 0) return;
    const mine = new Map<string, QueueEvent[]>();
    for (const event of events) {
      if (!this.byTask.has(event.id)) continue;
      const list = mine.get(event.id) ?? [];
      list.push(event);
      mine.set(event.id, list);
    }
    for (const [id, list] of mine) for (const { watch } of this.byTask.get(id) ?? []) watch.receive(list);
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
