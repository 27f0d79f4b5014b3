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
import { IdempotencyIndex, type KeyHolder } from './idempotency-index.js';

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
    if (keyed.length > 0) await this.findEarlier(keyed, outcomes);
    if (this.backpressure.isLimited) {
      for (const task of open(tasks))
        await settle(task, outcomes, () => this.backpressure.reserve(this.queues.get(task.type.queue)));
    }
    // Recorded before the task: the sweeper removes an entry without a task, but a task without its entry would never expire.
    const expiring = open(tasks).filter(({ expiresAt }) => expiresAt !== undefined);
    if (expiring.length > 0) await Promise.all(expiring.map((task) => this.recordExpiry(task)));
    // Looks the keys up after the adds, on the same connection, without a wait for the replies to these.
    const adding = this.addAll(open(tasks), outcomes);
    const holders = this.findHolders(open(keyed));
    await Promise.all([adding, holders]);
    await this.resolveRaces(await holders, outcomes);
    return tasks.map((task) => outcomes.get(task) ?? ADDED);
  }

  /** Finds the tasks that already use the keys. At most one exists for each across all queues. */
  private async findEarlier(keyed: readonly ReadyTask[], outcomes: Outcomes): Promise<void> {
    const holders = await this.findHolders(keyed);
    const used = keyed.filter((task) => holders.get(task)!.length > 0);
    await Promise.all(
      used.map((task) =>
        settle(task, outcomes, async () => {
          const [known] = await this.reader.findEnvelopes(task.id);
          if (!known) return undefined;
          if (known.envelope.fingerprint !== task.envelope.fingerprint) throw keyConflict(task.id);
          return { earlier: await this.reader.view(known) };
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

  /**
   * Resolves races of concurrent requests with one key, after adding. Within one queue BullMQ stored the first. Across two
   * queues (one key, types of different queues) the first queue in order wins and the other task is removed.
   */
  private async resolveRaces(holders: Map<ReadyTask, KeyHolder[]>, outcomes: Outcomes): Promise<void> {
    const raced = [...holders].filter(
      ([task, [first, ...others]]) =>
        !outcomes.has(task) && (first?.fingerprint !== task.envelope.fingerprint || others.length > 0),
    );
    await Promise.all(
      raced.map(([task]) =>
        settle(task, outcomes, async () => {
          const known = await this.reader.findEnvelopes(task.id);
          const winner = known[0];
          if (!winner || winner.envelope.fingerprint === task.envelope.fingerprint) return;
          const own = known.find(({ queue }) => queue.name === task.type.queue && queue !== winner.queue);
          if (own) await own.queue.remove(task.id).catch(() => undefined);
          throw keyConflict(task.id);
        }),
      ),
    );
  }

  private async findHolders(keyed: readonly ReadyTask[]): Promise<Map<ReadyTask, KeyHolder[]>> {
    if (keyed.length === 0) return new Map();
    const holders = await this.keys.findHolders(keyed.map(({ id }) => id));
    return new Map(keyed.map((task, i) => [task, holders[i]!]));
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
