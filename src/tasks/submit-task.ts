import { Injectable } from '@nestjs/common';
import type { JobsOptions } from 'bullmq';
import { withOwner } from '../auth/principal.js';
import { TickBatch } from '../coordination/tick-batch.js';
import { SharedClock } from '../platform/clock.js';
import { TaskRegistry } from '../registry/task-registry.js';
import type { TaskType } from '../registry/task-type.js';
import { RoostError } from '../model/errors.js';
import { Redaction } from '../platform/redaction/redaction.js';
import type { TaskView } from '../model/task-view.js';
import type { JobEnvelope } from '../bullmq/codec/job-envelope.js';
import { REDIS_CODES } from '../bullmq/connection/redis-errors.js';
import { newTaskId, taskIdOfKey } from '../bullmq/task-ids.js';
import { formatIso, taskLinks, timeoutsOf, type TimeLimits } from '../bullmq/codec/to-task-view.js';
import { AcceptTasks, type Acceptance, type ReadyTask } from './accept-tasks.js';
import { checkIdempotencyKey, fingerprint } from './idempotency.js';
import { parseOptions, type SubmitOptions } from './submit-options.js';
import type { SubmitRequest } from './submit-request.js';
import { rerunOf } from '../model/deprecated-names.js';

/** Maximum input size, bytes of JSON. */
const MAX_INPUT_BYTES = 256 * 1024;
/** Tasks that share a round trip. A full batch takes Redis about 2 ms, during which it may serve no other client. */
const MAX_BATCH_SIZE = 100;
/** Batches of one bulk request at the same time: one is prepared while Redis adds the other. */
const MAX_BULK_BATCHES = 2;

/** A validated request, with what its view contains. */
interface Checked extends ReadyTask {
  /** Input as received. The worker creates the instance of the input class, once per run. */
  input: unknown;
  submitOptions: SubmitOptions;
  /** Time of the request, ms: delays count from here. */
  at: number;
}

/** Collects validated tasks, and adds those of one tick together. */
export type SubmitBatch = TickBatch<ReadyTask, Acceptance>;

/** Adds tasks to the queues. The only entry point, for both REST and the form. */
@Injectable()
export class SubmitTask {
  private readonly batch: SubmitBatch;

  constructor(
    private readonly registry: TaskRegistry,
    private readonly accepting: AcceptTasks,
    private readonly clock: SharedClock,
    private readonly redaction: Redaction,
  ) {
    this.batch = new TickBatch({ maxBatchSize: MAX_BATCH_SIZE }, (tasks) => accepting.acceptAll(tasks));
  }

  /** Returns a batch for a request with many tasks, of which only some are added at the same time. */
  openBatch(): SubmitBatch {
    const isFatal = (error: unknown) =>
      error instanceof RoostError && error.code !== 'STORAGE_FULL' && REDIS_CODES.has(error.code);
    const options = { maxBatchSize: MAX_BATCH_SIZE, maxRunning: MAX_BULK_BATCHES, isFatal };
    return new TickBatch(options, (tasks) => this.accepting.acceptAll(tasks));
  }

  /**
   * Accepts a task or throws; there are no partial effects. `created` is false where the key had already been used.
   * @throws RoostError TASK_TYPE_UNKNOWN, INPUT_INVALID, OPTIONS_INVALID, HEADER_INVALID, IDEMPOTENCY_CONFLICT,
   *   QUEUE_FULL, REDIS_UNAVAILABLE (the outcome is unknown) or STORAGE_FULL.
   */
  async submit(request: SubmitRequest, batch = this.batch): Promise<{ task: TaskView; created: boolean }> {
    const type = this.registry.get(request.type);
    if (!this.registry.isPlainlyValid(type, request.input)) await this.registry.validate(type, request.input);
    const checked = this.check(type, request);
    const { earlier } = await batch.add(checked);
    if (earlier) return { task: earlier, created: false };
    return { task: acceptedView(checked, this.redaction.current), created: true };
  }

  private check(type: TaskType, request: SubmitRequest): Checked {
    const { input, idempotencyKey: key } = request;
    const at = this.clock.now();
    const submitOptions = parseOptions(request.options, at);
    if (key !== undefined) checkIdempotencyKey(key.text);
    const bytes = Buffer.byteLength(JSON.stringify(input));
    if (bytes > MAX_INPUT_BYTES) {
      const message = `is ${bytes} bytes of JSON; at most ${MAX_INPUT_BYTES} are accepted. Submit a reference to the data instead.`;
      throw new RoostError('BODY_TOO_LARGE', `The input ${message}`, [{ path: 'input', message }]);
    }
    checkTimeouts(type, submitOptions);
    const { tags, expiresAt } = submitOptions;
    const envelope: JobEnvelope = {
      roost: 1,
      ...(key !== undefined
        ? { fingerprint: fingerprint([request.type, input, request.options ?? null]) }
        : {}),
      ...(tags.length > 0 ? { tags } : {}),
      ...(expiresAt !== undefined ? { expiresAt } : {}),
      ...(request.origin ? { origin: request.origin } : {}),
      ...(request.requestId ? { requestId: request.requestId } : {}),
      input,
    };
    const id = key === undefined ? newTaskId(at) : taskIdOfKey(withOwner(key));
    const options = jobOptions(type, submitOptions, id, at, at !== this.clock.toOwn(at));
    return { type, id, envelope, options, expiresAt, isKeyed: key !== undefined, input, submitOptions, at };
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

/** Builds the view of the accepted task without reading it back from Redis. */
function acceptedView(
  { type, input, submitOptions: options, id, envelope, at }: Checked,
  rules: Redaction,
): TaskView {
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
    createdAt: formatIso(at),
    ...(options.delayMs > 0 ? { delayUntil: new Date(at + options.delayMs).toISOString() } : {}),
    ...(options.expiresAt !== undefined ? { expiresAt: new Date(options.expiresAt).toISOString() } : {}),
    ...timeoutsOf(options),
    ...(envelope.origin ? rerunOf(envelope.origin) : {}),
    links: taskLinks(id),
  };
}
