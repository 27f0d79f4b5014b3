import type { Scrub } from '../contract/scrub.js';
import { isSettled } from '../contract/states.js';
import type { LogLine, TaskProgress, TaskView } from '../contract/task-view.js';
import { toProgress } from '../queue/to-task-view.js';
import { sseMessage, type SseConnection } from './sse-connection.js';
import { endsTask, type TaskEvent } from './task-event.js';
import { Tick } from './tick.js';

/** What a watch needs to know of the task; `logs` from line `after` on. */
export interface WatchedTask {
  view(): Promise<TaskView | undefined>;
  logs(after: number): Promise<LogLine[]>;
  /** Takes what is hidden of the task, as it was seen last, out of its words. */
  words(): Scrub;
  /** What there is of it once Redis has dropped it by its retention, which no event tells. */
  kept: KeptTask;
}

/** A task as the history has it. */
export interface KeptTask {
  view(): Promise<TaskView | undefined>;
  logs(after: number): Promise<LogLine[]>;
}

/** After Redis did not answer, ms. */
const RETRY_MS = 500;

type Message = [event: string, data: object];

/**
 * One reader following one task. Events of the stream only say *that* something changed; what is sent is read
 * from Redis afterwards, so the last thing told is always what is true there.
 */
export class TaskWatch {
  private place: string;
  private logged = 0;
  private changed = false;
  private hasNewLogs = false;
  /** Somebody deleted it: what the history may still say of it no longer counts. */
  private removed = false;
  private progress: string | undefined;
  private toldProgress = '';
  /** It was told to be settled: what is heard of its progress now is older than that. */
  private over = false;
  private lastState = '';
  private readonly tick = new Tick(() => void this.flush());
  private retry: NodeJS.Timeout | undefined;
  private busy = false;

  constructor(
    private readonly connection: SseConnection,
    private readonly task: WatchedTask,
    place: string,
  ) {
    this.place = place;
  }

  /** Sends the whole task and the log from line `logged` on. */
  async start(logged = 0): Promise<void> {
    await this.first(async () => {
      const view = await this.task.view();
      if (!view) return;
      this.lastState = signature(view);
      this.toldProgress = JSON.stringify(view.progress);
      this.logged = logged;
      this.send([['snapshot', { task: view }], ...(await this.newLogs())]);
    });
  }

  /** Sends only what changed since an earlier connection: its events, and the log from line `logged` on. */
  async resume(events: TaskEvent[], logged: number): Promise<void> {
    await this.first(async () => {
      this.logged = logged;
      const view = await this.task.view();
      if (view) this.lastState = events.some((event) => event.state) ? '' : signature(view);
      this.hear(events);
    });
  }

  /** What is heard meanwhile is told after it. */
  private async first(work: () => Promise<void>): Promise<void> {
    this.busy = true;
    try {
      await work();
    } finally {
      this.busy = false;
      if (this.connection.open && (this.changed || this.hasNewLogs || this.progress !== undefined))
        this.schedule();
    }
  }

  hear(events: TaskEvent[]): void {
    for (const event of events) {
      this.place = event.streamId;
      if (event.event === 'progress') this.progress = event.data;
      else if (event.event === 'log') this.hasNewLogs = true;
      else this.changed = true;
      this.removed = event.event === 'removed';
    }
    if (events.length > 0) this.schedule(events.some(endsTask));
  }

  /** Reads the task even though no event came: heals whatever a lost event left wrong. */
  check(): void {
    this.changed = true;
    this.schedule();
  }

  stop(): void {
    this.tick.stop();
    clearTimeout(this.retry);
  }

  private schedule(urgent = false): void {
    if (this.busy) return;
    if (urgent) this.tick.early();
    else this.tick.soon();
  }

  private async flush(): Promise<void> {
    clearTimeout(this.retry);
    this.retry = undefined;
    this.busy = true;
    const { changed, hasNewLogs, progress } = this;
    this.changed = this.hasNewLogs = false;
    this.progress = undefined;
    const messages: Message[] = [];
    let isAway = false;
    try {
      // Read first: with its result it is known what of it must not be told.
      const view = changed ? await this.task.view() : undefined;
      // The last words of a task come before its end: a reader may leave at a settled state.
      messages.push(...this.newProgress(view, progress));
      if (hasNewLogs || changed) messages.push(...(await this.newLogs()));
      if (changed) messages.push(...(await this.newState(view)));
      this.send(messages);
    } catch {
      // The next check or event tells it again.
      this.changed = isAway = true;
    } finally {
      this.busy = false;
      if (this.connection.open && isAway) this.retry ??= setTimeout(() => this.tick.now(), RETRY_MS);
      else if (this.connection.open && (this.changed || this.hasNewLogs || this.progress !== undefined))
        this.schedule(this.changed);
    }
  }

  /** At its end the task itself knows its last report, of which the event may still be under way. */
  private newProgress(view: TaskView | undefined, heard: string | undefined): Message[] {
    let progress: TaskProgress | null = null;
    if (view && isSettled(view.state)) progress = view.progress;
    else if (heard !== undefined && !this.over)
      progress = this.task.words().progress(toProgress(parse(heard)));
    const now = JSON.stringify(progress);
    if (!progress || now === this.toldProgress) return [];
    this.toldProgress = now;
    return [['progress', { progress }]];
  }

  private async newState(live: TaskView | undefined): Promise<Message[]> {
    const view = live ?? (this.removed ? undefined : await this.task.kept.view());
    if (!view) return [['removed', {}]];
    this.over = isSettled(view.state);
    const now = signature(view);
    if (now === this.lastState) return [];
    this.lastState = now;
    return [['state', { task: view }]];
  }

  private async newLogs(): Promise<Message[]> {
    let lines = await this.task.logs(this.logged);
    if (lines.length === 0 && !this.removed && !(await this.task.view()))
      lines = await this.task.kept.logs(this.logged);
    if (lines.length === 0) return [];
    this.logged = lines.at(-1)!.n + 1;
    return [['log', { lines }]];
  }

  /** Only the last one moves the place to resume from: a reader cut off in the middle gets them all again. */
  private send(messages: Message[]): void {
    messages.forEach(([event, data], i) =>
      this.connection.write(sseMessage(event, data, i === messages.length - 1 ? this.id() : undefined)),
    );
  }

  private id(): string {
    return `${this.place}~${this.logged}`;
  }
}

/** Changes exactly when a reader has to be told of a new state. */
function signature(view: TaskView): string {
  return [
    view.state,
    view.attempts.made,
    view.startedAt,
    view.finishedAt,
    view.delayUntil,
    isSettled(view.state),
  ].join();
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
