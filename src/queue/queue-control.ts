import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { sharedNow } from '../contract/clock.js';
import { Settings } from '../config/settings.js';
import { withControlCommands, type ControlRedis } from './control-commands.js';
import { COMMANDS } from './tokens.js';
import { parseStored } from './stored-json.js';

/** Who asked for something, why, and when it is over: at a time (ms), or after so many ms by Redis's clock; else never. */
export interface Order {
  by: string;
  reason?: string;
  until?: number;
  forMs?: number;
}

/** Who set something, when (ms), why, and until when; nothing is known of what another program set. */
export interface ControlRecord {
  by?: string;
  at?: number;
  reason?: string;
  until?: number;
}

/** How a queue is held back at this moment. */
export interface QueueHold {
  paused: ControlRecord | null;
  concurrency: (ControlRecord & { value: number }) | null;
  /** `waitMs`: until the next task may start; 0 when one may start now. */
  rateLimit: (ControlRecord & { max: number; perMs: number; waitMs: number }) | null;
  active: number;
}

export interface ControlAction extends ControlRecord {
  action: string;
  value?: number;
  max?: number;
  perMs?: number;
  /** Tasks it was done to. */
  done?: number;
}

/** Over the last `overMs`: tasks that finished, that left in any way (cancelled and expired too), and that came in. */
export interface QueueFlow {
  overMs: number;
  finished: number;
  out: number;
  in: number;
}

/** Between two samples of the sweep, ms. */
const SAMPLE_MS = 10_000;
/** A rate over less than this says nothing, ms. */
const SHORTEST_MS = 5_000;

/** Tasks of one script call: a few ms of Redis's time, so that nobody else waits for long. */
const CHUNK = 100;
/** Longest a long operation works on before it says "there is more", ms. */
const DEADLINE_MS = 25_000;

export interface Progressed {
  done: number;
  more: boolean;
}

/** Holds queues back and acts on all their tasks; the only place that knows the scripts behind it. */
@Injectable()
export class QueueControl {
  private readonly redis: ControlRedis;

  constructor(
    @Inject(COMMANDS) redis: Redis,
    private readonly settings: Settings,
  ) {
    this.redis = withControlCommands(redis);
  }

  async pause(queue: string, order: Order): Promise<void> {
    await this.control(queue, 'pause', order);
  }

  async resume(queue: string, order: Order): Promise<void> {
    await this.control(queue, 'resume', order);
  }

  /** At most `value` tasks at once, all workers together; null for no limit. */
  async setConcurrency(queue: string, value: number | null, order: Order): Promise<void> {
    await this.control(queue, 'concurrency', order, value ?? '');
  }

  /** At most `max` starts per `perMs`, all workers together; null for no limit. */
  async setRateLimit(
    queue: string,
    limit: { max: number; perMs: number } | null,
    order: Order,
  ): Promise<void> {
    await this.control(queue, 'rate-limit', order, limit?.max ?? '', limit?.perMs ?? '');
  }

  async hold(queue: string): Promise<QueueHold> {
    const base = this.base(queue);
    const rows = (await this.redis
      .pipeline()
      .hmget(`${base}meta`, 'paused', 'concurrency', 'max', 'duration')
      .hmget(`${base}control`, 'paused', 'concurrency', 'rateLimit')
      .get(`${base}limiter`)
      .pttl(`${base}limiter`)
      .llen(`${base}active`)
      .exec())!;
    const [meta, notes, used, ttl, active] = rows.map(([error, value]) => {
      if (error) throw error;
      return value;
    }) as [(string | null)[], (string | null)[], string | null, number, number];
    const [paused, concurrency, max, perMs] = meta;
    const spent = max !== null && Number(used ?? 0) >= Number(max);
    return {
      paused: paused === null ? null : parse(notes[0]),
      concurrency: concurrency == null ? null : { ...parse(notes[1]), value: Number(concurrency) },
      rateLimit:
        max == null
          ? null
          : {
              ...parse(notes[2]),
              max: Number(max),
              perMs: Number(perMs ?? 0),
              waitMs: spent ? Math.max(0, ttl) : 0,
            },
      active,
    };
  }

  /** What was done to a queue, newest first. */
  async actions(queue: string, limit: number): Promise<ControlAction[]> {
    const lines = await this.redis.lrange(`${this.base(queue)}control:log`, 0, limit - 1);
    return lines
      .map((line) => objectIn(line) as ControlAction | undefined)
      .filter((one) => one !== undefined);
  }

  /** Cancels what has not started and was there when it began; delayed tasks too when asked. */
  async drain(queue: string, { delayed, ...order }: Order & { delayed: boolean }): Promise<Progressed> {
    const base = this.base(queue);
    const mark = JSON.stringify({
      by: order.by,
      at: sharedNow(),
      reason: order.reason ?? 'The queue was drained.',
    });
    const deadline = Date.now() + DEADLINE_MS;
    let done = 0;
    let more = false;
    for (const list of ['wait', 'prioritized', ...(delayed ? ['delayed'] : [])]) {
      // Tasks that come in meanwhile are not meant.
      let left = await (list === 'wait' ? this.redis.llen(base + list) : this.redis.zcard(base + list));
      while (left > 0 && Date.now() < deadline) {
        const wanted = Math.min(CHUNK, left);
        const [cancelled, , there] = await this.redis.roostDrainQueue(
          base,
          list,
          wanted,
          mark,
          sharedNow(),
          this.settings.TASK_RETENTION_FAILED_HOURS * 3_600_000,
          this.settings.TASK_RETENTION_FAILED_COUNT,
        );
        done += cancelled;
        left = Math.min(there, left - wanted);
      }
      more ||= left > 0;
    }
    return this.finish(queue, 'drain', order, { done, more });
  }

  /** Removes settled tasks of one state that settled `olderThanMs` ago or before; at most `limit`. */
  async clean(
    queue: string,
    { state, olderThanMs, limit, ...order }: Order & { state: string; olderThanMs: number; limit?: number },
  ): Promise<Progressed> {
    const before = sharedNow() - olderThanMs;
    const all = limit ?? Infinity;
    const result = await this.inChunks(all, (n) =>
      this.redis.roostCleanQueue(this.base(queue), state, n, before),
    );
    return this.finish(queue, `clean ${state}`, order, result);
  }

  /** Lets every task that was delayed when it began run now. */
  async promote(queue: string, order: Order): Promise<Progressed> {
    const base = this.base(queue);
    const all = await this.redis.zcard(`${base}delayed`);
    return this.finish(
      queue,
      'promote',
      order,
      await this.inChunks(all, (n) => this.redis.roostPromoteDelayed(base, n)),
    );
  }

  /** Undoes what is over and notes how much there is. Any number of processes may call it at once. */
  async sweep(queue: string): Promise<string[]> {
    return this.redis.roostControlQueue(this.base(queue), 'sweep', '{}', '', '');
  }

  /** What came in and went out over about the last `windowMs`; undefined while nobody has watched for long enough. */
  async flow(queue: string, windowMs: number): Promise<QueueFlow | undefined> {
    const base = this.base(queue);
    const [seconds, micros] = await this.redis.time();
    const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    const samples = parseSamples(await this.redis.hgetall(`${base}flow`));
    const start = samples.find(({ at }) => at >= now - windowMs - SAMPLE_MS && at <= now - SHORTEST_MS);
    if (!start) return undefined;
    const rows = (await this.redis
      .pipeline()
      .hget(`${base}metrics:completed`, 'count')
      .hget(`${base}metrics:failed`, 'count')
      .llen(`${base}wait`)
      .zcard(`${base}prioritized`)
      .zcard(`${base}delayed`)
      .llen(`${base}active`)
      .zcount(`${base}cancelled`, start.at, '+inf')
      .zcount(`${base}expired`, start.at, '+inf')
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
    return `${this.settings.QUEUE_PREFIX}:${queue}:`;
  }

  private async control(
    queue: string,
    action: string,
    order: Order,
    ...values: (string | number)[]
  ): Promise<void> {
    const { by, reason, until, forMs } = order;
    const who = JSON.stringify({ by, ...(reason ? { reason } : {}) });
    await this.redis.roostControlQueue(this.base(queue), action, who, until ?? '', forMs ?? '', ...values);
  }

  private async inChunks(all: number, step: (n: number) => Promise<number>): Promise<Progressed> {
    const deadline = Date.now() + DEADLINE_MS;
    let done = 0;
    while (done < all) {
      if (Date.now() > deadline) return { done, more: true };
      const wanted = Math.min(CHUNK, all - done);
      const moved = await step(wanted);
      done += moved;
      if (moved < wanted) break;
    }
    return { done, more: false };
  }

  private async finish(queue: string, action: string, order: Order, result: Progressed): Promise<Progressed> {
    // What was done is done, even where a full Redis has no room for the note.
    if (result.done > 0) await this.control(queue, 'note', order, action, result.done).catch(() => undefined);
    return result;
  }
}

function parse(json: string | null | undefined): ControlRecord {
  return (objectIn(json) as ControlRecord | undefined) ?? {};
}

/** Undefined for what is none: somebody else has been at our keys. */
function objectIn(json: string | null | undefined): object | undefined {
  const value = parseStored(json ?? undefined);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
}

/** Oldest first. */
function parseSamples(hash: Record<string, string>): { at: number; backlog: number; finished: number }[] {
  return Object.values(hash)
    .map((json) => {
      const [at, backlog, finished] = JSON.parse(json) as [number, number, number];
      return { at, backlog, finished };
    })
    .sort((a, b) => a.at - b.at);
}
