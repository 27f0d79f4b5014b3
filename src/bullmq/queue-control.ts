import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { SharedClock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { withControlCommands, type ControlRedis } from './control-commands.js';
import { COMMAND_CLIENT } from './tokens.js';
import { parseStored } from './codec/parse-stored-json.js';
import { queueBase, queueKey } from './keys.js';
import { execAll } from './connection/redis-errors.js';

/** Request to control a queue. It ends at `until` (ms) or after `forMs` by Redis's clock; without either it has no end. */
export interface ControlRequest {
  by: string;
  reason?: string;
  until?: number;
  forMs?: number;
}

/** Author, time (ms), reason and end (ms) of a setting. Empty for a setting that another program made. */
export interface ControlRecord {
  by?: string;
  at?: number;
  reason?: string;
  until?: number;
}

/** Current pause and limits of a queue. */
export interface QueueHold {
  paused: ControlRecord | null;
  concurrency: (ControlRecord & { value: number }) | null;
  /** `waitMs`: time until the next task may start; 0 if it may start now. */
  rateLimit: (ControlRecord & { max: number; perMs: number; waitMs: number }) | null;
  active: number;
}

export interface ControlAction extends ControlRecord {
  action: string;
  value?: number;
  max?: number;
  perMs?: number;
  /** Number of tasks that were changed. */
  done?: number;
}

/** Throughput over the last `overMs`. `out` counts finished, cancelled and expired tasks; `in` counts new tasks. */
export interface QueueFlow {
  overMs: number;
  finished: number;
  out: number;
  in: number;
}

/** Interval between two samples of the sweep, ms. */
const SAMPLE_INTERVAL_MS = 10_000;
/** Shortest time over which a rate is meaningful, ms. */
const MIN_FLOW_WINDOW_MS = 5_000;

/** Tasks per script call: a few ms of Redis's time, so that other clients do not wait for long. */
const CHUNK_SIZE = 100;
/** Longest run of one operation before it returns with `more`, ms. */
const DEADLINE_MS = 25_000;

export interface ChunkedResult {
  done: number;
  more: boolean;
}

/** Pauses and limits queues, and changes all tasks of a queue. The only caller of the control scripts. */
@Injectable()
export class QueueControl {
  private readonly redis: ControlRedis;

  constructor(
    @Inject(COMMAND_CLIENT) redis: Redis,
    private readonly settings: Settings,
    private readonly clock: SharedClock,
  ) {
    this.redis = withControlCommands(redis);
  }

  async pause(queue: string, order: ControlRequest): Promise<void> {
    await this.runControl(queue, 'pause', order);
  }

  async resume(queue: string, order: ControlRequest): Promise<void> {
    await this.runControl(queue, 'resume', order);
  }

  /** Sets how many tasks may run at once on all workers together; null lifts the limit. */
  async setConcurrency(queue: string, value: number | null, order: ControlRequest): Promise<void> {
    await this.runControl(queue, 'concurrency', order, value ?? '');
  }

  /** Sets how many tasks may start per `perMs` on all workers together; null lifts the limit. */
  async setRateLimit(
    queue: string,
    limit: { max: number; perMs: number } | null,
    order: ControlRequest,
  ): Promise<void> {
    await this.runControl(queue, 'rate-limit', order, limit?.max ?? '', limit?.perMs ?? '');
  }

  async getHold(queue: string): Promise<QueueHold> {
    const base = this.base(queue);
    const [meta, notes, used, ttl, active] = await execAll<
      [(string | null)[], (string | null)[], string | null, number, number]
    >(
      this.redis
        .pipeline()
        .hmget(queueKey(base, 'meta'), 'paused', 'concurrency', 'max', 'duration')
        .hmget(queueKey(base, 'control'), 'paused', 'concurrency', 'rateLimit')
        .get(queueKey(base, 'limiter'))
        .pttl(queueKey(base, 'limiter'))
        .llen(queueKey(base, 'active')),
    );
    const [paused, concurrency, max, perMs] = meta;
    const waitMs = max !== null && Number(used ?? 0) >= Number(max) ? Math.max(0, ttl) : 0;
    const limit = { max: Number(max), perMs: Number(perMs ?? 0), waitMs };
    return {
      paused: paused === null ? null : parseRecord(notes[0]),
      concurrency: concurrency == null ? null : { ...parseRecord(notes[1]), value: Number(concurrency) },
      rateLimit: max == null ? null : { ...parseRecord(notes[2]), ...limit },
      active,
    };
  }

  /** Lists the control actions on a queue, newest first. */
  async listActions(queue: string, limit: number): Promise<ControlAction[]> {
    const lines = await this.redis.lrange(queueKey(this.base(queue), 'control:log'), 0, limit - 1);
    return lines
      .map((line) => parseObject(line) as ControlAction | undefined)
      .filter((one) => one !== undefined);
  }

  /** Cancels the tasks that have not started and were in the queue when the call began; `delayed` includes delayed tasks. */
  async drain(
    queue: string,
    { delayed, ...order }: ControlRequest & { delayed: boolean },
  ): Promise<ChunkedResult> {
    const base = this.base(queue);
    const mark = JSON.stringify({
      by: order.by,
      at: this.clock.now(),
      reason: order.reason ?? 'The queue was drained.',
    });
    const deadline = Date.now() + DEADLINE_MS;
    let done = 0;
    let more = false;
    for (const list of ['wait', 'prioritized', ...(delayed ? (['delayed'] as const) : [])] as const) {
      const key = queueKey(base, list);
      // Excludes tasks that are added meanwhile.
      let left = await (list === 'wait' ? this.redis.llen(key) : this.redis.zcard(key));
      while (left > 0 && Date.now() < deadline) {
        const wanted = Math.min(CHUNK_SIZE, left);
        const [cancelled, , there] = await this.redis.roostDrainQueue(
          base,
          list,
          wanted,
          mark,
          this.clock.now(),
          this.settings.TASK_RETENTION_FAILED_HOURS * 3_600_000,
          this.settings.TASK_RETENTION_FAILED_COUNT,
        );
        done += cancelled;
        left = Math.min(there, left - wanted);
      }
      more ||= left > 0;
    }
    return this.recordResult(queue, 'drain', order, { done, more });
  }

  /** Removes at most `limit` tasks of one finished state that finished at least `olderThanMs` ago. */
  async clean(
    queue: string,
    {
      state,
      olderThanMs,
      limit,
      ...order
    }: ControlRequest & { state: string; olderThanMs: number; limit?: number },
  ): Promise<ChunkedResult> {
    const before = this.clock.now() - olderThanMs;
    const all = limit ?? Infinity;
    const result = await this.inChunks(all, (n) =>
      this.redis.roostCleanQueue(this.base(queue), state, n, before),
    );
    return this.recordResult(queue, `clean ${state}`, order, result);
  }

  /** Promotes every task that was delayed when the call began. */
  async promote(queue: string, order: ControlRequest): Promise<ChunkedResult> {
    const base = this.base(queue);
    const all = await this.redis.zcard(queueKey(base, 'delayed'));
    return this.recordResult(
      queue,
      'promote',
      order,
      await this.inChunks(all, (n) => this.redis.roostPromoteDelayed(base, n)),
    );
  }

  /** Lifts expired pauses and limits, and records a sample of the backlog. Safe to call from several processes at once. */
  async sweep(queue: string): Promise<string[]> {
    return this.redis.roostControlQueue(this.base(queue), 'sweep', '{}', '', '');
  }

  /** Throughput over about the last `windowMs`; undefined until a sample is old enough. */
  async findFlow(queue: string, windowMs: number): Promise<QueueFlow | undefined> {
    const base = this.base(queue);
    const [seconds, micros] = await this.redis.time();
    const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    const samples = parseSamples(await this.redis.hgetall(queueKey(base, 'flow')));
    const start = samples.find(
      ({ at }) => at >= now - windowMs - SAMPLE_INTERVAL_MS && at <= now - MIN_FLOW_WINDOW_MS,
    );
    if (!start) return undefined;
    const rows = (await this.redis
      .pipeline()
      .hget(queueKey(base, 'metrics:completed'), 'count')
      .hget(queueKey(base, 'metrics:failed'), 'count')
      .llen(queueKey(base, 'wait'))
      .zcard(queueKey(base, 'prioritized'))
      .zcard(queueKey(base, 'delayed'))
      .llen(queueKey(base, 'active'))
      .zcount(queueKey(base, 'cancelled'), start.at, '+inf')
      .zcount(queueKey(base, 'expired'), start.at, '+inf')
      .exec())!;
    const [completed, failed, wait, prioritized, delayed, active, cancelled, expired] = rows.map(
      ([, value]) => Number(value ?? 0),
    );
    const finished = Math.max(0, completed! + failed! - start.finished);
    const out = finished + cancelled! + expired!;
    const backlog = wait! + prioritized! + delayed! + active!;
    return { overMs: now - start.at, finished, out, in: Math.max(0, out + backlog - start.backlog) };
  }

  base(queue: string): string {
    return queueBase(this.settings.QUEUE_PREFIX, queue);
  }

  private async runControl(
    queue: string,
    action: string,
    order: ControlRequest,
    ...values: (string | number)[]
  ): Promise<void> {
    const { by, reason, until, forMs } = order;
    const who = JSON.stringify({ by, ...(reason ? { reason } : {}) });
    await this.redis.roostControlQueue(this.base(queue), action, who, until ?? '', forMs ?? '', ...values);
  }

  private async inChunks(all: number, step: (n: number) => Promise<number>): Promise<ChunkedResult> {
    const deadline = Date.now() + DEADLINE_MS;
    let done = 0;
    while (done < all) {
      if (Date.now() > deadline) return { done, more: true };
      const wanted = Math.min(CHUNK_SIZE, all - done);
      const moved = await step(wanted);
      done += moved;
      if (moved < wanted) break;
    }
    return { done, more: false };
  }

  private async recordResult(
    queue: string,
    action: string,
    order: ControlRequest,
    result: ChunkedResult,
  ): Promise<ChunkedResult> {
    // The tasks have been changed even if a full Redis rejects the log entry.
    if (result.done > 0)
      await this.runControl(queue, 'note', order, action, result.done).catch(() => undefined);
    return result;
  }
}

function parseRecord(json: string | null | undefined): ControlRecord {
  return (parseObject(json) as ControlRecord | undefined) ?? {};
}

/** Returns undefined for text that is no JSON object: another program may have written to these keys. */
function parseObject(json: string | null | undefined): object | undefined {
  const value = parseStored(json ?? undefined);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
}

/** Parses the samples, oldest first. */
function parseSamples(hash: Record<string, string>): { at: number; backlog: number; finished: number }[] {
  return Object.values(hash)
    .map((json) => {
      const [at, backlog, finished] = JSON.parse(json) as [number, number, number];
      return { at, backlog, finished };
    })
    .sort((a, b) => a.at - b.at);
}
