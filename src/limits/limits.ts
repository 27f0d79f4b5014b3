import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { TaskType } from '../catalog/task-type.js';
import { Settings } from '../config/settings.js';
import { LOG } from '../logging/logging.module.js';
import { patientConnection } from '../queue/redis-connections.js';
import { COMMANDS } from '../queue/tokens.js';
import { withLimitCommands, type LimitRedis } from './limit-commands.js';
import {
  heardKey,
  limitsKey,
  memberOf,
  readOverride,
  typeKey,
  type LimitOverride,
} from './limit-override.js';

/** A change is heard of at once; this often it is looked for as well, ms. */
const REFRESH_MS = 1_000;
/** A slot is free again this long after its worker's last word, ms. */
const LEASE_MS = 15_000;
const RENEW_MS = 5_000;
/** How long it is kept that a change was heard of, ms. */
const HEARD_MS = 5_000;

/** What is needed of a BullMQ job. */
interface Fetched {
  id?: string;
  queueName: string;
}

/** Not now: the task waits until about then, and no worker has it any more. `retryAtMs` is 0 where somebody else has it. */
export interface Held {
  retryAtMs: number;
  why: string;
}

export interface EffectiveTimeouts {
  softTimeoutMs?: number;
  hardTimeoutMs?: number;
}

/**
 * The worker's side of the limits that task types have at run time. It answers from memory, and asks Redis only for types
 * that have a rate or a concurrency limit.
 */
@Injectable()
export class Limits implements OnModuleInit, OnApplicationShutdown {
  private readonly redis: LimitRedis;
  private readonly subscriber: Redis;
  private readonly prefix: string;
  private overrides = new Map<string, LimitOverride>();
  /** Redis's clock less ours, ms. */
  private skewMs = 0;
  /** Type and slot of every task that runs here, by its name in slots. */
  private readonly running = new Map<string, { type: string; slot: boolean }>();
  private refreshTimer: NodeJS.Timeout | undefined;
  private renewTimer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(COMMANDS) redis: Redis,
    settings: Settings,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.redis = withLimitCommands(redis);
    this.prefix = settings.QUEUE_PREFIX;
    this.subscriber = patientConnection(settings, 'limits', log);
  }

  /** Before the first task is fetched. */
  async onModuleInit(): Promise<void> {
    await this.refresh();
    this.refreshTimer = setInterval(() => void this.refresh(), REFRESH_MS);
    this.renewTimer = setInterval(() => void this.renew(), RENEW_MS);
    this.subscriber.on('message', (_channel, change) => void this.hear(change));
    this.subscriber.subscribe(limitsKey(this.prefix)).catch(() => undefined);
  }

  onApplicationShutdown(): void {
    clearInterval(this.refreshTimer);
    clearInterval(this.renewTimer);
    this.subscriber.disconnect();
  }

  /** The time limits of an attempt that starts now. */
  of(type: TaskType): EffectiveTimeouts {
    const override = this.override(type.name);
    const soft = override?.softTimeoutMs === undefined ? type.softTimeoutMs : override.softTimeoutMs;
    const hard = override?.hardTimeoutMs === undefined ? type.hardTimeoutMs : override.hardTimeoutMs;
    return {
      ...(soft == null ? {} : { softTimeoutMs: soft }),
      ...(hard == null ? {} : { hardTimeoutMs: hard }),
    };
  }

  /**
   * Whether a task that was just fetched may run. One that may not has been put back by the time this answers: it is
   * `delayed`, its lock is gone and the start is not counted. What may run must be released when it is over.
   */
  async admit(type: TaskType, job: Fetched, token: string): Promise<'go' | Held> {
    const member = memberOf(job.queueName, job.id!);
    const override = this.override(type.name);
    if (!override?.rate && !override?.concurrency) {
      this.running.set(member, { type: type.name, slot: false });
      return 'go';
    }
    const answer = await this.ask(type, job, token);
    if (answer[0] === 'go') {
      this.running.set(member, { type: type.name, slot: answer[1] === 1 });
      return 'go';
    }
    if (answer[0] === 'lost') return { retryAtMs: 0, why: 'Another worker has it.' };
    const why =
      answer[2] === 'rate'
        ? `The rate limit of ${type.name} is used up.`
        : `As many ${type.name} tasks run as may run at once.`;
    return { retryAtMs: Number(answer[1]), why };
  }

  /** The task is over, however it ended. */
  async release(queue: string, taskId: string): Promise<void> {
    const member = memberOf(queue, taskId);
    const run = this.running.get(member);
    this.running.delete(member);
    if (!run?.slot) return;
    await this.redis
      .roostReleaseSlot(limitsKey(this.prefix), typeKey(this.prefix, run.type), this.prefix, run.type, member)
      .catch((error: unknown) =>
        this.log.debug({ err: error, taskId }, 'a slot was not given back; its lease ends it'),
      );
  }

  private async ask(type: TaskType, job: Fetched, token: string): Promise<(string | number)[]> {
    const { prefix } = this;
    const base = `${prefix}:${job.queueName}:`;
    try {
      const keys = [base, limitsKey(prefix), typeKey(prefix, type.name)] as const;
      return await this.redis.roostAdmitTask(
        ...keys,
        prefix,
        type.name,
        job.queueName,
        job.id!,
        token,
        LEASE_MS,
      );
    } catch (error) {
      // With Redis away no limit can be kept; the task has been fetched and runs.
      this.log.warn({ err: error, taskId: job.id }, 'limits could not be asked for');
      return ['go', 1];
    }
  }

  private override(type: string): LimitOverride | undefined {
    const override = this.overrides.get(type);
    if (override?.until !== undefined && override.until <= Date.now() + this.skewMs) return undefined;
    return override;
  }

  /** Whoever made the change waits until everybody has heard of it. */
  private async hear(change: string): Promise<void> {
    await this.refresh();
    const key = heardKey(this.prefix, change);
    await this.redis
      .multi()
      .incr(key)
      .pexpire(key, HEARD_MS)
      .exec()
      .catch(() => undefined);
  }

  private async refresh(): Promise<void> {
    try {
      const before = Date.now();
      const rows = (await this.redis.pipeline().hgetall(limitsKey(this.prefix)).time().exec())!;
      const [hash, time] = rows.map(([error, value]) => {
        if (error) throw error;
        return value;
      }) as [Record<string, string>, [string, string]];
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
      // Redis is away; what was known holds on.
      this.log.debug({ err: error }, 'limits could not be read');
    }
  }

  /** Keeps the slots of what runs here; tasks that started before their type had a limit take theirs now. */
  private async renew(): Promise<void> {
    const pipeline = this.redis.pipeline();
    const until = Math.round(Date.now() + this.skewMs + LEASE_MS);
    for (const [member, run] of this.running) {
      if (!this.override(run.type)?.concurrency) continue;
      run.slot = true;
      pipeline.zadd(`${typeKey(this.prefix, run.type)}slots`, until, member);
    }
    if (pipeline.length > 0) await pipeline.exec().catch(() => undefined);
  }
}
