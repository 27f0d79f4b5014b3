import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { PeriodicRunner } from '../coordination/periodic-runner.js';
import { Settings } from '../platform/config/settings.js';
import { leave as publishLeaveRecord } from '../workers/presence.js';
import { LOG } from '../platform/logging/logging.module.js';
import { leave } from '../platform/process-exit.js';
import type { CommandRedis } from '../bullmq/task-commands.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { Consumers } from './consumers.js';
import { WorkerSnapshot } from './worker-snapshot.js';
import { queueBase, queueKey, writeProbeKey } from '../bullmq/keys.js';
import { execAll } from '../bullmq/connection/redis-errors.js';

/** Interval between checks, ms. */
const CHECK_INTERVAL_MS = 2_000;
/**
 * Longest time without a fetch while tasks wait and none runs here, ms. An idle worker fetches every few
 * seconds.
 */
export const STUCK_MS = 30_000;
/** Exit code of a stuck worker, for its supervisor: EX_TEMPFAIL of sysexits, "try again later". */
export const EXIT_STUCK = 75;
/** Timeout for publishing the reason of the exit, ms. */
const LEAVE_TIMEOUT_MS = 500;

/** State of one queue, as the watchdog reads it. */
export interface FetchFacts {
  queue: string;
  /** Tasks of the queue that a worker could fetch now. */
  ready: number;
  /** Tasks running in this worker. */
  active: number;
  /** Time of the last answer to a fetch, ms, or the time when it started to serve the queue. */
  lastFetchAt: number;
}

/** Detects queues that this worker has stopped fetching from. Pure: it has no clock and no Redis access. */
export class FetchStallDetector {
  private readonly since = new Map<string, number>();

  /** Returns the queues without a fetch for at least `STUCK_MS`, with the duration in ms. */
  findStalled(
    facts: readonly FetchFacts[],
    now: number,
  ): { queue: string; ready: number; silentMs: number }[] {
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

  /** Resets the observation after a failed check, which proves nothing. */
  reset(): void {
    this.since.clear();
  }
}

/**
 * Ends a worker that has stopped fetching while tasks wait. Such a worker otherwise looks healthy: it
 * answers, its heartbeat continues, and Redis is available. Known causes: bullmq 6.0 to 6.3.2 after an outage
 * (taskforcesh/bullmq#4585), and a connection that hangs without an error. Its supervisor starts another
 * worker.
 */
@Injectable()
export class FetchWatchdog implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly detector = new FetchStallDetector();
  private readonly checks: PeriodicRunner;

  constructor(
    private readonly consumers: Consumers,
    private readonly snapshot: WorkerSnapshot,
    private readonly settings: Settings,
    @Inject(COMMAND_CLIENT) private readonly redis: CommandRedis,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.checks = new PeriodicRunner((signal) => this.check(signal), {
      name: 'check for a stalled fetch',
      everyMs: CHECK_INTERVAL_MS,
      log,
    });
  }

  onApplicationBootstrap(): void {
    void this.checks.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.checks.stop();
  }

  private async check(signal: AbortSignal): Promise<void> {
    try {
      const serving = this.consumers.listFetching();
      const facts = await Promise.all(
        serving.map(async (one) => ({ ...one, ready: await this.countReady(one.queue) })),
      );
      const [stuck] = this.detector.findStalled(facts, Date.now());
      if (!stuck) return;
      await this.probeWrite();
      // A worker that has begun to stop ends by itself.
      if (!signal.aborted) await this.exit(stuck);
    } catch {
      // Redis is unavailable or refuses writes: no worker can fetch.
      this.detector.reset();
    }
  }

  /** Tests that Redis accepts writes. A fetch writes, so a read-only Redis stops every worker. */
  private async probeWrite(): Promise<void> {
    await this.redis.set(writeProbeKey(this.settings.QUEUE_PREFIX), Date.now(), 'PX', 60_000);
  }

  /**
   * Returns the number of tasks that can be fetched: 0 while the queue is paused, at its concurrency limit or
   * rate limited.
   */
  private async countReady(queue: string): Promise<number> {
    const base = queueBase(this.settings.QUEUE_PREFIX, queue);
    const [waiting, prioritized, active, limited, meta] = await execAll<
      [number, number, number, number, [string | null, string | null]]
    >(
      this.redis
        .pipeline()
        .llen(queueKey(base, 'wait'))
        .zcard(queueKey(base, 'prioritized'))
        .llen(queueKey(base, 'active'))
        .pttl(queueKey(base, 'limiter'))
        .hmget(queueKey(base, 'meta'), 'paused', 'concurrency'),
    );
    const [paused, concurrency] = meta;
    const full = concurrency !== null && active >= Number(concurrency);
    return paused !== null || full || limited > 0 ? 0 : waiting + prioritized;
  }

  private async exit({
    queue,
    ready,
    silentMs,
  }: {
    queue: string;
    ready: number;
    silentMs: number;
  }): Promise<void> {
    const seconds = Math.round(silentMs / 1000);
    this.log.fatal(
      { queue, waiting: ready, silentMs, exitCode: EXIT_STUCK },
      `stuck: ${ready} tasks wait in ${queue}, none runs here, and none was fetched for ${seconds} s. Exiting, for the supervisor to start it again`,
    );
    const left = `stuck: it had not fetched a task of ${queue} for ${seconds} s`;
    const published = publishLeaveRecord(this.redis, this.settings.QUEUE_PREFIX, {
      ...this.snapshot.read().record,
      left,
    }).catch(() => undefined);
    await Promise.race([published, new Promise((resolve) => setTimeout(resolve, LEAVE_TIMEOUT_MS))]);
    leave(EXIT_STUCK);
  }
}
