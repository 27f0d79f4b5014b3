import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { TtlCache } from '../coordination/ttl-cache.js';
import { Redaction } from '../platform/redaction/redaction.js';
import { Settings } from '../platform/config/settings.js';
import { RoostError } from '../model/errors.js';
import type { Scrub } from '../platform/redaction/scrub.js';
import { isFinished } from '../model/states.js';
import type { AttemptView, LogLine, ProgressSample, TaskView, TransitionView } from '../model/task-view.js';
import type { HistoryStore, PastRun } from '../history/ports/history-store.js';
import { toAttemptView, toLogLine, toTransitionView } from '../history/to-timeline-views.js';
import type { HistoryAttempt, HistoryTransition } from '../history/ports/rows.js';
import { scrubOfHistory } from '../history/to-task-view.js';
import { HISTORY } from '../history/tokens.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import { TaskReader } from '../bullmq/task-reader.js';
import { toTransitions } from '../bullmq/codec/transitions.js';
import { formatIso, scrubOfJob } from '../bullmq/codec/to-task-view.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import type { RetentionTimes, LocatedTask } from './located-task.js';
import {
  completeTransitions,
  mergeAttempts,
  withAttemptNumbers,
  withoutDuplicates,
  withDetails,
} from './merge-live-and-history.js';
import { TaskFinder } from './task-finder.js';

const HOUR_MS = 3_600_000;
/** Tolerance, ms. Older rows belong to an earlier task with the same id, from an idempotency key that was used again. */
const ID_REUSE_TOLERANCE_MS = 2000;

const SIMILAR_MAX_AGE_MS = 3000;
const MAX_CACHED = 200;

/**
 * Timeline of one task. While Redis has the task, the history only adds to it; if the history does not answer, the
 * timeline is limited to the data in Redis.
 */
@Injectable()
export class TaskTimeline {
  private readonly similar = new TtlCache<PastRun[]>(SIMILAR_MAX_AGE_MS, MAX_CACHED);

  constructor(
    private readonly finder: TaskFinder,
    private readonly reader: TaskReader,
    private readonly settings: Settings,
    @Inject(HISTORY) private readonly history: HistoryStore,
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
    private readonly redaction: Redaction,
  ) {}

  async attempts(known: LocatedTask): Promise<AttemptView[]> {
    const { id, queue } = known;
    if (known.past) {
      const isRunning = known.past.state === 'active';
      const attempts = this.toShownAttempts(known, await this.history.attempts(id, queue));
      // No event reports that the attempt ended or that its worker returned the task to the queue.
      return attempts.map((attempt, i) =>
        attempt.outcome || attempt.finishedAt || (isRunning && i === attempts.length - 1)
          ? attempt
          : { ...attempt, outcome: 'lost' },
      );
    }
    const [live, past] = await Promise.all([
      withRedis(this.redis, () => this.reader.attempts(known.live)),
      this.rowsOrNone(this.history.attempts(id, queue)),
    ]);
    const since = createdAt(known) - ID_REUSE_TOLERANCE_MS;
    return mergeAttempts(
      live,
      this.toShownAttempts(
        known,
        past.filter(({ startedAt }) => (startedAt ?? since) >= since),
      ),
    );
  }

  async transitions(known: LocatedTask): Promise<TransitionView[]> {
    const { id, queue } = known;
    const words = this.scrubOf(known);
    const toTransition = (one: HistoryTransition) => {
      const view = toTransitionView(one);
      return view.detail === undefined ? view : { ...view, detail: words.text(view.detail) };
    };
    const recording = this.history.transitions(id, queue);
    const [view, attempts, recorded] = await Promise.all([
      this.finder.view(known),
      this.attempts(known),
      known.live ? this.rowsOrNone(recording) : recording,
    ]);
    const derived = toTransitions(view, attempts);
    if (known.past) {
      const merged =
        recorded.length > 0 ? withAttemptNumbers(withoutDuplicates(recorded).map(toTransition)) : derived;
      return withDetails(merged, attempts);
    }
    const since = createdAt(known) - ID_REUSE_TOLERANCE_MS;
    const merged = withoutDuplicates(recorded.filter(({ at }) => at >= since)).map(toTransition);
    return withDetails(completeTransitions(merged, derived), attempts);
  }

  /** Lists log lines from number `after` on, oldest first. Each task stores at most its last 1,000 lines. */
  async logs(
    known: LocatedTask,
    { after = 0, limit = 1000 }: { after?: number; limit?: number } = {},
  ): Promise<{ items: LogLine[]; total: number }> {
    if (known.live) return withRedis(this.redis, () => this.reader.logs(known.live, after, limit));
    const { items, total } = await this.history.logs(known.id, { queue: known.queue, after, limit });
    const words = this.scrubOf(known);
    const lines = items.map(toLogLine);
    return { items: lines.map((line) => ({ ...line, text: words.text(line.text) })), total };
  }

  /** Lists the recorded progress samples, oldest first. The last one is the current progress. */
  async progress(known: LocatedTask): Promise<ProgressSample[]> {
    const since = createdAt(known) - ID_REUSE_TOLERANCE_MS;
    const samples = await this.rowsOrNone(this.history.progress(known.id, known.queue));
    const words = this.scrubOf(known);
    return samples
      .filter(({ at }) => at >= since)
      .map(({ at, ...progress }) => ({ at: formatIso(at), ...words.progress(progress) }));
  }

  /**
   * Lists other runs of the type in this queue, newest first. Cached for a few seconds, because pages ask several times a
   * second.
   */
  async similarRuns({ id, queue, type }: TaskView, limit: number): Promise<PastRun[]> {
    const key = JSON.stringify([queue, type, limit]);
    const runs = await this.similar.get(key, () =>
      this.rowsOrNone(this.history.similarRuns({ queue, type, limit: limit + 1 })),
    );
    return runs.filter((run) => run.id !== id).slice(0, limit);
  }

  /** Finds the error group of the task's last failure, with the number of failures in it. */
  async errorGroup(
    known: LocatedTask,
    { attempts, error }: TaskView,
  ): Promise<{ fingerprint: string; count: number } | undefined> {
    if (attempts.made === 0 && !error) return undefined;
    try {
      const past = known.past ?? (await this.history.get(known.id, known.queue));
      const group = past?.errorGroup ? await this.history.error(past.errorGroup) : undefined;
      return group && { fingerprint: group.fingerprint, count: group.count };
    } catch {
      return undefined;
    }
  }

  /** @throws RoostError TASK_STATE_CONFLICT where there is none, or it is not stored in full. */
  async body(known: LocatedTask, part: 'input' | 'result'): Promise<unknown> {
    const view = await this.finder.view(known);
    if (view.cut?.includes(part)) {
      const bytes = part === 'input' ? known.past?.inputBytes : known.past?.resultBytes;
      throw bodyUnavailable(
        view,
        `The ${part} was ${bytes ?? 'many'} bytes long, too long for the history to store it in full.`,
      );
    }
    const value = view[part];
    if (value === undefined) throw bodyUnavailable(view, `The task is ${view.state}, so it has no ${part}.`);
    return value;
  }

  storedUntil(task: TaskView): RetentionTimes {
    if (!isFinished(task.state) || !task.finishedAt) return {};
    const {
      TASK_RETENTION_COMPLETED_HOURS,
      TASK_RETENTION_COMPLETED_COUNT,
      TASK_RETENTION_FAILED_HOURS,
      TASK_RETENTION_FAILED_COUNT,
      HISTORY_RETENTION_DAYS,
      HISTORY_RETENTION_FAILED_DAYS,
      HISTORY_RETENTION_COUNT,
    } = this.settings;
    const went = task.state === 'completed';
    const after = (ms: number) => formatIso(Date.parse(task.finishedAt!) + ms);
    return {
      ...(task.source
        ? {}
        : {
            redis: after((went ? TASK_RETENTION_COMPLETED_HOURS : TASK_RETENTION_FAILED_HOURS) * HOUR_MS),
            redisCount: went ? TASK_RETENTION_COMPLETED_COUNT : TASK_RETENTION_FAILED_COUNT,
          }),
      history: after((went ? HISTORY_RETENTION_DAYS : HISTORY_RETENTION_FAILED_DAYS) * 24 * HOUR_MS),
      historyCount: HISTORY_RETENTION_COUNT,
    };
  }

  private toShownAttempts(known: LocatedTask, attempts: HistoryAttempt[]): AttemptView[] {
    const words = this.scrubOf(known);
    return attempts.map((one) => toAttemptView({ ...one, error: words.failure(one.error) }));
  }

  /** Returns the redaction that removes values hidden by the REDACT rules from texts about the task. */
  private scrubOf({ live, past }: LocatedTask): Scrub {
    return live ? scrubOfJob(live.record, this.redaction) : scrubOfHistory(past, this.redaction);
  }

  /** Returns rows of the history, or none where it does not answer. */
  private rowsOrNone<Row>(rows: Promise<Row[]>): Promise<Row[]> {
    return rows.catch(() => []);
  }
}

function bodyUnavailable({ state }: TaskView, detail: string): RoostError {
  return new RoostError('TASK_STATE_CONFLICT', detail, undefined, { state });
}

function createdAt(known: LocatedTask): number {
  return known.past ? known.past.createdAt : (known.live.record.createdAt ?? 0);
}
