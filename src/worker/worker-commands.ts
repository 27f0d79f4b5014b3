import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { sharedNow } from '../contract/clock.js';
import { TaskCancelledError } from '../contract/outcomes.js';
import { CommandRefused, type Command } from '../fleet/command.js';
import type { Announcement, CommandHandler } from '../fleet/command-listener.js';
import { LOG } from '../logging/logging.module.js';
import { Consumers } from './consumers.js';
import { Isolation } from './isolation/isolation.js';
import { TaskRunner } from './task-runner.js';

/** A cancelled handler gets this long to end before the caller is told that it is still at it, ms. */
const CANCEL_ANSWER_MS = 1_500;
/** With force: a handler that is not isolated gets this long before nobody waits for it any more, ms. */
const FORCE_GRACE_MS = 250;

/** What this worker does when it is told to; the answer is what it did. */
@Injectable()
export class WorkerCommands implements CommandHandler {
  pausedBy: { by: string; at: number; reason?: string } | null = null;
  draining = false;
  /** Why it leaves, once it was told to. */
  leaving: string | undefined;

  constructor(
    private readonly consumers: Consumers,
    private readonly runner: TaskRunner,
    private readonly isolation: Isolation,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** Commands to all are about one task: only who runs it takes them. */
  concerns({ taskId }: Announcement): boolean {
    return taskId === undefined || this.runner.find(taskId) !== undefined;
  }

  async handle(command: Command): Promise<Record<string, unknown>> {
    if (
      this.draining &&
      command.name !== 'ping' &&
      command.name !== 'stop' &&
      command.name !== 'cancel-task'
    ) {
      throw new CommandRefused('this worker is draining and ends when it is done');
    }
    switch (command.name) {
      case 'ping':
        return { pong: true, at: new Date().toISOString() };
      case 'concurrency':
        this.consumers.resize(command.args.queue, command.args.concurrency);
        return { queue: command.args.queue, concurrency: command.args.concurrency };
      case 'autoscale': {
        const { args } = command;
        this.consumers.autoscale(args.queue, 'off' in args ? null : { min: args.min, max: args.max });
        return { ...args };
      }
      case 'pause':
        await this.consumers.pauseAll();
        this.pausedBy = {
          by: command.by,
          at: sharedNow(),
          ...(command.args.reason ? { reason: command.args.reason } : {}),
        };
        return { paused: true, stillRunning: this.runner.active };
      case 'resume':
        await this.consumers.resumeAll();
        this.pausedBy = null;
        return { paused: false };
      case 'add-consumer':
        this.consumers.add(command.args.queue, command.args.concurrency);
        return { queue: command.args.queue };
      case 'cancel-consumer':
        await this.consumers.cancel(command.args.queue);
        return { queue: command.args.queue, stillRunning: this.runner.activeIn(command.args.queue) };
      case 'drain':
        this.draining = true;
        this.leaving = because('drained', command.args.reason);
        await this.consumers.pauseAll();
        void this.endWhenIdle();
        return { draining: true, stillRunning: this.runner.active };
      case 'stop':
        this.leaving = because('told to stop', command.args.reason);
        return this.stop(command.args.now ?? false);
      case 'restart-children':
        return { ...this.isolation.restart() };
      case 'cancel-task':
        return this.cancelTask(command.args.taskId, command.args.force);
    }
  }

  private stop(now: boolean): Record<string, unknown> {
    const stillRunning = this.runner.active;
    // After the answer is out. SIGTERM is the one way to stop in order; the way out for "now" is the one of a crash.
    setTimeout(() => (now ? process.exit(1) : process.kill(process.pid, 'SIGTERM')), 50);
    return { stopping: true, now, stillRunning };
  }

  private async endWhenIdle(): Promise<void> {
    for (;;) {
      const [run] = this.runner.list();
      if (!run) break;
      await run.endsWithin(60_000);
      // The runner forgets a task a moment after it ended.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    this.log.info('drained: stopping');
    process.kill(process.pid, 'SIGTERM');
  }

  private async cancelTask(taskId: string, force: boolean): Promise<Record<string, unknown>> {
    const run = this.runner.find(taskId);
    if (!run) throw new CommandRefused('the task does not run here any more');
    run.abort(new TaskCancelledError('The task was cancelled.', force));
    // A force after a cancel without: the first reason stays, and with it its time of grace.
    if (force) await this.isolation.kill(taskId, run.signal.reason as Error);
    let abandoned = false;
    if (force && !(await run.endsWithin(FORCE_GRACE_MS)) && !this.runner.isIsolated(run)) {
      run.abandon();
      abandoned = true;
    }
    const ended = await run.endsWithin(CANCEL_ANSWER_MS);
    return { ended, abandoned, isolated: this.runner.isIsolated(run) };
  }
}

function because(what: string, reason: string | undefined): string {
  return reason ? `${what}: ${reason}` : what;
}
