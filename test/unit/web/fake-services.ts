import { RoostError } from '../../../src/model/errors.js';
import type { StateCounts } from '../../../src/model/states.js';
import type { LogLine, TaskView } from '../../../src/model/task-view.js';
import type { ShownNow } from '../../../src/web/monitor/monitor-page.js';
import type { SubmitRequest } from '../../../src/tasks/submit-request.js';

const COUNTS: StateCounts = {
  waiting: 1,
  delayed: 0,
  'waiting-children': 0,
  active: 1,
  completed: 7,
  failed: 1,
  cancelled: 0,
  expired: 0,
};

/** Services of the pages without Redis: tasks in memory, every write recorded. */
export class FakeTasks {
  readonly tasks = new Map<string, TaskView>();
  readonly submitted: SubmitRequest[] = [];
  readonly acts: unknown[][] = [];
  logLines: LogLine[] = [];
  /** Thrown by everything while set. */
  trouble: RoostError | undefined;

  add(...tasks: TaskView[]): void {
    for (const task of tasks) this.tasks.set(task.id, task);
  }

  async submit(request: SubmitRequest) {
    this.check();
    this.submitted.push(request);
    return { task: this.tasks.values().next().value!, created: true };
  }

  async get(id: string): Promise<TaskView> {
    this.check();
    const task = this.tasks.get(id);
    if (!task) throw new RoostError('TASK_NOT_FOUND', `There is no task ${id}.`);
    return task;
  }

  async list() {
    this.check();
    return { items: [...this.tasks.values()], total: this.tasks.size };
  }

  async newest(): Promise<TaskView[]> {
    return (await this.list()).items;
  }

  async counts(): Promise<StateCounts> {
    return COUNTS;
  }

  async logs(_id: string, { after = 0 }: { after?: number }) {
    return { items: this.logLines.filter((line) => line.n >= after), total: this.logLines.length };
  }

  async attempts(id: string) {
    const { error, worker, startedAt, finishedAt } = await this.get(id);
    const outcome = error ? ('failed' as const) : undefined;
    return startedAt
      ? [{ number: 1, worker, startedAt, finishedAt, outcome, error: error ?? undefined }]
      : [];
  }

  async transitions() {
    return [];
  }

  async cancel(id: string, why: { reason?: string; by: string }) {
    return this.act('cancel', id, why);
  }

  async retry(id: string) {
    return this.act('retry', id);
  }

  async promote(id: string) {
    return this.act('promote', id);
  }

  async remove(id: string) {
    await this.act('remove', id);
  }

  private async act(verb: string, id: string, ...more: unknown[]): Promise<TaskView> {
    const task = await this.get(id);
    this.acts.push([verb, id, ...more]);
    return verb === 'cancel' ? { ...task, state: 'cancelled' } : task;
  }

  private check(): void {
    if (this.trouble) throw this.trouble;
  }
}

export class FakeMonitoring {
  view: ShownNow;
  /** Whether no queue has a task. */
  isEmpty = false;

  async queues() {
    return this.isEmpty ? [] : this.view.queues;
  }

  async present(): Promise<ShownNow> {
    return this.view;
  }

  async warnings() {
    return this.view.warnings;
  }
}

export function overviewOf(text: string): ShownNow {
  const at = new Date().toISOString();
  return {
    at,
    queues: [{ name: text, counts: COUNTS, oldestWaitingMs: 90_000, paused: true, workers: 1 }],
    totals: COUNTS,
    otherQueues: [{ name: `${text}:mail`, counts: COUNTS, oldestWaitingMs: null, paused: false }],
    workers: (['online', 'offline'] as const).map((status) => ({
      id: `${text}-${status}`,
      name: text,
      status,
      lastSeenAt: at,
      consumers: [{ concurrency: 2 }],
      active: 1,
    })),
    redis: {
      version: text,
      usedMemoryBytes: 1,
      peakMemoryBytes: 1,
      maxMemoryBytes: 0,
      clients: 1,
      uptimeSeconds: 1,
      opsPerSecond: 1,
      aofEnabled: false,
      aofOk: true,
      role: 'primary',
      writes: 'accepted',
      evictionPolicy: text,
    },
    warnings: [{ code: 'NO_WORKER', message: text, cure: `Start one: ${text}`, href: '/tasks' }],
  };
}
