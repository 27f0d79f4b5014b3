import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { JobsOptions } from 'bullmq';
import { withOwner } from '../auth/principal.js';
import { SharedClock } from '../platform/clock.js';
import { TaskRegistry } from '../registry/task-registry.js';
import type { TaskType } from '../registry/task-type.js';
import { Settings } from '../platform/config/settings.js';
import { RoostError } from '../model/errors.js';
import { Redaction } from '../platform/redaction/redaction.js';
import type { TaskView } from '../model/task-view.js';
import type { JobEnvelope } from '../bullmq/codec/job-envelope.js';
import { Queues, type TaskQueue } from '../bullmq/shared-queues.js';
import { redisUnavailable, withRedis } from '../bullmq/connection/redis-errors.js';
import { newTaskId, taskIdOfKey } from '../bullmq/task-ids.js';
import { TaskTransitions } from '../bullmq/task-transitions.js';
import { TaskReader } from '../bullmq/task-reader.js';
import { taskLinks, timeoutsOf, type TimeLimits } from '../bullmq/codec/to-task-view.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { AddCoalescer } from './add-coalescer.js';
import { checkIdempotencyKey, fingerprint } from './idempotency.js';
import { Backpressure } from './backpressure.js';
import { IdempotencyIndex } from './idempotency-index.js';
import { parseOptions, type SubmitOptions } from './submit-options.js';
import type { SubmitRequest } from './submit-request.js';
import { rerunOf } from '../model/deprecated-names.js';

/** Maximum input size, bytes of JSON. */
const MAX_INPUT_BYTES = 256 * 1024;
/** Maximum duration of one submission, ms. After it the outcome is reported as unknown. */
const SUBMIT_TIMEOUT_MS = 1900;

/** A validated request, ready to be added. */
interface Checked {
  type: TaskType;
  /** Input as received. The worker creates the instance of the input class, once per run. */
  input: unknown;
  options: SubmitOptions;
  id: string;
  envelope: JobEnvelope;
  /** Time of the request, ms: delays count from here. */
  at: number;
}

/** Adds tasks to the queues. The only entry point, for both REST and the form. */
@Injectable()
export class SubmitTask {
  private readonly backpressure: Backpressure;
  private readonly adds = new AddCoalescer();

  constructor(
    private readonly registry: TaskRegistry,
    private readonly queues: Queues,
    private readonly reader: TaskReader,
    private readonly transitions: TaskTransitions,
    private readonly keys: IdempotencyIndex,
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
    settings: Settings,
    private readonly clock: SharedClock,
    private readonly redaction: Redaction,
  ) {
    this.backpressure = new Backpressure(settings.QUEUE_LIMIT);
  }

  /**
   * Accepts a task or throws; there are no partial effects. `created` is false where the key had already been used.
   * @throws RoostError TASK_TYPE_UNKNOWN, INPUT_INVALID, OPTIONS_INVALID, HEADER_INVALID, IDEMPOTENCY_CONFLICT,
   *   QUEUE_FULL, REDIS_UNAVAILABLE (the outcome is unknown) or STORAGE_FULL.
   */
  async submit(request: SubmitRequest): Promise<{ task: TaskView; created: boolean }> {
    const checked = await this.check(request);
    const keyed = request.idempotencyKey !== undefined;
    const { schedule = (submission) => submission() } = request;
    const submission = async (): Promise<{ task: TaskView; created: boolean }> => {
      const earlier = keyed ? await this.findEarlier(checked) : undefined;
      if (earlier) return { task: earlier, created: false };
      await this.backpressure.reserve(this.queues.get(checked.type.queue));
      await this.add(checked);
      const raced = keyed ? await this.resolveRace(checked) : undefined;
      if (raced) return { task: raced, created: false };
      return { task: acceptedView(checked, this.redaction.current), created: true };
    };
    return schedule(() => this.withinDeadline(submission));
  }

  private async check(request: SubmitRequest): Promise<Checked> {
    const type = this.registry.get(request.type);
    const { input } = request;
    await this.registry.validate(type, input);
    const at = this.clock.now();
    const options = parseOptions(request.options, at);
    if (request.idempotencyKey !== undefined) checkIdempotencyKey(request.idempotencyKey.text);
    const bytes = Buffer.byteLength(JSON.stringify(input));
    if (bytes > MAX_INPUT_BYTES) {
      const message = `is ${bytes} bytes of JSON; at most ${MAX_INPUT_BYTES} are accepted. Submit a reference to the data instead.`;
      throw new RoostError('BODY_TOO_LARGE', `The input ${message}`, [{ path: 'input', message }]);
    }
    checkTimeouts(type, options);
    const { tags, expiresAt } = options;
    const envelope: JobEnvelope = {
      roost: 1,
      ...(request.idempotencyKey !== undefined
        ? { fingerprint: fingerprint([request.type, input, request.options ?? null]) }
        : {}),
      ...(tags.length > 0 ? { tags } : {}),
      ...(expiresAt !== undefined ? { expiresAt } : {}),
      ...(request.origin ? { origin: request.origin } : {}),
      ...(request.requestId ? { requestId: request.requestId } : {}),
      input,
    };
    const key = request.idempotencyKey;
    const id = key === undefined ? newTaskId(at) : taskIdOfKey(withOwner(key));
    return { type, input, options, id, envelope, at };
  }

  private async add({ type, options, id, envelope, at }: Checked): Promise<void> {
    const queue = this.queues.get(type.queue);
    // Recorded before the task: the sweeper removes an entry without a task, but a task without its entry would never expire.
    if (options.expiresAt !== undefined) await this.transitions.recordExpiry(queue, id, options.expiresAt);
    await this.adds.add(
      queue,
      type.name,
      envelope,
      jobOptions(type, options, id, at, at !== this.clock.toOwn(at)),
    );
  }

  /** Finds the task that already uses this key. At most one exists across all queues. */
  private async findEarlier(checked: Checked): Promise<TaskView | undefined> {
    if ((await this.keys.findHolders(checked.id)).length === 0) return undefined;
    const [known] = await this.reader.findEnvelopes(checked.id);
    if (!known) return undefined;
    if (known.envelope.fingerprint !== checked.envelope.fingerprint) throw keyConflict(checked.id);
    return this.reader.view(known);
  }

  /**
   * Resolves a race of concurrent requests with one key, after adding. Within one queue BullMQ stored the first. Across two
   * queues (one key, types of different queues) the first queue in order wins and the other task is removed.
   */
  private async resolveRace(checked: Checked): Promise<TaskView | undefined> {
    const holders = await this.keys.findHolders(checked.id);
    if (holders.length === 1 && holders[0]!.fingerprint === checked.envelope.fingerprint) return undefined;
    const known = await this.reader.findEnvelopes(checked.id);
    const winner = known[0];
    if (!winner) return undefined;
    if (winner.envelope.fingerprint === checked.envelope.fingerprint) return undefined;
    const own = known.find(({ queue }) => queue.name === checked.type.queue && queue !== winner.queue);
    if (own) await removeLoser(own.queue, checked.id);
    throw keyConflict(checked.id);
  }

  /** One promise and one timer: `Promise.race` would cost several more for each task of a bulk. */
  private withinDeadline<T>(work: () => Promise<T>): Promise<T> {
    const limited = () =>
      new Promise<T>((resolve, reject) => {
        const timer = setTimeout(() => reject(redisUnavailable()), SUBMIT_TIMEOUT_MS);
        work()
          .finally(() => clearTimeout(timer))
          .then(resolve, reject);
      });
    return withRedis(this.redis, limited);
  }
}

/** Checks a timeout of the request against the one that the type declares. @throws RoostError OPTIONS_INVALID */
function checkTimeouts(type: TaskType, options: SubmitOptions): void {
  const soft = options.softTimeoutMs ?? type.softTimeoutMs;
  const hard = options.hardTimeoutMs ?? type.hardTimeoutMs;
  if (soft === undefined || hard === undefined || soft <= hard) return;
  const isSoft = options.softTimeoutMs !== undefined;
  if (!isSoft && options.hardTimeoutMs === undefined) return;
  const path = `options.${isSoft ? 'softTimeoutMs' : 'hardTimeoutMs'}`;
  const message = isSoft
    ? `must not be above the hard limit of ${type.name} (${hard} ms); give hardTimeoutMs as well`
    : `must not be below the soft limit of ${type.name} (${soft} ms); give softTimeoutMs as well`;
  throw new RoostError('OPTIONS_INVALID', `${path}: ${message}`, [{ path, message }]);
}

function jobOptions(
  type: TaskType,
  options: SubmitOptions,
  id: string,
  at: number,
  /** True if `at` differs from this machine's clock, which BullMQ would store. */
  isCorrected: boolean,
): JobsOptions & TimeLimits {
  const attempts = options.attempts ?? type.attempts;
  const { type: kind, delayMs, maxDelayMs, jitter } = options.backoff ?? type.backoff;
  const cap = maxDelayMs === undefined ? {} : { maxDelay: maxDelayMs };
  return {
    jobId: id,
    ...(options.delayMs > 0 ? { delay: options.delayMs } : {}),
    // BullMQ's own is by this machine's clock, which may be wrong; it is the same for most, and then costs bytes.
    ...(options.delayMs > 0 || isCorrected ? { timestamp: at } : {}),
    ...(options.priority > 0 ? { priority: options.priority } : {}),
    // Custom members: BullMQ stores unknown options, so the worker gets them without another read.
    ...timeoutsOf(options),
    // Omitted for a single attempt: most stored tasks are waiting ones, so the bytes count.
    ...(attempts > 1
      ? { attempts, backoff: { type: kind, delay: delayMs, ...cap, ...(jitter ? { jitter } : {}) } }
      : {}),
  };
}

async function removeLoser(queue: TaskQueue, id: string): Promise<void> {
  await queue.remove(id).catch(() => undefined);
}

function keyConflict(id: string): RoostError {
  const message = 'was used for a task with another type, input or options; use a new key for a new task';
  return new RoostError(
    'IDEMPOTENCY_CONFLICT',
    `This Idempotency-Key ${message}.`,
    [{ path: 'Idempotency-Key', message }],
    {
      task: taskLinks(id),
    },
  );
}

/** Builds the view of the accepted task without reading it back from Redis. */
function acceptedView({ type, input, options, id, envelope, at }: Checked, rules: Redaction): TaskView {
  return {
    id,
    type: type.name,
    queue: type.queue,
    state: options.delayMs > 0 ? 'delayed' : 'waiting',
    input: rules.apply('input', input),
    error: null,
    progress: null,
    attempts: { made: 0, max: options.attempts ?? type.attempts },
    priority: options.priority,
    tags: options.tags,
    createdAt: new Date(at).toISOString(),
    ...(options.delayMs > 0 ? { delayUntil: new Date(at + options.delayMs).toISOString() } : {}),
    ...(options.expiresAt !== undefined ? { expiresAt: new Date(options.expiresAt).toISOString() } : {}),
    ...timeoutsOf(options),
    ...(envelope.origin ? rerunOf(envelope.origin) : {}),
    links: taskLinks(id),
  };
}
