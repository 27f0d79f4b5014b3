import { RoostError } from '../../../src/model/errors.js';
import type { QueueOutlook } from '../../../src/tasks/queue-outlooks.js';
import type { WorkerReply, WorkerDetail, WorkerView } from '../../../src/workers/workers.openapi.js';
import type { LoadSample } from '../../../src/workers/worker-record.js';
import type { TypeLimits } from '../../../src/limits/limits.openapi.js';
import type { RedisDetails } from '../../../src/monitoring/redis-details.js';
import type { QueueDetail } from '../../../src/queues/queues.openapi.js';
import type { WhyView } from '../../../src/tasks/task-queries.openapi.js';
import { sampleQueue, sampleTypeLimits, sampleWorker } from './page-models/fleet-samples.js';

/** Services of the workers' pages without Redis; every write is recorded. */
export class FakeFleet {
  workers: WorkerDetail[] = [];
  readonly acts: unknown[][] = [];
  answers: WorkerReply[] = [];
  /** Thrown by every write while set. */
  trouble: RoostError | undefined;

  async list(): Promise<WorkerView[]> {
    return this.workers;
  }

  async get(id: string): Promise<WorkerDetail> {
    const worker = this.workers.find((one) => one.id === id);
    if (!worker) throw new RoostError('WORKER_NOT_FOUND', `There is no worker ${id}.`);
    return worker;
  }

  async samples(): Promise<LoadSample[]> {
    return [1, 2, 3].map((second) => ({
      at: second * 1_000,
      cpu: 10 * second,
      rssMb: 100,
      lagMs: 2,
      active: second,
    }));
  }

  async command(...args: unknown[]) {
    this.act('command', args);
    return {};
  }

  async commandMany(...args: unknown[]): Promise<WorkerReply[]> {
    this.act('commandMany', args);
    return this.answers;
  }

  async dismiss(...args: unknown[]): Promise<void> {
    this.act('dismiss', args);
  }

  private act(verb: string, args: unknown[]): void {
    if (this.trouble) throw this.trouble;
    this.acts.push([verb, ...args]);
  }
}

/** Any service whose writes are only remembered. */
export class FakeQueues {
  queue: QueueDetail = sampleQueue();
  readonly acts: unknown[][] = [];
  trouble: RoostError | undefined;

  async list() {
    return [this.queue];
  }

  async findObserved(): Promise<undefined> {
    return undefined;
  }

  async get(name: string) {
    if (name !== this.queue.name) throw new RoostError('QUEUE_NOT_FOUND', 'There is no such queue.');
    return this.queue;
  }

  pause = this.write('pause');
  resume = this.write('resume');
  setConcurrency = this.write('setConcurrency');
  setRateLimit = this.write('setRateLimit');
  drain = this.write('drain', { done: 12, more: false });
  clean = this.write('clean', { done: 1_000, more: true });
  promote = this.write('promote', { done: 3, more: false });

  private write(verb: string, answer: object = {}) {
    return async (...args: unknown[]) => {
      if (this.trouble) throw this.trouble;
      this.acts.push([verb, ...args]);
      return answer;
    };
  }
}

export class FakeLimits {
  limits: TypeLimits[] = [sampleTypeLimits()];
  readonly acts: unknown[][] = [];

  async list() {
    return this.limits;
  }

  async set(...args: unknown[]) {
    this.acts.push(['set', ...args]);
  }

  async reset(...args: unknown[]) {
    this.acts.push(['reset', ...args]);
  }
}

/** Outlooks of queues that are paused. */
export class FakeOutlooks {
  async list(queues: { name: string }[]): Promise<QueueOutlook[]> {
    return queues.map(({ name }) => ({
      queue: name,
      blockers: [{ code: 'QUEUE_PAUSED', message: `The queue ${name} is paused.` }],
      clears: { startInMs: null, startAt: null, basis: name },
      slots: { used: 1, total: 2 },
      pauses: [Date.now() - 600_000],
    }));
  }

  async held() {
    return [];
  }
}

export class FakeWhys {
  why: () => Promise<WhyView> = async () => {
    throw new RoostError('TASK_GONE', 'It moved on.');
  };
}

export class FakeRedisDetails {
  details: RedisDetails = {
    at: '',
    info: { refused: 'INFO' },
    slowLog: { refused: 'SLOWLOG' },
    queues: { refused: 'MEMORY' },
  };

  async read() {
    return this.details;
  }
}

/** Everything that others wrote is `text`. */
export function textWorker(text: string, parts: Partial<WorkerDetail> = {}): WorkerDetail {
  const at = new Date().toISOString();
  return sampleWorker({
    name: text,
    host: text,
    args: [text],
    settings: { REDIS_URL: text, [text]: text },
    versions: { roost: text, node: text, bullmq: text },
    paused: { by: text, at, reason: text },
    consumers: [{ queue: text, concurrency: 2, active: 1, paused: true, autoscale: { min: 1, max: 4 } }],
    running: [{ id: 'task-1', type: text, queue: text, attempt: 1, startedAt: at, runMs: 10 }],
    byType: { [text]: { completed: 1, failed: 1, retried: 1, cancelled: 1 } },
    children: [{ pid: 7, busy: true, taskId: 'task-1', tasksDone: 1, rssMb: 80 }],
    ...parts,
  });
}
