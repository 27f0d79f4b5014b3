import { Injectable } from '@nestjs/common';
import { SharedClock } from '../platform/clock.js';
import { isFinished } from '../model/states.js';
import type { TaskView } from '../model/task-view.js';
import type { CommandReply } from '../workers/command.js';
import { WorkerControl } from '../workers/worker-control.js';
import { taskNotFound } from '../bullmq/task-not-found.js';
import { TaskTransitions, type FinishMark } from '../bullmq/task-transitions.js';
import { TaskReader, type FoundTask } from '../bullmq/task-reader.js';
import { stateConflict } from './state-conflict.js';
import { baseOf } from '../bullmq/keys.js';

/** Maximum attempts per call. Each time the task starts or ends between the read and the write, one is used up. */
const MAX_TRIES = 5;
/** Maximum delay between a worker's reply and the matching state in Redis, ms. */
const SETTLE_MS = 500;

export interface CancelRequest {
  reason?: string;
  force?: boolean;
  by: string;
}

/** Cancels a task in any state that has not finished. */
@Injectable()
export class CancelTask {
  constructor(
    private readonly reader: TaskReader,
    private readonly transitions: TaskTransitions,
    private readonly control: WorkerControl,
    private readonly clock: SharedClock,
  ) {}

  async cancel(id: string, queue: string, { reason, force = false, by }: CancelRequest): Promise<TaskView> {
    const mark: FinishMark = { by, at: this.clock.now(), ...(reason ? { reason } : {}) };
    for (let i = 0; i < MAX_TRIES; i++) {
      const found = await this.getTask(id, queue);
      if (isFinished(found.record.state)) throw stateConflict('cancel', found.record.state);
      const base = baseOf(found.queue);
      const outcome =
        found.record.state === 'active'
          ? await this.transitions.requestCancel(base, id, mark)
          : await this.transitions.finish(base, id, 'cancelled', mark);
      if (outcome === 'done' && found.record.state !== 'active')
        return this.reader.view(await this.getTask(id, queue));
      if (outcome === 'done') return this.askWorker(id, queue, force, by);
      if (outcome === 'refused') throw stateConflict('cancel', found.record.state);
      // The task changed its state between the read and the write: read it again.
    }
    throw stateConflict('cancel', (await this.getTask(id, queue)).record.state);
  }

  /** Asks the worker to stop the task. The cancel mark is in Redis by now, so the task will not run again. */
  private async askWorker(id: string, queue: string, force: boolean, by: string): Promise<TaskView> {
    const reply = await this.control.cancelTask(id, force, by);
    const task = await this.waitUntilFinished(id, queue, reply);
    if (isFinished(task.state) || !task.cancelRequested) return task;
    return { ...task, cancelRequested: { ...task.cancelRequested, note: note(reply) } };
  }

  private async waitUntilFinished(
    id: string,
    queue: string,
    reply: CommandReply | undefined,
  ): Promise<TaskView> {
    const deadline = Date.now() + SETTLE_MS;
    for (;;) {
      const task = await this.reader.view(await this.getTask(id, queue));
      const soon = reply?.ok === true && reply.result.ended === true;
      if (isFinished(task.state) || !soon || Date.now() > deadline) return task;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  private async getTask(id: string, queue: string): Promise<FoundTask> {
    // The task may have been moved to another queue in the meantime.
    const found = (await this.reader.find(id, queue)) ?? (await this.reader.find(id));
    if (!found) throw taskNotFound(id);
    return found;
  }
}

function note(reply: CommandReply | undefined): string {
  if (!reply?.ok) {
    return 'No worker answered. The task ends as cancelled as soon as its worker answers or its lock expires, and will not run again.';
  }
  return reply.result.isolated === true
    ? 'Its handler has been asked to stop and will be killed after its grace period; `force` kills it at once.'
    : 'Its handler has been asked to stop and has not stopped yet. It is not isolated, so it cannot be killed; with `force` the task ends without waiting for it.';
}
