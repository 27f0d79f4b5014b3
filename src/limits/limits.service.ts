import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { TaskRegistry } from '../registry/task-registry.js';
import type { TaskType } from '../registry/task-type.js';
import { Settings } from '../platform/config/settings.js';
import { RoostError } from '../model/errors.js';
import type { ControlRequest } from '../bullmq/queue-control.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { withLimitCommands, type LimitRedis } from './limit-commands.js';
import {
  defaultsOf,
  formatMember,
  parseMember,
  parseOverride,
  type LimitOverride,
  type LimitValues,
} from './limit-override.js';
import type { TypeLimits } from './limits.openapi.js';
import { limitAckKey, limitBase, limitKey, limitsKey } from '../bullmq/keys.js';

/** Current limit; null for none. */
export type Limit<T> = Omit<TypeLimits['rate'], 'value'> & { value: T | null };

/** Current obstacles for tasks of a type, for "why isn't it running". */
export interface TypeHold {
  override: LimitOverride | undefined;
  /** Tasks that occupy the slots. */
  slots: { queue: string; id: string }[];
  /** Time at which the rate limit allows the next start, ms; undefined if it may start now. */
  nextStartAt: number | undefined;
}

/** Held tasks released per script call. */
const RELEASE_CHUNK_SIZE = 200;
const MAX_LISTED_SLOTS = 50;
/** Longest wait for the workers to acknowledge a change, ms. */
const ACK_TIMEOUT_MS = 500;
const ACK_POLL_MS = 5;

/** Reads and changes the limits of task types, for all workers. */
@Injectable()
export class LimitsService {
  private readonly redis: LimitRedis;
  private readonly prefix: string;

  constructor(
    private readonly registry: TaskRegistry,
    settings: Settings,
    @Inject(COMMAND_CLIENT) redis: Redis,
  ) {
    this.redis = withLimitCommands(redis);
    this.prefix = settings.QUEUE_PREFIX;
  }

  /** @throws RoostError REDIS_UNAVAILABLE, like all methods of this class. */
  list(): Promise<TypeLimits[]> {
    return withRedis(this.redis, async () => {
      const types = this.registry.all();
      const [now, hash] = await Promise.all([this.now(), this.redis.hgetall(limitsKey(this.prefix))]);
      return Promise.all(types.map((type) => this.view(type, parseOverride(hash[type.name], now), now)));
    });
  }

  /** @throws RoostError TASK_TYPE_UNKNOWN, like `get`, `set` and `reset`. */
  getType(name: string): TaskType {
    return this.registry.get(name);
  }

  get(name: string): Promise<TypeLimits> {
    const type = this.getType(name);
    return withRedis(this.redis, async () => {
      const now = await this.now();
      return this.view(type, await this.override(name, now), now);
    });
  }

  /** Sets an override and replaces the previous one. @throws RoostError REQUEST_INVALID if the limits contradict each other. */
  async set(
    name: string,
    values: LimitValues,
    { by, reason, until, forMs }: ControlRequest,
  ): Promise<TypeLimits> {
    const type = this.getType(name);
    checkTimeouts(type, values);
    return withRedis(this.redis, async () => {
      const at = await this.now();
      const end = forMs === undefined ? until : at + forMs;
      const override: LimitOverride = {
        ...values,
        by,
        at,
        ...(reason ? { reason } : {}),
        ...(end === undefined ? {} : { until: end }),
      };
      await this.redis.hset(limitsKey(this.prefix), name, JSON.stringify(override));
      await this.announce(name);
      return this.get(name);
    });
  }

  /** Removes the override, so that the type's declared limits apply. */
  async reset(name: string): Promise<TypeLimits> {
    this.getType(name);
    return withRedis(this.redis, async () => {
      await this.redis.hdel(limitsKey(this.prefix), name);
      await this.announce(name);
      return this.get(name);
    });
  }

  /** Returns the obstacles for tasks of a type, which may be unknown to this process. */
  async getHold(name: string): Promise<TypeHold> {
    const now = await this.now();
    const override = await this.override(name, now);
    const { concurrency, rate } = override ?? {};
    const [slots, oldest] = await Promise.all([
      concurrency
        ? this.redis.zrangebyscore(
            limitKey(this.prefix, name, 'slots'),
            `(${now}`,
            '+inf',
            'LIMIT',
            0,
            MAX_LISTED_SLOTS,
          )
        : [],
      rate ? this.redis.lindex(limitKey(this.prefix, name, 'starts'), rate.max - 1) : null,
    ]);
    const next = rate && oldest !== null ? Number(oldest) + rate.perMs : 0;
    return { override, slots: slots.map(parseMember), nextStartAt: next > now ? next : undefined };
  }

  /** True if a limit of its type holds the task now. */
  async isHeld(type: string, queue: string, id: string): Promise<boolean> {
    const at = await this.redis.zscore(limitKey(this.prefix, type, 'held'), formatMember(queue, id));
    return at !== null && Number(at) > (await this.now());
  }

  /** Publishes a change, so that new starts obey it, and releases the tasks that the previous limit held. */
  private async announce(name: string): Promise<void> {
    await this.waitForAcks();
    const own = limitBase(this.prefix, name);
    // Bounded by the current number, because released tasks may be held again at once.
    for (
      let left = await this.redis.zcard(limitKey(this.prefix, name, 'held'));
      left > 0;
      left -= RELEASE_CHUNK_SIZE
    ) {
      if ((await this.redis.roostReleaseHeld(own, this.prefix, Math.min(RELEASE_CHUNK_SIZE, left))) === 0)
        break;
    }
  }

  /** Waits until all workers have acknowledged, at most `ACK_TIMEOUT_MS`: one may be frozen. New workers load the limits themselves. */
  private async waitForAcks(): Promise<void> {
    const change = randomUUID();
    const listeners = await this.redis.publish(limitsKey(this.prefix), change);
    const deadline = Date.now() + ACK_TIMEOUT_MS;
    while (Date.now() < deadline) {
      if (Number(await this.redis.get(limitAckKey(this.prefix, change))) >= listeners) return;
      await delay(ACK_POLL_MS);
    }
  }

  private async override(name: string, now: number): Promise<LimitOverride | undefined> {
    return parseOverride(await this.redis.hget(limitsKey(this.prefix), name), now);
  }

  private async view(type: TaskType, override: LimitOverride | undefined, now: number): Promise<TypeLimits> {
    const [slotsTaken, held] = await Promise.all([
      override?.concurrency
        ? this.redis.zcount(limitKey(this.prefix, type.name, 'slots'), `(${now}`, '+inf')
        : 0,
      this.redis.zcount(limitKey(this.prefix, type.name, 'held'), `(${now}`, '+inf'),
    ]);
    const { softTimeoutMs, hardTimeoutMs, rate, concurrency } = defaultsOf(type);
    return {
      type: type.name,
      title: type.title,
      queue: type.queue,
      softTimeoutMs: limit(override?.softTimeoutMs, softTimeoutMs),
      hardTimeoutMs: limit(override?.hardTimeoutMs, hardTimeoutMs),
      rate: limit(override?.rate, rate),
      concurrency: limit(override?.concurrency, concurrency),
      override: override
        ? {
            by: override.by,
            since: new Date(override.at).toISOString(),
            ...(override.reason ? { reason: override.reason } : {}),
            ...(override.until === undefined ? {} : { until: new Date(override.until).toISOString() }),
          }
        : null,
      slotsTaken,
      held,
    };
  }

  /** Time by Redis's clock, which determines when limits begin and end, ms. */
  private async now(): Promise<number> {
    const [seconds, micros] = await this.redis.time();
    return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  }
}

function limit<T>(override: T | null | undefined, standard: T | null | undefined): Limit<T> {
  if (override !== undefined) return { value: override, origin: 'override' };
  return { value: standard ?? null, origin: 'default' };
}

/** Checks the override together with the declared limits, which apply where the override has none. */
function checkTimeouts(type: TaskType, values: LimitValues): void {
  const all = { ...defaultsOf(type), ...withoutMissing(values) };
  const { softTimeoutMs: soft, hardTimeoutMs: hard } = all;
  if (soft == null || hard == null || soft <= hard) return;
  const path = values.softTimeoutMs == null ? 'hardTimeoutMs' : 'softTimeoutMs';
  const message =
    path === 'softTimeoutMs'
      ? `is above the hard limit of ${hard} ms; the soft limit has to come first`
      : `is below the soft limit of ${soft} ms; the soft limit has to come first`;
  throw new RoostError('REQUEST_INVALID', `${path} ${message}`, [{ path, message }]);
}

function withoutMissing(values: LimitValues): LimitValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
