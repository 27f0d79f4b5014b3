import type { TaskView } from '../../../src/model/task-view.js';
import type { FakeTasks } from './fake-services.js';
import type { FakeWhys } from './fake-fleet.js';

/** Reads the tasks of the bench, and what happened to them. */
export class FakeStory {
  similar: { id: string; state: 'completed' | 'failed'; runMs: number; finishedAt: number }[] = [];
  group: { fingerprint: string; count: number } | undefined;
  samples: { at: string; percent: number }[] = [];

  constructor(
    private readonly tasks: FakeTasks,
    private readonly whys: FakeWhys,
  ) {}

  async find(id: string) {
    const { queue } = await this.tasks.get(id);
    return { id, queue, ours: true };
  }

  async open(id: string) {
    const task = await this.tasks.get(id);
    return {
      located: { id, queue: task.queue, ours: true },
      view: async () => task,
      attempts: () => this.tasks.attempts(id),
      transitions: async () => [],
      logs: (page: { after?: number }) => this.tasks.logs(id, page),
      progress: async () => this.samples,
      errorGroup: async () => (task.error ? this.group : undefined),
    };
  }

  get(id: string): Promise<TaskView> {
    return this.tasks.get(id);
  }

  newest(): Promise<TaskView[]> {
    return this.tasks.newest();
  }

  whyWaiting() {
    return this.whys.why();
  }

  async commandsOf() {
    return undefined;
  }

  async commandsOfListed() {
    return new Map();
  }

  async similarRuns() {
    return this.similar;
  }
}
