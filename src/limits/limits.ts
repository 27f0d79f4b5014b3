import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { PeriodicRunner } from '../coordination/periodic-runner.js';
import type { TaskType } from '../registry/task-type.js';
import { Settings } from '../platform/config/settings.js';
import { LOG } from '../platform/logging/logging.module.js';
import { blockingConnection } from '../bullmq/connection/redis-connections.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { withLimitCommands, type LimitRedis } from './limit-commands.js';
import { formatMember, readOverride, type LimitOverride } from './limit-override.js';
import { jobKey, limitAckKey, limitBase, limitKey, limitsKey, queueBase } from '../bullmq/keys.js';
import { execAll } from '../bullmq/connection/redis-errors.js';

/** Interval of the reload of all limits, ms; a published change triggers one at once. */
const REFRESH_INTERVAL_MS = 1_000;
/** Lease of a slot, ms: after it a slot of a dead worker is free again. */
const SLOT_LEASE_MS = 15_000;
const RENEW_INTERVAL_MS = 5_000;
/** Lifetime of the acknowledgement counter of a change, ms. */
const ACK_TTL_MS = 5_000;

/** Required properties of a BullMQ job. */
interface FetchedJob {
  id?: string;
  queueName: string;
}

/** Refusal: the task waits until about `retryAtMs`, and no worker has it any more. 0 if another worker has the task. */
export interface Held {
  retryAtMs: number;
  why: string;
}

export interface EffectiveTimeouts {
  softTimeoutMs?: number;
  hardTimeoutMs?: number;
}

/**
 * Resolves the time limits of an attempt. Both the submitted value and the operator's override replace the type's value.
 * If both exist, the lower one applies, so that a submission cannot exceed an operator's limit. An override of null
 * lifts the type's limit and leaves the submitted one.
 */
export function effectiveTimeouts(
  type: EffectiveTimeouts,
  own: EffectiveTimeouts,
  override: Pick<LimitOverride, 'softTimeoutMs' | 'hardTimeoutMs'> | undefined,
): EffectiveTimeouts {
  const limit = (name: 'softTimeoutMs' | 'hardTimeoutMs') => {
    const [submitted, overridden] = [own[name], override?.[name]];
    if (overridden === undefined) return submitted ?? type[name];
    if (overridden === null || submitted === undefined) return submitted ?? overridden ?? undefined;
    return Math.min(submitted, overridden);
  };
  const [soft, hard] = [limit('softTimeoutMs'), limit('hardTimeoutMs')];
  return {
    ...(soft === undefined ? {} : { softTimeoutMs: soft }),
    ...(hard === undefined ? {} : { hardTimeoutMs: hard }),
  };
}

/**
 * Worker's side of the limits of task types. It decides from memory, and calls Redis only for types with a rate or a
 * concurrency limit.
 */
@Injectable()
export class Limits implements OnModuleInit, OnApplicationShutdown {
  private readonly redis: LimitRedis;
  private readonly subscriber: Redis;
  private readonly prefix: string;
  private overrides = new Map<string, LimitOverride>();
  /** Redis's clock minus the local clock, ms. */
  private skewMs = 0;
  /** Type, lock and slot of every task that runs in this worker, by its name in slots. */
  private readonly running = new Map<string, { type: string; token: string; slot: boolean }>();
  private readonly refreshes: PeriodicRunner;
  private readonly renewals: PeriodicRunner;

  constructor(
    @Inject(COMMAND_CLIENT) redis: Redis,
    settings: Settings,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.redis = withLimitCommands(redis);
    this.prefix = settings.QUEUE_PREFIX;
    this.subscriber = blockingConnection(settings, 'limits', log);
    const periodic = (name: string, everyMs: number, act: () => Promise<void>) =>
      new PeriodicRunner(act, { name, everyMs, log, level: 'debug' });
    this.refreshes = periodic('reload of limits', REFRESH_INTERVAL_MS, () => this.refresh());
    this.renewals = periodic('renewal of slots', RENEW_INTERVAL_MS, () => this.renew());
  }

  /** Loads the limits before the first task is fetched. */
  async onModuleInit(): Promise<void> {
    await this.refreshes.start();
    void this.renewals.start();
    this.subscriber.on('message', (_channel, change) => void this.acknowledge(change));
    this.subscriber.subscribe(limitsKey(this.prefix)).catch(() => undefined);
  }

  async onApplicationShutdown(): Promise<void> {
    this.subscriber.disconnect();
    await Promise.all([this.refreshes.stop(), this.renewals.stop()]);
  }

  /** Time limits of an attempt that starts now. `own`: the submitted limits of the task. */
  timeoutsFor(type: TaskType, own: EffectiveTimeouts = {}): EffectiveTimeouts {
    return effectiveTimeouts(type, own, this.override(type.name));
  }

  /**
   * Decides whether a task that was just fetched may run. A refused task has already been moved to `delayed`, without its
   * lock and without a counted start. An admitted task must be released when it ends. Answers at once for a type without
   * such a limit.
   */
  admit(type: TaskType, job: FetchedJob, token: string): 'go' | Promise<'go' | Held> {
    const override = this.override(type.name);
    if (override?.rate || override?.concurrency) return this.admitLimited(type, job, token);
    this.running.set(formatMember(job.queueName, job.id!), { type: type.name, token, slot: false });
    return 'go';
  }

  private async admitLimited(type: TaskType, job: FetchedJob, token: string): Promise<'go' | Held> {
    const member = formatMember(job.queueName, job.id!);
    const answer = await this.requestSlot(type, job, token);
    if (answer[0] === 'go') {
      this.running.set(member, { type: type.name, token, slot: answer[1] === 1 });
      return 'go';
    }
    if (answer[0] === 'lost') return { retryAtMs: 0, why: 'Another worker has it.' };
    const why =
      answer[2] === 'rate'
        ? `The rate limit of ${type.name} is used up.`
        : `The concurrency limit of ${type.name} is reached.`;
    return { retryAtMs: Number(answer[1]), why };
  }

  /**
   * Releases the slot of a run that has ended, with any outcome. A run that lost its task leaves the slot to
   * the run that holds the task now, in this worker or another. Returns nothing for a run without a slot.
   */
  release(job: FetchedJob, token: string): Promise<void> | undefined {
    const member = formatMember(job.queueName, job.id!);
    const run = this.running.get(member);
    if (run?.token !== token) return undefined;
    this.running.delete(member);
    return run.slot ? this.releaseSlot(run.type, member, job, token) : undefined;
  }

  private async releaseSlot(type: string, member: string, job: FetchedJob, token: string): Promise<void> {
    const { prefix } = this;
    const lock = jobKey(queueBase(prefix, job.queueName), job.id!, 'lock');
    await this.redis
      .roostReleaseSlot(limitsKey(prefix), limitBase(prefix, type), lock, prefix, type, member, token)
      .catch((error: unknown) =>
        this.log.debug(
          { err: error, taskId: job.id },
          'a slot could not be released; it is free when its lease ends',
        ),
      );
  }

  private async requestSlot(type: TaskType, job: FetchedJob, token: string): Promise<(string | number)[]> {
    const { prefix } = this;
    const base = queueBase(prefix, job.queueName);
    try {
      const keys = [base, limitsKey(prefix), limitBase(prefix, type.name)] as const;
      return await this.redis.roostAdmitTask(
        ...keys,
        prefix,
        type.name,
        job.queueName,
        job.id!,
        token,
        SLOT_LEASE_MS,
      );
    } catch (error) {
      // Without Redis no limit can be enforced; the task has been fetched and runs.
      this.log.warn(
        { err: error, taskId: job.id },
        'limits could not be checked in Redis; the task runs without them',
      );
      return ['go', 1];
    }
  }

  private override(type: string): LimitOverride | undefined {
    const override = this.overrides.get(type);
    if (override?.until !== undefined && override.until <= Date.now() + this.skewMs) return undefined;
    return override;
  }

  /** Reloads the limits and acknowledges the change, for which its author waits. */
  private async acknowledge(change: string): Promise<void> {
    await this.refresh();
    const key = limitAckKey(this.prefix, change);
    await this.redis
      .multi()
      .incr(key)
      .pexpire(key, ACK_TTL_MS)
      .exec()
      .catch(() => undefined);
  }

  private async refresh(): Promise<void> {
    try {
      const before = Date.now();
      const [hash, time] = await execAll<[Record<string, string>, [string, string]]>(
        this.redis.pipeline().hgetall(limitsKey(this.prefix)).time(),
      );
      this.skewMs = Number(time[0]) * 1000 + Number(time[1]) / 1000 - (before + Date.now()) / 2;
      const had = this.overrides;
      this.overrides = new Map(
        Object.entries(hash).flatMap(([type, json]) => {
          const override = readOverride(json);
          return override ? [[type, override]] : [];
        }),
      );
      const isNew = [...this.overrides].some(
        ([type, { concurrency }]) => concurrency && !had.get(type)?.concurrency,
      );
      if (isNew) await this.renew();
    } catch (error) {
      // Redis is unavailable; the last known limits remain valid.
      this.log.debug({ err: error }, 'limits could not be read');
    }
  }

  /** Renews the slots of running tasks. Tasks that started before their type had a limit acquire a slot now. */
  private async renew(): Promise<void> {
    const pipeline = this.redis.pipeline();
    const until = Math.round(Date.now() + this.skewMs + SLOT_LEASE_MS);
    for (const [member, run] of this.running) {
      if (!this.override(run.type)?.concurrency) continue;
      run.slot = true;
      pipeline.zadd(limitKey(this.prefix, run.type, 'slots'), until, member);
    }
    if (pipeline.length > 0) await pipeline.exec().catch(() => undefined);
  }
}
