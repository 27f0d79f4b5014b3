import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Catalog } from '../catalog/catalog.js';
import type { TaskType } from '../catalog/task-type.js';
import { Settings } from '../config/settings.js';
import { RoostError } from '../contract/errors.js';
import type { Order } from '../queue/queue-control.js';
import { withRedis } from '../queue/redis-errors.js';
import { COMMANDS } from '../queue/tokens.js';
import { withLimitCommands, type LimitRedis } from './limit-commands.js';
import {
  defaultsOf,
  heardKey,
  limitsKey,
  memberOf,
  parseMember,
  parseOverride,
  typeKey,
  type LimitOverride,
  type LimitValues,
  type Rate,
} from './limit-override.js';

/** A limit as it holds now: null for none. */
export interface Limit<T> {
  value: T | null;
  origin: 'default' | 'override';
}

/** All limits of a task type, as REST and pages show them. */
export interface TypeLimits {
  type: string;
  title: string;
  queue: string;
  softTimeoutMs: Limit<number>;
  hardTimeoutMs: Limit<number>;
  /** Starts per time, the whole fleet together. */
  rate: Limit<Rate>;
  /** Running at once, the whole fleet together. */
  concurrency: Limit<number>;
  override: { by: string; since: string; reason?: string; until?: string } | null;
  /** Slots of the concurrency limit that are taken. */
  slotsTaken: number;
  /** Tasks that a limit holds back at this moment. */
  held: number;
}

/** What holds a task of a type back right now: for "why isn't it running". */
export interface TypeHold {
  override: LimitOverride | undefined;
  /** Tasks that have the slots. */
  slots: { queue: string; id: string }[];
  /** When the rate allows the next start, ms; undefined where it does now. */
  nextStartAt: number | undefined;
}

/** Held tasks released by one script call. */
const CHUNK = 200;
const MAX_SLOTS = 50;
/** Longest a change waits for the workers to hear of it, ms. */
const HEARD_MS = 500;
const POLL_MS = 5;

/** Reads and changes the limits of task types, for the whole fleet. */
@Injectable()
export class LimitsService {
  private readonly redis: LimitRedis;
  private readonly prefix: string;

  constructor(
    private readonly catalog: Catalog,
    settings: Settings,
    @Inject(COMMANDS) redis: Redis,
  ) {
    this.redis = withLimitCommands(redis);
    this.prefix = settings.QUEUE_PREFIX;
  }

  /** @throws RoostError REDIS_UNAVAILABLE, as everything here. */
  list(): Promise<TypeLimits[]> {
    return withRedis(this.redis, async () => {
      const types = this.catalog.all();
      const [now, hash] = await Promise.all([this.now(), this.redis.hgetall(limitsKey(this.prefix))]);
      return Promise.all(types.map((type) => this.view(type, parseOverride(hash[type.name], now), now)));
    });
  }

  /** @throws RoostError TASK_TYPE_UNKNOWN, as everything below. */
  known(name: string): TaskType {
    return this.catalog.get(name);
  }

  get(name: string): Promise<TypeLimits> {
    const type = this.known(name);
    return withRedis(this.redis, async () => {
      const now = await this.now();
      return this.view(type, await this.override(name, now), now);
    });
  }

  /** In place of any override before. @throws RoostError REQUEST_INVALID where the limits contradict each other. */
  async set(name: string, values: LimitValues, { by, reason, until, forMs }: Order): Promise<TypeLimits> {
    const type = this.known(name);
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

  /** Back to what the type declares. */
  async reset(name: string): Promise<TypeLimits> {
    this.known(name);
    return withRedis(this.redis, async () => {
      await this.redis.hdel(limitsKey(this.prefix), name);
      await this.announce(name);
      return this.get(name);
    });
  }

  /** What holds tasks of a type back, whether or not the type is known here. */
  async hold(name: string): Promise<TypeHold> {
    const now = await this.now();
    const override = await this.override(name, now);
    const { concurrency, rate } = override ?? {};
    const own = typeKey(this.prefix, name);
    const [slots, oldest] = await Promise.all([
      concurrency ? this.redis.zrangebyscore(`${own}slots`, `(${now}`, '+inf', 'LIMIT', 0, MAX_SLOTS) : [],
      rate ? this.redis.lindex(`${own}starts`, rate.max - 1) : null,
    ]);
    const next = rate && oldest !== null ? Number(oldest) + rate.perMs : 0;
    return { override, slots: slots.map(parseMember), nextStartAt: next > now ? next : undefined };
  }

  /** Whether a limit of its type holds a task back at this moment. */
  async isHeld(type: string, queue: string, id: string): Promise<boolean> {
    const at = await this.redis.zscore(`${typeKey(this.prefix, type)}held`, memberOf(queue, id));
    return at !== null && Number(at) > (await this.now());
  }

  /** What starts from now on is held to it; what the limit before held back tries again. */
  private async announce(name: string): Promise<void> {
    await this.heardByAll();
    const own = typeKey(this.prefix, name);
    // Only those that are there now: they may be put back at once, and would be met again.
    for (let left = await this.redis.zcard(`${own}held`); left > 0; left -= CHUNK) {
      if ((await this.redis.roostReleaseHeld(own, this.prefix, Math.min(CHUNK, left))) === 0) break;
    }
  }

  /** Waits until the workers know, but not for long: one may be frozen. Those that come later read it by themselves. */
  private async heardByAll(): Promise<void> {
    const change = randomUUID();
    const listeners = await this.redis.publish(limitsKey(this.prefix), change);
    const deadline = Date.now() + HEARD_MS;
    while (Date.now() < deadline) {
      if (Number(await this.redis.get(heardKey(this.prefix, change))) >= listeners) return;
      await delay(POLL_MS);
    }
  }

  private async override(name: string, now: number): Promise<LimitOverride | undefined> {
    return parseOverride(await this.redis.hget(limitsKey(this.prefix), name), now);
  }

  private async view(type: TaskType, override: LimitOverride | undefined, now: number): Promise<TypeLimits> {
    const own = typeKey(this.prefix, type.name);
    const [slotsTaken, held] = await Promise.all([
      override?.concurrency ? this.redis.zcount(`${own}slots`, `(${now}`, '+inf') : 0,
      this.redis.zcount(`${own}held`, `(${now}`, '+inf'),
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

  /** Redis's clock, by which limits begin and end, ms. */
  private async now(): Promise<number> {
    const [seconds, micros] = await this.redis.time();
    return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  }
}

function limit<T>(override: T | null | undefined, standard: T | null | undefined): Limit<T> {
  if (override !== undefined) return { value: override, origin: 'override' };
  return { value: standard ?? null, origin: 'default' };
}

/** With what the type declares, as that holds where the override is silent. */
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
