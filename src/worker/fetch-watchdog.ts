import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { Settings } from '../config/settings.js';
import { leave } from '../fleet/presence.js';
import { LOG } from '../logging/logging.module.js';
import type { CommandRedis } from '../queue/task-commands.js';
import { COMMANDS } from '../queue/tokens.js';
import { Consumers } from './consumers.js';
import { SelfPortrait } from './self-portrait.js';

/** Looked at this often, ms. */
const LOOK_MS = 2_000;
/** Tasks wait, none runs here, and none was asked for in so long, ms: an idle worker asks every few seconds. */
export const STUCK_MS = 30_000;
/** The way out of such a worker, for whoever starts it again: sysexits' EX_TEMPFAIL, "try again later". */
export const EXIT_STUCK = 75;
/** It says goodbye within this, ms, or leaves without. */
const FAREWELL_MS = 500;

/** What the watchdog looks at in one queue. */
export interface FetchFacts {
  queue: string;
  /** Tasks of the queue that a worker could take now. */
  ready: number;
  /** Under way in this worker. */
  active: number;
  /** When it last got an answer to "is there a task?", ms; or when it began to serve the queue. */
  lastFetchAt: number;
}

/** Since when each queue looks as if this worker had stopped fetching. Pure: it has no clock and no Redis of its own. */
export class FetchJudge {
  private readonly since = new Map<string, number>();

  /** Queues for which it has looked so for `STUCK_MS`, with how long. */
  judge(facts: readonly FetchFacts[], now: number): { queue: string; ready: number; silentMs: number }[] {
    const seen = new Set(facts.map(({ queue }) => queue));
    for (const queue of this.since.keys()) if (!seen.has(queue)) this.since.delete(queue);
    return facts.flatMap(({ queue, ready, active, lastFetchAt }) => {
      if (ready === 0 || active > 0) {
        this.since.delete(queue);
        return [];
      }
      const since = Math.max(this.since.get(queue) ?? now, lastFetchAt);
      this.since.set(queue, since);
      return now - since >= STUCK_MS ? [{ queue, ready, silentMs: now - lastFetchAt }] : [];
    });
  }

  /** What could not be seen is no proof. */
  forget(): void {
    this.since.clear();
  }
}

/**
 * Ends a worker that has stopped fetching while tasks wait. Everything else about such a worker looks well: it answers,
 * its beat goes on, Redis is there (bullmq 6.0 to 6.3.2 after an outage: taskforcesh/bullmq#4585; a connection that
 * hangs without being told). Its supervisor starts another in its place.
 */
@Injectable()
export class FetchWatchdog implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly judge = new FetchJudge();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly consumers: Consumers,
    private readonly portrait: SelfPortrait,
    private readonly settings: Settings,
    @Inject(COMMANDS) private readonly redis: CommandRedis,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.look(), LOOK_MS);
    this.timer.unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    try {
      const serving = this.consumers.fetching();
      const facts = await Promise.all(
        serving.map(async (one) => ({ ...one, ready: await this.ready(one.queue) })),
      );
      const [stuck] = this.judge.judge(facts, Date.now());
      if (stuck) await this.leave(stuck);
    } catch {
      // Redis is away: nobody can fetch.
      this.judge.forget();
    }
  }

  /** Tasks of a queue that are there to be taken: none while it is paused, at its limit, or slowed down. */
  private async ready(queue: string): Promise<number> {
    const base = `${this.settings.QUEUE_PREFIX}:${queue}:`;
    const rows = await this.redis
      .pipeline()
      .llen(`${base}wait`)
      .zcard(`${base}prioritized`)
      .llen(`${base}active`)
      .pttl(`${base}limiter`)
      .hmget(`${base}meta`, 'paused', 'concurrency')
      .exec();
    const [waiting, prioritized, active, limited, meta] = rows!.map(([error, value]) => {
      if (error) throw error;
      return value;
    }) as [number, number, number, number, [string | null, string | null]];
    const [paused, concurrency] = meta;
    const full = concurrency !== null && active >= Number(concurrency);
    return paused !== null || full || limited > 0 ? 0 : waiting + prioritized;
  }

  private async leave({
    queue,
    ready,
    silentMs,
  }: {
    queue: string;
    ready: number;
    silentMs: number;
  }): Promise<void> {
    clearInterval(this.timer);
    const seconds = Math.round(silentMs / 1000);
    this.log.fatal(
      { queue, waiting: ready, silentMs, exitCode: EXIT_STUCK },
      `stuck: ${ready} tasks wait in ${queue}, none runs here, and none was asked for in ${seconds} s; leaving, to be started again`,
    );
    const left = `stuck: it had not asked ${queue} for a task in ${seconds} s`;
    const farewell = leave(this.redis, this.settings.QUEUE_PREFIX, {
      ...this.portrait.draw().record,
      left,
    }).catch(() => undefined);
    await Promise.race([farewell, new Promise((resolve) => setTimeout(resolve, FAREWELL_MS))]);
    process.exit(EXIT_STUCK);
  }
}
