import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Settings } from '../config/settings.js';
import { RoostError } from '../contract/errors.js';
import type { Scrub } from '../contract/scrub.js';
import { isSettled } from '../contract/states.js';
import type { AttemptView, LogLine, TaskProgress, TaskView, TransitionView } from '../contract/task-view.js';
import type { HistoryStore, PastRun } from '../history/store/history-store.js';
import { toAttemptView, toLogLine, toTransitionView } from '../history/to-story-views.js';
import type { HistoryAttempt, HistoryTransition } from '../history/store/rows.js';
import { scrubOfKept } from '../history/to-task-view.js';
import { HISTORY } from '../history/tokens.js';
import { withRedis } from '../queue/redis-errors.js';
import { TaskReader } from '../queue/task-reader.js';
import { iso, scrubOfJob } from '../queue/to-task-view.js';
import { COMMANDS } from '../queue/tokens.js';
import type { KeptUntil, KnownTask } from './known-task.js';
import { completeTransitions, mergeAttempts, numbered, once, withDetails } from './merge-story.js';
import { TaskFinder } from './task-finder.js';
import { toTransitions } from './transitions.js';

const HOUR_MS = 3_600_000;
/** What is older than the task itself is of an earlier one with the same id (a key that was used again), ms. */
const BEFORE_MS = 2000;

const SIMILAR_MAX_AGE_MS = 3000;
const MAX_REMEMBERED = 200;

/** Progress at a moment. */
export interface ProgressSample extends TaskProgress {
  at: string;
}

/**
 * What happened to one task. While Redis has the task, the history only adds to it, and where the history does not
 * answer, what Redis knows is all there is.
 */
@Injectable()
export class TaskStory {
  private readonly similar = new Map<string, { at: number; runs: Promise<PastRun[]> }>();

  constructor(
    private readonly finder: TaskFinder,
    private readonly reader: TaskReader,
    private readonly settings: Settings,
    @Inject(HISTORY) private readonly history: HistoryStore,
    @Inject(COMMANDS) private readonly redis: Redis,
  ) {}

  async attempts(known: KnownTask): Promise<AttemptView[]> {
    const { id, queue } = known;
    if (known.past) {
      const isRunning = known.past.state === 'active';
      const attempts = this.shown(known, await this.history.attempts(id, queue));
      // Ended without a word that anybody heard.
      return attempts.map((attempt, i) =>
        attempt.outcome || (isRunning && i === attempts.length - 1)
          ? attempt
          : { ...attempt, outcome: 'lost' },
      );
    }
    const [live, past] = await Promise.all([
      withRedis(this.redis, () => this.reader.attempts(known.live)),
      this.added(this.history.attempts(id, queue)),
    ]);
    const since = createdAt(known) - BEFORE_MS;
    return mergeAttempts(
      live,
      this.shown(
        known,
        past.filter(({ startedAt }) => (startedAt ?? since) >= since),
      ),
    );
  }

  async transitions(known: KnownTask): Promise<TransitionView[]> {
    const { id, queue } = known;
    const words = wordsOf(known);
    const toTransition = (one: HistoryTransition) => {
      const view = toTransitionView(one);
      return view.detail === undefined ? view : { ...view, detail: words.text(view.detail) };
    };
    const recording = this.history.transitions(id, queue);
    const [view, attempts, recorded] = await Promise.all([
      this.finder.view(known),
      this.attempts(known),
      known.live ? this.added(recording) : recording,
    ]);
    const derived = toTransitions(view, attempts);
    if (known.past) {
      const told = recorded.length > 0 ? numbered(once(recorded).map(toTransition)) : derived;
      return withDetails(told, attempts);
    }
    const since = createdAt(known) - BEFORE_MS;
    const told = once(recorded.filter(({ at }) => at >= since)).map(toTransition);
    return withDetails(completeTransitions(told, derived), attempts);
  }

  /** Lines from number `after` on, oldest first; at most 1,000 are kept of each task. */
  async logs(
    known: KnownTask,
    { after = 0, limit = 1000 }: { after?: number; limit?: number } = {},
  ): Promise<{ items: LogLine[]; total: number }> {
    if (known.live) return withRedis(this.redis, () => this.reader.logs(known.live, after, limit));
    const { items, total } = await this.history.logs(known.id, { queue: known.queue, after, limit });
    const words = wordsOf(known);
    const lines = items.map(toLogLine);
    return { items: lines.map((line) => ({ ...line, text: words.text(line.text) })), total };
  }

  /** As it was seen on the way, oldest first; the last one is how far it is now. */
  async progress(known: KnownTask): Promise<ProgressSample[]> {
    const since = createdAt(known) - BEFORE_MS;
    const samples = await this.added(this.history.progress(known.id, known.queue));
    const words = wordsOf(known);
    return samples
      .filter(({ at }) => at >= since)
      .map(({ at, ...progress }) => ({ at: iso(at), ...words.progress(progress) }));
  }

  /** Other runs of the type in this queue, the newest first; a few seconds old, as pages ask several times a second. */
  async similarRuns({ id, queue, type }: TaskView, limit: number): Promise<PastRun[]> {
    const key = JSON.stringify([queue, type, limit]);
    let known = this.similar.get(key);
    if (!known || Date.now() - known.at > SIMILAR_MAX_AGE_MS) {
      if (this.similar.size >= MAX_REMEMBERED) this.similar.clear();
      known = {
        at: Date.now(),
        runs: this.added(this.history.similarRuns({ queue, type, limit: limit + 1 })),
      };
      this.similar.set(key, known);
    }
    return (await known.runs).filter((run) => run.id !== id).slice(0, limit);
  }

  /** The group that its last failure belongs to, with how many failures there are in it. */
  async errorGroup(
    known: KnownTask,
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

  /** @throws RoostError TASK_STATE_CONFLICT where there is none, or it is not kept whole. */
  async body(known: KnownTask, part: 'input' | 'result'): Promise<unknown> {
    const view = await this.finder.view(known);
    if (view.cut?.includes(part)) {
      const bytes = part === 'input' ? known.past?.inputBytes : known.past?.resultBytes;
      throw noBody(
        view,
        `The ${part} was ${bytes ?? 'many'} bytes long, too long for the history to keep it whole.`,
      );
    }
    const value = view[part];
    if (value === undefined) throw noBody(view, `The task is ${view.state}, so it has no ${part}.`);
    return value;
  }

  keptUntil(task: TaskView): KeptUntil {
    if (!isSettled(task.state) || !task.finishedAt) return {};
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
    const after = (ms: number) => iso(Date.parse(task.finishedAt!) + ms);
    return {
      ...(task.kept
        ? {}
        : {
            redis: after((went ? TASK_RETENTION_COMPLETED_HOURS : TASK_RETENTION_FAILED_HOURS) * HOUR_MS),
            redisCount: went ? TASK_RETENTION_COMPLETED_COUNT : TASK_RETENTION_FAILED_COUNT,
          }),
      history: after((went ? HISTORY_RETENTION_DAYS : HISTORY_RETENTION_FAILED_DAYS) * 24 * HOUR_MS),
      historyCount: HISTORY_RETENTION_COUNT,
    };
  }

  private shown(known: KnownTask, attempts: HistoryAttempt[]): AttemptView[] {
    const words = wordsOf(known);
    return attempts.map((one) => toAttemptView({ ...one, error: words.failure(one.error) }));
  }

  /** What the history adds to what is known anyway: nothing, where it does not answer. */
  private added<Row>(rows: Promise<Row[]>): Promise<Row[]> {
    return rows.catch(() => []);
  }
}

/** Takes what the rules of REDACT hide in the task out of what is said of it. */
function wordsOf(known: KnownTask): Scrub {
  return known.live ? scrubOfJob(known.live.record) : scrubOfKept(known.past);
}

function noBody({ state }: TaskView, detail: string): RoostError {
  return new RoostError('TASK_STATE_CONFLICT', detail, undefined, { state });
}

function createdAt(known: KnownTask): number {
  return known.past ? known.past.createdAt : Number(known.live.record.timestamp) || 0;
}
