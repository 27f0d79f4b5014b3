import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { SharedClock } from '../platform/clock.js';
import { TaskCancelledError } from '../task-api/outcomes.js';
import { CommandRefusedError, type Command } from '../workers/command.js';
import type { Announcement, CommandHandler } from '../workers/command-listener.js';
import { LOG } from '../platform/logging/logging.module.js';
import { leave, stopSelf } from '../platform/process-exit.js';
import { Consumers } from './consumers.js';
import { Isolation } from './isolation/isolation.js';
import { TaskRunner } from './task-runner.js';

/** Time for a cancelled handler to end before the command reports that it still runs, ms. */
const CANCEL_WAIT_MS = 1_500;
/** Grace period before a forced cancel abandons a handler that is not isolated, ms. */
const FORCE_GRACE_MS = 250;

/** Executes commands to this worker. The answer describes the effect. */
@Injectable()
export class WorkerCommands implements CommandHandler {
  pausedBy: { by: string; at: number; reason?: string } | null = null;
  draining = false;
  /** Reason of the worker's exit, once a command asked for it. */
  leaving: string | undefined;

  constructor(
    private readonly consumers: Consumers,
    private readonly runner: TaskRunner,
    private readonly isolation: Isolation,
    @Inject(LOG) private readonly log: Logger,
    private readonly clock: SharedClock,
  ) {}

  /** Accepts a broadcast command only if its task runs here. */
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
      throw new CommandRefusedError('this worker is draining and ends when it is done');
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
          at: this.clock.now(),
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
        this.leaving = withReason('drained', command.args.reason);
        await this.consumers.pauseAll();
        void this.endWhenIdle();
        return { draining: true, stillRunning: this.runner.active };
      case 'stop':
        this.leaving = withReason('stopped by a command', command.args.reason);
        return this.stop(command.args.now ?? false);
      case 'restart-children':
        return { ...this.isolation.restart() };
      case 'cancel-task':
        return this.cancelTask(command.args.taskId, command.args.force);
    }
  }

  private stop(now: boolean): Record<string, unknown> {
    const stillRunning = this.runner.active;
    // Delayed until the answer is sent. SIGTERM is the only graceful way to stop; "now" exits as in a crash.
    setTimeout(() => (now ? leave(1) : stopSelf()), 50);
    return { stopping: true, now, stillRunning };
  }

  private async endWhenIdle(): Promise<void> {
    for (;;) {
      const [run] = this.runner.list();
      if (!run) break;
      await run.endsWithin(60_000);
      // The runner removes a task a moment after it ended.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    this.log.info('drained: stopping');
    stopSelf();
  }

  private async cancelTask(taskId: string, force: boolean): Promise<Record<string, unknown>> {
    const run = this.runner.find(taskId);
    if (!run) throw new CommandRefusedError('the task does not run here any more');
    run.abort(new TaskCancelledError('The task was cancelled.', force));
    // A forced cancel after a normal one: the first reason, and with it its grace period, would still apply.
    if (force) await this.isolation.kill(taskId, run.signal.reason as Error);
    let abandoned = false;
    if (force && !(await run.endsWithin(FORCE_GRACE_MS)) && !this.runner.isIsolated(run)) {
      run.abandon();
      abandoned = true;
    }
    const ended = await run.endsWithin(CANCEL_WAIT_MS);
    return { ended, abandoned, isolated: this.runner.isIsolated(run) };
  }
}

function withReason(what: string, reason: string | undefined): string {
  return reason ? `${what}: ${reason}` : what;
}
