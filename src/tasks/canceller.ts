import { Injectable } from '@nestjs/common';
import { sharedNow } from '../contract/clock.js';
import { isSettled } from '../contract/states.js';
import type { TaskView } from '../contract/task-view.js';
import type { CommandReply } from '../fleet/command.js';
import { FleetControl } from '../fleet/fleet-control.js';
import { missingTask } from '../queue/missing-task.js';
import { JOB_ID } from '../queue/task-ids.js';
import { TaskMover, type SettleMark } from '../queue/task-mover.js';
import { TaskReader, type FoundTask } from '../queue/task-reader.js';
import { stateConflict } from './state-conflict.js';

/** A task can start or end between two looks at it; more often than this it cannot in one call. */
const TRIES = 5;
/** The worker's word and the state in Redis are this far apart at most, ms. */
const SETTLE_MS = 500;

export interface CancelRequest {
  reason?: string;
  force?: boolean;
  by: string;
}

/** Cancels a task wherever it is. */
@Injectable()
export class Canceller {
  constructor(
    private readonly reader: TaskReader,
    private readonly mover: TaskMover,
    private readonly control: FleetControl,
  ) {}

  async cancel(id: string, { reason, force = false, by }: CancelRequest): Promise<TaskView> {
    const mark: SettleMark = { by, at: sharedNow(), ...(reason ? { reason } : {}) };
    for (let i = 0; i < TRIES; i++) {
      const found = await this.found(id);
      if (isSettled(found.record.state)) throw stateConflict('cancel', found.record.state);
      const base = found.queue.toKey('');
      const outcome =
        found.record.state === 'active'
          ? await this.mover.requestCancel(base, id, mark)
          : await this.mover.settle(base, id, 'cancelled', mark);
      if (outcome === 'done' && found.record.state !== 'active')
        return this.reader.view(await this.found(id));
      if (outcome === 'done') return this.letGo(id, force, by);
      if (outcome === 'refused') throw stateConflict('cancel', found.record.state);
      // It started, ended or went back in between: look again.
    }
    throw stateConflict('cancel', (await this.found(id)).record.state);
  }

  /** The mark stands: it will not be run again. Now its worker is asked, and asked again where it has just begun. */
  private async letGo(id: string, force: boolean, by: string): Promise<TaskView> {
    const reply = await this.control.cancelTask(id, force, by);
    const task = await this.settled(id, reply);
    if (isSettled(task.state) || !task.cancelRequested) return task;
    return { ...task, cancelRequested: { ...task.cancelRequested, note: note(reply) } };
  }

  private async settled(id: string, reply: CommandReply | undefined): Promise<TaskView> {
    const deadline = Date.now() + SETTLE_MS;
    for (;;) {
      const task = await this.reader.view(await this.found(id));
      const soon = reply?.ok === true && reply.result.ended === true;
      if (isSettled(task.state) || !soon || Date.now() > deadline) return task;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  private async found(id: string): Promise<FoundTask> {
    const found = JOB_ID.test(id) ? await this.reader.find(id) : undefined;
    if (!found) throw missingTask(id);
    return found;
  }
}

function note(reply: CommandReply | undefined): string {
  if (!reply?.ok) {
    return 'No worker answered for it. It ends as cancelled as soon as its worker does, or when its lock runs out, and is not run again.';
  }
  return reply.result.isolated === true
    ? 'Its handler has been asked to stop and is killed when its time of grace is over; `force` kills it at once.'
    : 'Its handler has been asked to stop and has not yet. It is not isolated, so it cannot be killed; with `force` nobody waits for it any more.';
}
