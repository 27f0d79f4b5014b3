import type { Redis } from 'ioredis';
import { RoostError } from '../model/errors.js';
import type { Redaction } from '../platform/redaction/redaction.js';
import type { Scrub } from '../platform/redaction/scrub.js';
import type {
  AttemptView,
  LogLine,
  ProgressSample,
  TaskProgress,
  TaskView,
  TransitionView,
} from '../model/task-view.js';
import type { HistoryStore } from '../history/ports/history-store.js';
import {
  toAttemptView,
  toHistoryTaskView,
  toLogLine,
  toTransitionView,
} from '../history/to-timeline-views.js';
import type { HistoryAttempt, HistoryTransition } from '../history/ports/rows.js';
import { scrubOfHistory } from '../history/to-task-view.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import type { TaskReader } from '../bullmq/task-reader.js';
import { formatIso, scrubOfJob } from '../bullmq/codec/to-task-view.js';
import { toTransitions } from '../bullmq/codec/transitions.js';
import type { LocatedTask } from './located-task.js';
import {
  completeTransitions,
  mergeAttempts,
  withAttemptNumbers,
  withoutDuplicates,
  withDetails,
} from './merge-live-and-history.js';

/** Tolerance, ms. Older rows belong to an earlier task with the same id, from an idempotency key that was used again. */
const ID_REUSE_TOLERANCE_MS = 2000;

interface Sources {
  reader: Pick<TaskReader, 'view' | 'attempts' | 'logs'>;
  history: Pick<HistoryStore, 'get' | 'attempts' | 'transitions' | 'logs' | 'progress' | 'error'>;
  redis: Redis;
  redaction: Redaction;
}

/**
 * View and timeline of one task, for one request: loads what several parts need once. While Redis has the task, the
 * history only adds to it; if the history does not answer, the timeline is limited to the data in Redis.
 */
export class TaskTimeline {
  private viewed: Promise<TaskView> | undefined;
  private attempted: Promise<AttemptView[]> | undefined;
  private attemptedInRedis: Promise<AttemptView[]> | undefined;

  constructor(
    readonly located: LocatedTask,
    private readonly sources: Sources,
  ) {}

  view(): Promise<TaskView> {
    return (this.viewed ??= this.loadView());
  }

  attempts(): Promise<AttemptView[]> {
    return (this.attempted ??= this.loadAttempts());
  }

  /** Lists the attempts known to Redis; none for a task that only the history has. */
  attemptsInRedis(): Promise<AttemptView[]> {
    return (this.attemptedInRedis ??= this.loadAttemptsInRedis());
  }

  async transitions(): Promise<TransitionView[]> {
    const { id, queue, history } = this.located;
    const redacted = this.scrub();
    const toTransition = (one: HistoryTransition) => {
      const view = toTransitionView(one);
      return view.detail === undefined ? view : { ...view, detail: redacted.text(view.detail) };
    };
    const recording = this.sources.history.transitions(id, queue);
    const [view, attempts, recorded] = await Promise.all([
      this.view(),
      this.attempts(),
      history ? recording : rowsOrNone(recording),
    ]);
    const derived = toTransitions(view, attempts);
    if (history) {
      const merged =
        recorded.length > 0 ? withAttemptNumbers(withoutDuplicates(recorded).map(toTransition)) : derived;
      return withDetails(merged, attempts);
    }
    const merged = withoutDuplicates(recorded.filter(({ at }) => at >= this.since())).map(toTransition);
    return withDetails(completeTransitions(merged, derived), attempts);
  }

  /**
   * Lists log lines from number `after` on, oldest first; a negative `after` counts from the end. Each task stores at most
   * its last 1,000 lines.
   */
  async logs({ after = 0, limit = 1000 } = {}): Promise<{ items: LogLine[]; total: number }> {
    const { id, queue, redis } = this.located;
    const { reader, history } = this.sources;
    if (redis) return withRedis(this.sources.redis, () => reader.logs(redis, after, limit));
    const { items, total } = await history.logs(id, { queue, after, limit });
    const redacted = this.scrub();
    return {
      items: items.map(toLogLine).map((line) => ({ ...line, text: redacted.text(line.text) })),
      total,
    };
  }

  /**
   * Lists the recorded progress samples, oldest first. The last one is the current progress, which is stored with the
   * completion where it was reported shortly before.
   */
  async progress(): Promise<ProgressSample[]> {
    const { id, queue } = this.located;
    const [rows, { finishedAt, progress: last }] = await Promise.all([
      rowsOrNone(this.sources.history.progress(id, queue)),
      this.view(),
    ]);
    const redacted = this.scrub();
    const samples = rows
      .filter(({ at }) => at >= this.since())
      .map(({ at, ...progress }) => ({ at: formatIso(at), ...redacted.progress(progress) }));
    if (!finishedAt || !last || isSameProgress(last, samples.at(-1))) return samples;
    return [...samples, { at: finishedAt, ...last }];
  }

  /** Finds the error group of the task's last failure, with the number of failures in it. */
  async errorGroup(): Promise<{ fingerprint: string; count: number } | undefined> {
    const { attempts, error } = await this.view();
    if (attempts.made === 0 && !error) return undefined;
    const { id, queue, history } = this.located;
    try {
      const recorded = history ?? (await this.sources.history.get(id, queue));
      const group = recorded?.errorGroup ? await this.sources.history.error(recorded.errorGroup) : undefined;
      return group && { fingerprint: group.fingerprint, count: group.count };
    } catch {
      return undefined;
    }
  }

  /** @throws RoostError TASK_STATE_CONFLICT where there is none, or it is not stored in full. */
  async body(part: 'input' | 'result'): Promise<unknown> {
    const view = await this.view();
    if (view.cut?.includes(part)) {
      const { history } = this.located;
      const bytes = part === 'input' ? history?.inputBytes : history?.resultBytes;
      throw bodyUnavailable(
        view,
        `The ${part} was ${bytes ?? 'many'} bytes long, too long for the history to store it in full.`,
      );
    }
    const value = view[part];
    if (value === undefined) throw bodyUnavailable(view, `The task is ${view.state}, so it has no ${part}.`);
    return value;
  }

  private async loadView(): Promise<TaskView> {
    const { redis, history } = this.located;
    if (!redis) return toHistoryTaskView(history, this.sources.redaction);
    return withRedis(this.sources.redis, () => this.sources.reader.view(redis));
  }

  private async loadAttempts(): Promise<AttemptView[]> {
    const { id, queue, history } = this.located;
    const recording = this.sources.history.attempts(id, queue);
    if (history) {
      const isRunning = history.state === 'active';
      const attempts = this.toShownAttempts(await recording);
      // No event reports that the attempt ended or that its worker returned the task to the queue.
      return attempts.map((attempt, i) =>
        attempt.outcome || attempt.finishedAt || (isRunning && i === attempts.length - 1)
          ? attempt
          : { ...attempt, outcome: 'lost' },
      );
    }
    const [live, recorded] = await Promise.all([this.attemptsInRedis(), rowsOrNone(recording)]);
    const since = this.since();
    return mergeAttempts(
      live,
      this.toShownAttempts(recorded.filter(({ startedAt }) => (startedAt ?? since) >= since)),
    );
  }

  private async loadAttemptsInRedis(): Promise<AttemptView[]> {
    const { redis } = this.located;
    return redis ? withRedis(this.sources.redis, () => this.sources.reader.attempts(redis)) : [];
  }

  private toShownAttempts(attempts: HistoryAttempt[]): AttemptView[] {
    const redacted = this.scrub();
    return attempts.map((one) => toAttemptView({ ...one, error: redacted.failure(one.error) }));
  }

  /** Returns the redaction that removes values hidden by the REDACT rules from texts about the task. */
  private scrub(): Scrub {
    const { redis, history } = this.located;
    const { redaction } = this.sources;
    return redis ? scrubOfJob(redis.record, redaction) : scrubOfHistory(history, redaction);
  }

  /** Returns the time before which rows belong to an earlier task with the same id, ms. */
  private since(): number {
    const { redis, history } = this.located;
    return (redis ? (redis.record.createdAt ?? 0) : history.createdAt) - ID_REUSE_TOLERANCE_MS;
  }
}

/** Returns rows of the history, or none where it does not answer. */
export function rowsOrNone<Row>(rows: Promise<Row[]>): Promise<Row[]> {
  return rows.catch(() => []);
}

function bodyUnavailable({ state }: TaskView, detail: string): RoostError {
  return new RoostError('TASK_STATE_CONFLICT', detail, undefined, { state });
}

function isSameProgress(one: TaskProgress, other: TaskProgress | undefined): boolean {
  return (['percent', 'done', 'total', 'message'] as const).every((name) => one[name] === other?.[name]);
}
