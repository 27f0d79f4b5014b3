import type { TaskView } from '../../../src/model/task-view.js';
import type { RetentionTimes } from '../../../src/tasks/located-task.js';
import type { FakeTasks } from './fake-services.js';

interface FakeKnown {
  task: TaskView;
  queue: string;
  ours: true;
}

/** Finds in the tasks of the bench; what a task says of itself is where it is kept. */
export class FakeFinder {
  constructor(private readonly tasks: FakeTasks) {}

  async find(id: string): Promise<FakeKnown> {
    const task = await this.tasks.get(id);
    return { task, queue: task.queue, ours: true };
  }

  async view({ task }: FakeKnown): Promise<TaskView> {
    return task;
  }
}

/** What happened to the tasks of the bench. */
export class FakeStory {
  similar: { id: string; state: 'completed' | 'failed'; runMs: number; finishedAt: number }[] = [];
  group: { fingerprint: string; count: number } | undefined;
  samples: { at: string; percent: number }[] = [];
  retention: RetentionTimes = {};

  constructor(private readonly tasks: FakeTasks) {}

  attempts({ task }: FakeKnown) {
    return this.tasks.attempts(task.id);
  }

  async transitions() {
    return [];
  }

  logs({ task }: FakeKnown, page: { after?: number }) {
    return this.tasks.logs(task.id, page);
  }

  async progress() {
    return this.samples;
  }

  async similarRuns() {
    return this.similar;
  }

  async errorGroup({ task }: FakeKnown) {
    return task.error ? this.group : undefined;
  }

  storedUntil() {
    return this.retention;
  }
}
