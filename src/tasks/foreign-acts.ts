import { Inject, Injectable } from '@nestjs/common';
import { RoostError } from '../contract/errors.js';
import type { TaskView } from '../contract/task-view.js';
import { HistoryStatus } from '../history/history-status.js';
import { BatchMover } from '../queue/batch-mover.js';
import { ForeignQueue, toForeignView } from '../queue/foreign-queue.js';
import { withRedis } from '../queue/redis-errors.js';
import type { CommandRedis } from '../queue/task-commands.js';
import type { MoveOutcome } from '../queue/task-mover.js';
import { COMMANDS } from '../queue/tokens.js';
import type { KnownTask } from './known-task.js';
import { stateConflict } from './state-conflict.js';
import { TaskFinder } from './task-finder.js';

/** ms */
const CATCH_UP_MS = 1000;

/** Only its history is known, and it is of another program. */
export type ForeignTask = KnownTask & { live?: undefined; ours: false };

export function isForeign(known: KnownTask): known is ForeignTask {
  return !known.ours;
}

/** What can be done to tasks of another program without knowing more of it than BullMQ does: put back, sooner, away. */
@Injectable()
export class ForeignActs {
  constructor(
    private readonly finder: TaskFinder,
    private readonly mover: BatchMover,
    private readonly status: HistoryStatus,
    @Inject(COMMANDS) private readonly redis: CommandRedis,
  ) {}

  /** As it is in Redis; undefined where its program's retention has dropped it. */
  now({ id, queue }: ForeignTask): Promise<TaskView | undefined> {
    return this.in(queue, async (open) => {
      const found = await open.find(id);
      return found && toForeignView(found.record);
    });
  }

  retry(known: ForeignTask): Promise<TaskView> {
    return this.requeue('retry', known, (queue) => queue.retry(known.id));
  }

  promote(known: ForeignTask): Promise<TaskView> {
    return this.requeue('promote', known, (queue) => queue.promote(known.id));
  }

  /** Out of Redis and of the history; a running one, and a part of a flow or a schedule that is to come, is refused. */
  remove(known: ForeignTask): Promise<void> {
    return this.in(known.queue, async (open) => {
      const found = await open.find(known.id);
      const [answer] = found ? await this.mover.remove([found]) : ['missing' as const];
      if (answer === 'missing') return this.finder.forget(known);
      if (answer === 'done') return this.recorded();
      if (answer instanceof Error) throw answer;
      const state = found!.record.state;
      if (answer === 'running') throw stateConflict('delete', 'active');
      throw conflict('It is part of a flow or a schedule of its program: delete that there.', state);
    });
  }

  private requeue(
    verb: 'retry' | 'promote',
    known: ForeignTask,
    move: (queue: ForeignQueue) => Promise<MoveOutcome>,
  ): Promise<TaskView> {
    return this.in(known.queue, async (open) => {
      const before = await open.find(known.id);
      if (!before) throw dropped(known);
      const from = verb === 'retry' ? 'failed' : 'delayed';
      if (before.record.state !== from) throw stateConflict(verb, before.record.state);
      if (await open.losesWhatWaits()) {
        throw conflict(
          'Its queue is paused by a BullMQ before 6, which could lose it when it is resumed. Resume the queue first.',
          from,
        );
      }
      const outcome = await move(open);
      const now = await open.find(known.id);
      if (outcome === 'missing' || !now) throw dropped(known);
      if (outcome !== 'done') throw stateConflict(verb, now.record.state);
      await this.recorded();
      return toForeignView(now.record);
    });
  }

  /** What is looked at next comes from the history: it is given a moment to hear of it. */
  private async recorded(): Promise<void> {
    await this.status.caughtUp(CATCH_UP_MS);
  }

  private in<T>(queue: string, work: (queue: ForeignQueue) => Promise<T>): Promise<T> {
    return withRedis(this.redis, () => ForeignQueue.use(this.redis, queue, work));
  }
}

function dropped({ past }: ForeignTask): RoostError {
  return conflict(
    'Redis has dropped this task as its program wishes; only the history keeps it.',
    past.state,
  );
}

function conflict(detail: string, state: string): RoostError {
  return new RoostError('TASK_STATE_CONFLICT', detail, undefined, { state });
}
