import { Inject, Injectable } from '@nestjs/common';
import type { JobsOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { RoostError } from '../model/errors.js';
import type { TaskView } from '../model/task-view.js';
import { Settings } from '../platform/config/settings.js';
import type { TaskType } from '../registry/task-type.js';
import type { JobEnvelope } from '../bullmq/codec/job-envelope.js';
import { taskLinks } from '../bullmq/codec/to-task-view.js';
import { redisUnavailable, toStorageError, withRedis } from '../bullmq/connection/redis-errors.js';
import { AddsFailedError } from '../bullmq/patches/batched-adds.js';
import { Queues, type TaskQueue } from '../bullmq/shared-queues.js';
import { TaskReader } from '../bullmq/task-reader.js';
import { TaskTransitions } from '../bullmq/task-transitions.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { Backpressure } from './backpressure.js';
import { IdempotencyIndex } from './idempotency-index.js';

/** Maximum duration of one call, ms. After it the outcome is reported as unknown. */
const ACCEPT_TIMEOUT_MS = 1900;

/** A validated submission. */
export interface ReadyTask {
  type: TaskType;
  /** Chosen by Roost: adding an id that exists already has no effect. */
  id: string;
  envelope: JobEnvelope;
  options: JobsOptions;
  expiresAt: number | undefined;
  /** True if the id is that of an Idempotency-Key. */
  isKeyed: boolean;
}

/** `earlier`: the task that the key had already created; nothing was added. */
export interface Acceptance {
  earlier?: TaskView;
}

type Outcomes = Map<ReadyTask, Acceptance | Error>;

const ADDED: Acceptance = {};

/** Adds validated tasks to their queues. Several at once share the round trips, a promise and a timer. */
@Injectable()
export class AcceptTasks {
  private readonly backpressure: Backpressure;

  constructor(
    private readonly queues: Queues,
    private readonly reader: TaskReader,
    private readonly transitions: TaskTransitions,
    private readonly keys: IdempotencyIndex,
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
    settings: Settings,
  ) {
    this.backpressure = new Backpressure(settings.QUEUE_LIMIT);
  }

  /**
   * Returns an outcome for each task: IDEMPOTENCY_CONFLICT and QUEUE_FULL concern one alone.
   * @throws RoostError where Redis is unavailable (the outcome of all is unknown) or full.
   */
  acceptAll(tasks: readonly ReadyTask[]): Promise<(Acceptance | Error)[]> {
    return withRedis(
      this.redis,
      () =>
        new Promise((resolve, reject) => {
          const timer = setTimeout(() => reject(redisUnavailable()), ACCEPT_TIMEOUT_MS);
          this.accept(tasks)
            .finally(() => clearTimeout(timer))
            .then(resolve, reject);
        }),
    );
  }

  private async accept(tasks: readonly ReadyTask[]): Promise<(Acceptance | Error)[]> {
    const outcomes: Outcomes = new Map();
    const open = (some: readonly ReadyTask[]) =>
      outcomes.size === 0 ? some : some.filter((task) => !outcomes.has(task));
    const keyed = tasks.filter(({ isKeyed }) => isKeyed);
    const startedAt = performance.now();
    if (keyed.length > 0) await this.claimKeys(keyed, outcomes);
    if (this.backpressure.isLimited) {
      for (const task of open(tasks))
        await settle(task, outcomes, () => this.backpressure.reserve(this.queues.get(task.type.queue)));
    }
    // Recorded before the task: the sweeper removes an entry without a task, but a task without its entry would never expire.
    const expiring = open(tasks).filter(({ expiresAt }) => expiresAt !== undefined);
    if (expiring.length > 0) await Promise.all(expiring.map((task) => this.recordExpiry(task)));
    // A process that was frozen meanwhile has lost its claims.
    if (keyed.length > 0 && performance.now() - startedAt > ACCEPT_TIMEOUT_MS) throw redisUnavailable();
    await this.addAll(open(tasks), outcomes);
    const added = open(keyed);
    if (added.length > 0) this.keys.release(added.map(({ id }) => id));
    return tasks.map((task) => outcomes.get(task) ?? ADDED);
  }

  /**
   * Claims the keys, so that of concurrent requests with one key and different bodies only the first adds a task, whatever
   * their queues. Finds the tasks that already use a key.
   */
  private async claimKeys(keyed: readonly ReadyTask[], outcomes: Outcomes): Promise<void> {
    const uses = await this.keys.claim(
      keyed.map(({ id, envelope }) => ({ id, fingerprint: envelope.fingerprint! })),
    );
    await Promise.all(
      keyed.map((task, i) =>
        settle(task, outcomes, async () => {
          const {
            holders: [holder],
            claimedBy,
          } = uses[i]!;
          const { fingerprint } = task.envelope;
          if (holder?.fingerprint !== undefined && holder.fingerprint !== fingerprint)
            throw keyConflict(task.id);
          const [known] = holder ? await this.reader.findEnvelopes(task.id) : [];
          if ((known ? known.envelope.fingerprint : claimedBy) !== fingerprint) throw keyConflict(task.id);
          return known && { earlier: await this.reader.view(known) };
        }),
      ),
    );
  }

  private recordExpiry({ id, type, expiresAt }: ReadyTask): Promise<void> {
    return this.transitions.recordExpiry(this.queues.get(type.queue), id, expiresAt!);
  }

  private async addAll(tasks: readonly ReadyTask[], outcomes: Outcomes): Promise<void> {
    const byQueue = new Map<string, ReadyTask[]>();
    for (const task of tasks) {
      const some = byQueue.get(task.type.queue);
      if (some) some.push(task);
      else byQueue.set(task.type.queue, [task]);
    }
    await Promise.all([...byQueue].map(([name, some]) => this.addTo(this.queues.get(name), some, outcomes)));
  }

  private async addTo(queue: TaskQueue, tasks: readonly ReadyTask[], outcomes: Outcomes): Promise<void> {
    const toJob = ({ type, envelope, options }: ReadyTask) => ({
      name: type.name,
      data: envelope,
      opts: options,
    });
    try {
      await queue.addBulk(tasks.map(toJob));
    } catch (error) {
      if (error instanceof AddsFailedError) return recordErrors(tasks, error, outcomes);
      // A failure of Redis concerns all. Any other error comes from the preparation of one of them, before all adds.
      if (toStorageError(error)) throw error;
      const add = async (task: ReadyTask) => {
        const { name, data, opts } = toJob(task);
        await queue.add(name, data, opts);
      };
      await Promise.all(tasks.map((task) => settle(task, outcomes, () => add(task))));
    }
  }
}

/** @throws an error that concerns Redis as a whole: none has been added. */
function recordErrors(tasks: readonly ReadyTask[], { errors }: AddsFailedError, outcomes: Outcomes): void {
  const known = errors.map((error) => error && (toStorageError(error) ?? error));
  const [first] = known;
  if (first instanceof RoostError && known.every((error) => error instanceof RoostError)) throw first;
  tasks.forEach((task, i) => {
    if (known[i]) outcomes.set(task, known[i]);
  });
}

/** Does what concerns one task, and records its outcome if it has one. @throws an error that concerns Redis as a whole. */
async function settle(
  task: ReadyTask,
  outcomes: Outcomes,
  work: () => Promise<Acceptance | undefined | void>,
): Promise<void> {
  try {
    const outcome = await work();
    if (outcome) outcomes.set(task, outcome);
  } catch (error) {
    if (!(error instanceof Error) || toStorageError(error)) throw error;
    outcomes.set(task, error);
  }
}

function keyConflict(id: string): RoostError {
  const message = 'was used for a task with another type, input or options; use a new key for a new task';
  return new RoostError(
    'IDEMPOTENCY_CONFLICT',
    `This Idempotency-Key ${message}.`,
    [{ path: 'Idempotency-Key', message }],
    { task: taskLinks(id) },
  );
}
