import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { JobsOptions } from 'bullmq';
import { sharedNow, toOwnTime } from '../contract/clock.js';
import { Catalog } from '../catalog/catalog.js';
import type { TaskType } from '../catalog/task-type.js';
import { Settings } from '../config/settings.js';
import { RoostError } from '../contract/errors.js';
import { redaction } from '../contract/redaction.js';
import type { TaskView } from '../contract/task-view.js';
import type { JobEnvelope } from '../queue/job-envelope.js';
import { Queues, type TaskQueue } from '../queue/queues.js';
import { redisAway, withRedis } from '../queue/redis-errors.js';
import { newTaskId, taskIdOfKey } from '../queue/task-ids.js';
import { TaskMover } from '../queue/task-mover.js';
import { TaskReader } from '../queue/task-reader.js';
import { taskLinks } from '../queue/to-task-view.js';
import { COMMANDS } from '../queue/tokens.js';
import { GatheredAdds } from './gathered-adds.js';
import { checkIdempotencyKey, fingerprint } from './idempotency.js';
import { QueueRoom } from './queue-room.js';
import { KeyHolders } from './key-holders.js';
import { parseOptions, type SubmitOptions } from './submit-options.js';
import type { SubmitRequest } from './submit-request.js';

/** Largest input in bytes of JSON. */
const MAX_INPUT_BYTES = 256 * 1024;
/** Longest one hand-in may take before its outcome counts as unknown, ms. */
const DEADLINE_MS = 1900;

/** A request that has passed every check, ready to be added. */
interface Checked {
  type: TaskType;
  input: object;
  options: SubmitOptions;
  id: string;
  envelope: JobEnvelope;
  /** When it came, ms: delays count from here. */
  at: number;
}

/** The one door into the queues: REST and the form both come through here. */
@Injectable()
export class Submitter {
  private readonly room: QueueRoom;
  private readonly adds = new GatheredAdds();

  constructor(
    private readonly catalog: Catalog,
    private readonly queues: Queues,
    private readonly reader: TaskReader,
    private readonly mover: TaskMover,
    private readonly holders: KeyHolders,
    @Inject(COMMANDS) private readonly redis: Redis,
    settings: Settings,
  ) {
    this.room = new QueueRoom(settings.QUEUE_LIMIT);
  }

  /**
   * Accepts a task or says why not; nothing is half done. `created` is false where the key had already been used.
   * @throws RoostError TASK_TYPE_UNKNOWN, INPUT_INVALID, OPTIONS_INVALID, HEADER_INVALID, IDEMPOTENCY_CONFLICT,
   *   QUEUE_FULL, REDIS_UNAVAILABLE (the outcome is unknown) or STORAGE_FULL.
   */
  async submit(request: SubmitRequest): Promise<{ task: TaskView; created: boolean }> {
    const checked = await this.check(request);
    const keyed = request.idempotencyKey !== undefined;
    return this.withinDeadline(async () => {
      const earlier = keyed ? await this.earlier(checked) : undefined;
      if (earlier) return { task: earlier, created: false };
      await this.room.take(this.queues.get(checked.type.queue));
      await this.add(checked);
      const raced = keyed ? await this.settleRace(checked) : undefined;
      if (raced) return { task: raced, created: false };
      return { task: acceptedView(checked), created: true };
    });
  }

  private async check(request: SubmitRequest): Promise<Checked> {
    const type = this.catalog.get(request.type);
    const input = await this.catalog.validate(type, request.input);
    const at = sharedNow();
    const options = parseOptions(request.options, at);
    if (request.idempotencyKey !== undefined) checkIdempotencyKey(request.idempotencyKey);
    const bytes = Buffer.byteLength(JSON.stringify(input));
    if (bytes > MAX_INPUT_BYTES) {
      const message = `is ${bytes} bytes of JSON; at most ${MAX_INPUT_BYTES} are accepted. Hand in a reference to the data instead.`;
      throw new RoostError('BODY_TOO_LARGE', `The input ${message}`, [{ path: 'input', message }]);
    }
    const { tags, expiresAt } = options;
    const envelope: JobEnvelope = {
      roost: 1,
      ...(request.idempotencyKey !== undefined
        ? { fingerprint: fingerprint([request.type, request.input, request.options ?? null]) }
        : {}),
      ...(tags.length > 0 ? { tags } : {}),
      ...(expiresAt !== undefined ? { expiresAt } : {}),
      ...(request.origin ? { origin: request.origin } : {}),
      ...(request.requestId ? { requestId: request.requestId } : {}),
      input,
    };
    const id = request.idempotencyKey === undefined ? newTaskId(at) : taskIdOfKey(request.idempotencyKey);
    return { type, input, options, id, envelope, at };
  }

  private async add({ type, options, id, envelope, at }: Checked): Promise<void> {
    const queue = this.queues.get(type.queue);
    // Noted first: an entry without a task is swept away, a task without its entry would outlive its expiry.
    if (options.expiresAt !== undefined) await this.mover.noteExpiry(queue, id, options.expiresAt);
    await this.adds.add(queue, type.name, envelope, jobOptions(type, options, id, at));
  }

  /** The task that already has this key; only ever one, whatever queue its type names. */
  private async earlier(checked: Checked): Promise<TaskView | undefined> {
    if ((await this.holders.of(checked.id)).length === 0) return undefined;
    const [known] = await this.reader.envelopes(checked.id);
    if (!known) return undefined;
    if (known.envelope.fingerprint !== checked.envelope.fingerprint) throw keyConflict(checked.id);
    return this.reader.view(known);
  }

  /**
   * After adding: whose request won, where several came at once. In one queue BullMQ kept the first; across two
   * queues (one key, types of different queues) the first queue in order wins and the other task is taken back.
   */
  private async settleRace(checked: Checked): Promise<TaskView | undefined> {
    const holders = await this.holders.of(checked.id);
    if (holders.length === 1 && holders[0]!.fingerprint === checked.envelope.fingerprint) return undefined;
    const known = await this.reader.envelopes(checked.id);
    const winner = known[0];
    if (!winner) return undefined;
    if (winner.envelope.fingerprint === checked.envelope.fingerprint) return undefined;
    const own = known.find(({ queue }) => queue.name === checked.type.queue && queue !== winner.queue);
    if (own) await takeBack(own.queue, checked.id);
    throw keyConflict(checked.id);
  }

  private async withinDeadline<T>(work: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(redisAway()), DEADLINE_MS);
    });
    try {
      return await withRedis(this.redis, () => Promise.race([work(), deadline]));
    } finally {
      clearTimeout(timer);
    }
  }
}

function jobOptions(type: TaskType, options: SubmitOptions, id: string, at: number): JobsOptions {
  const attempts = options.attempts ?? type.attempts;
  const { type: kind, delayMs, jitter } = options.backoff ?? type.backoff;
  return {
    jobId: id,
    ...(options.delayMs > 0 ? { delay: options.delayMs } : {}),
    // BullMQ's own is by this machine's clock, which may be wrong; it is the same for most, and then costs bytes.
    ...(options.delayMs > 0 || at !== toOwnTime(at) ? { timestamp: at } : {}),
    ...(options.priority > 0 ? { priority: options.priority } : {}),
    // What has one attempt needs none of this, and most tasks are waiting ones: it counts in bytes.
    ...(attempts > 1
      ? { attempts, backoff: { type: kind, delay: delayMs, ...(jitter ? { jitter } : {}) } }
      : {}),
  };
}

async function takeBack(queue: TaskQueue, id: string): Promise<void> {
  await queue.remove(id).catch(() => undefined);
}

function keyConflict(id: string): RoostError {
  const message = 'was used for a task with another type, input or options; take a new key for a new task';
  return new RoostError(
    'IDEMPOTENCY_CONFLICT',
    `This Idempotency-Key ${message}.`,
    [{ path: 'Idempotency-Key', message }],
    {
      task: taskLinks(id),
    },
  );
}

/** What Redis now holds, told without asking it again. */
function acceptedView({ type, input, options, id, envelope, at }: Checked): TaskView {
  return {
    id,
    type: type.name,
    queue: type.queue,
    state: options.delayMs > 0 ? 'delayed' : 'waiting',
    input: redaction().apply('input', input),
    error: null,
    progress: null,
    attempts: { made: 0, max: options.attempts ?? type.attempts },
    priority: options.priority,
    tags: options.tags,
    createdAt: new Date(at).toISOString(),
    ...(options.delayMs > 0 ? { delayUntil: new Date(at + options.delayMs).toISOString() } : {}),
    ...(options.expiresAt !== undefined ? { expiresAt: new Date(options.expiresAt).toISOString() } : {}),
    ...(envelope.origin ? { origin: envelope.origin } : {}),
    links: taskLinks(id),
  };
}
