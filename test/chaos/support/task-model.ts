import type { TaskState } from '../../../src/model/states.js';

/** `quick` completes, `bad` fails, `long` runs until it is cancelled, `later` is delayed and then quick. */
export const KINDS = ['quick', 'bad', 'long', 'later'] as const;
export type Kind = (typeof KINDS)[number];

export interface ModelTask {
  kind: Kind;
  key: string;
  state: TaskState | 'deleted';
  id: string;
  /** Workers it has lost since it was handed in or retried. */
  deaths: number;
}

/**
 * A model of Roost in a few lines: tasks in states, one queue that may be paused, and one worker with more slots than
 * there are long tasks. All that can happen by itself has happened when a state is told.
 */
export class TaskModel {
  readonly tasks: ModelTask[] = [];
  paused = false;

  constructor(readonly run: string) {}

  at(n: number): ModelTask {
    return this.tasks[n % this.tasks.length]!;
  }

  submitted(id: string, kind: Kind): void {
    const task: ModelTask = { kind, key: this.nextKey(), state: 'delayed', id, deaths: 0 };
    this.tasks.push(task);
    if (kind !== 'later') this.wait(task);
  }

  nextKey(): string {
    return `${this.run}-${this.tasks.length}`;
  }

  /** Ready to run: it does at once, unless the queue is paused. */
  wait(task: ModelTask): void {
    task.state = this.paused ? 'waiting' : OUTCOMES[task.kind];
  }

  begin(task: ModelTask): void {
    task.deaths = 0;
    this.wait(task);
  }

  resumed(): void {
    this.paused = false;
    for (const task of this.tasks) if (task.state === 'waiting') this.wait(task);
  }

  /** An active task is found without a worker and waits again, but not after the fourth time. */
  crashed(): void {
    for (const task of this.tasks) {
      if (task.state !== 'active') continue;
      if (++task.deaths === MOST_DEATHS) task.state = 'failed';
      else this.wait(task);
    }
  }

  /** Whether an act is allowed now, and what becomes of the task then. */
  act(verb: Verb, task: ModelTask): boolean {
    if (!ALLOWED[verb].includes(task.state)) return false;
    if (verb === 'cancel') task.state = 'cancelled';
    else if (verb === 'delete') task.state = 'deleted';
    else if (verb === 'retry') this.begin(task);
    else this.wait(task);
    return true;
  }
}

const MOST_DEATHS = 4;

export const VERBS = ['cancel', 'retry', 'promote', 'delete'] as const;
export type Verb = (typeof VERBS)[number];

const OUTCOMES: Record<Kind, TaskState> = {
  quick: 'completed',
  later: 'completed',
  bad: 'failed',
  long: 'active',
};

const ALLOWED: Record<Verb, readonly string[]> = {
  cancel: ['waiting', 'delayed', 'active'],
  retry: ['failed', 'cancelled'],
  promote: ['delayed'],
  delete: ['waiting', 'delayed', 'completed', 'failed', 'cancelled'],
};
