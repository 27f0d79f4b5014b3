import type { Scrub } from '../platform/redaction/scrub.js';
import { isFinished } from '../model/states.js';
import type { LogLine, TaskProgress, TaskView } from '../model/task-view.js';
import { parseStored } from '../bullmq/codec/parse-stored-json.js';
import { toProgress } from '../bullmq/codec/to-task-view.js';
import { sseMessage, type SseConnection } from './sse-connection.js';
import { endsTask, placeOf, stateAfter, type TaskEvent } from '../bullmq/codec/task-event.js';
import { FlushTimer } from './flush-timer.js';

/** Source of the task that a stream sends. `logs` returns the lines from number `after` on. */
export interface WatchedTask {
  view(): Promise<TaskView | undefined>;
  logs(after: number): Promise<LogLine[]>;
  /** Redaction for texts of the task, according to its last loaded state. */
  scrub(): Scrub;
  /** Task in the history, for the time after Redis removed it by retention, which emits no event. */
  history: ArchivedTask;
}

/** Task in the history. */
export interface ArchivedTask {
  view(): Promise<TaskView | undefined>;
  logs(after: number): Promise<LogLine[]>;
}

/** Delay before a retry after Redis did not answer, ms. */
const RETRY_MS = 500;

type Message = [event: string, data: object];

/**
 * Stream of one task to one SSE client. Events only indicate that something changed; the sent data is read from Redis
 * afterwards, so that the last message always matches Redis.
 */
export class TaskStream {
  private position: string;
  private nextLogLine = 0;
  private changed = false;
  private hasNewLogs = false;
  /** True if a user removed the task: the history is ignored from then on. */
  private removed = false;
  private progress: string | undefined;
  private sentProgress = '';
  /** True if a finished state was sent: later progress events are older than it. */
  private finished = false;
  private lastState = '';
  private readonly tick = new FlushTimer(() => void this.flush());
  private retry: NodeJS.Timeout | undefined;
  private busy = false;

  constructor(
    private readonly connection: SseConnection,
    private readonly task: WatchedTask,
    place: string,
  ) {
    this.position = place;
  }

  /** Sends the whole task and the log from line `logged` on. */
  async start(logged = 0): Promise<void> {
    await this.sendFirst(async () => {
      const view = await this.task.view();
      if (!view) return;
      this.lastState = signature(view);
      this.sentProgress = JSON.stringify(view.progress);
      this.nextLogLine = logged;
      this.send([['snapshot', { task: view }], ...(await this.newLogs())]);
    });
  }

  /** Sends only what changed since an earlier connection: its events, and the log from line `logged` on. */
  async resume(events: TaskEvent[], logged: number): Promise<void> {
    await this.sendFirst(async () => {
      this.nextLogLine = logged;
      const view = await this.task.view();
      if (view) this.lastState = events.some(({ name }) => stateAfter(name)) ? '' : signature(view);
      this.receive(events);
    });
  }

  /** Sends the first messages; events that arrive meanwhile are sent afterwards. */
  private async sendFirst(work: () => Promise<void>): Promise<void> {
    this.busy = true;
    try {
      await work();
    } finally {
      this.busy = false;
      if (this.connection.open && (this.changed || this.hasNewLogs || this.progress !== undefined))
        this.schedule();
    }
  }

  receive(events: TaskEvent[]): void {
    for (const event of events) {
      this.position = placeOf(event);
      if (event.name === 'progress') this.progress = event.value;
      else if (event.name === 'log') this.hasNewLogs = true;
      else this.changed = true;
      this.removed = event.name === 'removed';
    }
    if (events.length > 0) this.schedule(events.some(endsTask));
  }

  /** Reloads the task without an event, which repairs the effects of a lost event. */
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
    if (urgent) this.tick.scheduleUrgent();
    else this.tick.schedule();
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
      // The task is loaded first, because its result determines the redaction.
      const view = changed ? await this.task.view() : undefined;
      // Progress and logs are sent before the state, because a client may disconnect at a finished state.
      messages.push(...this.newProgress(view, progress));
      if (hasNewLogs || changed) messages.push(...(await this.newLogs()));
      if (changed) messages.push(...(await this.newState(view)));
      this.send(messages);
    } catch {
      // The retry, the next check or the next event sends it again.
      this.changed = isAway = true;
    } finally {
      this.busy = false;
      if (this.connection.open && isAway) this.retry ??= setTimeout(() => this.tick.flush(), RETRY_MS);
      else if (this.connection.open && (this.changed || this.hasNewLogs || this.progress !== undefined))
        this.schedule(this.changed);
    }
  }

  /** Returns new progress. A finished task contains its last report, whose event may not have arrived yet. */
  private newProgress(view: TaskView | undefined, reported: string | undefined): Message[] {
    let progress: TaskProgress | null = null;
    if (view && isFinished(view.state)) progress = view.progress;
    else if (reported !== undefined && !this.finished)
      progress = this.task.scrub().progress(toProgress(parseStored(reported)));
    const now = JSON.stringify(progress);
    if (!progress || now === this.sentProgress) return [];
    this.sentProgress = now;
    return [['progress', { progress }]];
  }

  private async newState(live: TaskView | undefined): Promise<Message[]> {
    const view = live ?? (this.removed ? undefined : await this.task.history.view());
    if (!view) return [['removed', {}]];
    this.finished = isFinished(view.state);
    const now = signature(view);
    if (now === this.lastState) return [];
    this.lastState = now;
    return [['state', { task: view }]];
  }

  private async newLogs(): Promise<Message[]> {
    let lines = await this.task.logs(this.nextLogLine);
    if (lines.length === 0 && !this.removed && !(await this.task.view()))
      lines = await this.task.history.logs(this.nextLogLine);
    if (lines.length === 0) return [];
    this.nextLogLine = lines.at(-1)!.n + 1;
    return [['log', { lines }]];
  }

  /** Sends messages. Only the last one has an id: a client that disconnects in between receives all of them again. */
  private send(messages: Message[]): void {
    messages.forEach(([event, data], i) =>
      this.connection.write(sseMessage(event, data, i === messages.length - 1 ? this.id() : undefined)),
    );
  }

  private id(): string {
    return `${this.position}~${this.nextLogLine}`;
  }
}

/** Fingerprint of the parts of a task whose change is sent as a new state. */
function signature(view: TaskView): string {
  return [
    view.state,
    view.attempts.made,
    view.startedAt,
    view.finishedAt,
    view.delayUntil,
    isFinished(view.state),
  ].join();
}
