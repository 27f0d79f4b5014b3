import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { PeriodicRunner } from '../../coordination/periodic-runner.js';
import { Settings } from '../../platform/config/settings.js';
import { LOG } from '../../platform/logging/logging.module.js';
import { unavailableSince, setConnectionRefusal, connectionRefusal } from './redis-connections.js';
import { lastDenied, toStorageError } from './redis-errors.js';
import { helloField } from '../patches/redis-client-patches.js';
import { findRefusal, formatRefusal, getRefusal, type Refusal } from './redis-refusals.js';
import { COMMAND_CLIENT } from '../tokens.js';
import { writeProbeKey } from '../keys.js';

/** Interval of the background check, ms. */
const CHECK_INTERVAL_MS = 2_000;
/** Age up to which a report is reused, ms. */
const MAX_AGE_MS = 1_000;
/** Time after a problem in which workers may announce themselves again before they count as offline, ms: one worker lease. */
const REANNOUNCE_MS = 6_000;
/** Lifetime of the key that tests whether Redis accepts writes, ms. */
const PROBE_TTL_MS = 60_000;
/** Time for which a command forbidden by an ACL is reported, ms: only another attempt could show that it is allowed again. */
const DENIED_REPORT_MS = 30_000;
/** Time without an answer that counts as an outage, ms; a single late answer does not. */
const MIN_OUTAGE_MS = 2_000;

/** Problem with Redis that stops tasks. */
export interface RedisProblem extends Omit<Refusal, 'word'> {
  /** Undefined if Redis does not answer at all. */
  word?: string;
  /** Time of the first detection, ms. */
  since: number;
}

export interface RedisReport {
  role: 'primary' | 'replica' | 'unknown';
  /** Outcome of a test write. */
  writes: 'accepted' | 'refused' | 'unknown';
  problem?: RedisProblem;
}

/**
 * Health of Redis as this process sees it: reads its role and writes a test key in one round trip. The only source for
 * readiness, warnings, and the live indicator of every page.
 */
@Injectable()
export class RedisHealth implements OnModuleInit, OnApplicationShutdown {
  private report: RedisReport = { role: 'unknown', writes: 'unknown' };
  private checking: Promise<void> | undefined;
  private checkedAt: number | undefined;
  private hidden: { since: number; until?: number } | undefined;
  private readonly checks: PeriodicRunner;

  constructor(
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
    private readonly settings: Settings,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.checks = new PeriodicRunner(() => this.check(), {
      name: 'check of Redis',
      everyMs: CHECK_INTERVAL_MS,
      log,
    });
  }

  onModuleInit(): Promise<void> {
    return this.checks.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.checks.stop();
  }

  /** Problem found by the last check. */
  get problem(): RedisProblem | undefined {
    return this.report.problem;
  }

  /** Problem that prevents reads; undefined while reads work. Pages then show data as old as `since`. */
  get unreadableProblem(): RedisProblem | undefined {
    const { problem } = this.report;
    if (!problem || problem.canRead) return undefined;
    const isSure = problem.word !== undefined || unavailableSince(this.redis) !== undefined;
    return isSure || Date.now() - problem.since >= MIN_OUTAGE_MS ? problem : undefined;
  }

  /**
   * Time (ms) since which workers may be online without a heartbeat in Redis, because heartbeats were not written.
   * 0 if that time is unknown, undefined if heartbeats are written.
   */
  get workersHiddenSince(): number | undefined {
    const { hidden } = this;
    if (hidden?.until !== undefined && Date.now() > hidden.until) this.hidden = undefined;
    return this.hidden?.since;
  }

  /** Checks Redis unless a recent report exists. Never throws. */
  async check(): Promise<RedisReport> {
    if (this.checkedAt === undefined || performance.now() - this.checkedAt > MAX_AGE_MS) {
      this.checking ??= this.probe().finally(() => (this.checking = undefined));
      await this.checking;
    }
    return this.report;
  }

  private async probe(): Promise<void> {
    const isAway = unavailableSince(this.redis) !== undefined;
    // A connection that is being established gives no new information.
    if (this.redis.status === 'reconnecting' && !isAway) return;
    const report = this.redis.status === 'ready' ? await this.probeReady() : await this.probeUnready();
    const isFirst = this.checkedAt === undefined;
    this.checkedAt = performance.now();
    this.applyReport(report, isFirst);
  }

  private async probeReady(): Promise<RedisReport> {
    const key = writeProbeKey(this.settings.QUEUE_PREFIX);
    const rows = await this.redis
      .pipeline()
      .hello()
      .eval("return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])", 1, key, Date.now(), PROBE_TTL_MS)
      .exec()
      .catch((error: unknown) => [[error], [error]]);
    const [[, greeting], [error]] = rows as unknown as [[unknown, unknown], [unknown]];
    const role = toRole(helloField(greeting ?? null, 'role'));
    if (!error) {
      const denied = lastDenied(this.redis);
      const isDenied = denied && Date.now() - denied.at < DENIED_REPORT_MS;
      return { role, writes: 'accepted', ...(isDenied ? { problem: toRedisProblem(denied.refusal) } : {}) };
    }
    const refusal = findRefusal(error);
    if (refusal) return { role, writes: 'refused', problem: toRedisProblem(refusal) };
    if (toStorageError(error)) return toUnreachable(UNAVAILABLE, undefined);
    this.log.debug({ err: error }, 'Redis could not be checked');
    return { role, writes: 'unknown' };
  }

  /** Checks while no connection is ready: Redis is unavailable or still loading. */
  private async probeUnready(): Promise<RedisReport> {
    const since = unavailableSince(this.redis);
    // Redis answers INFO while it is loading, unlike other commands.
    const info = this.redis.status === 'connect' ? await this.redis.info().catch(() => '') : '';
    if (/^loading:1/m.test(info)) setConnectionRefusal(this.redis, getRefusal('LOADING'));
    return toUnreachable(connectionRefusal(this.redis) ?? UNAVAILABLE, since);
  }

  private applyReport(report: RedisReport, isFirst: boolean): void {
    const before = this.report.problem;
    const { problem } = report;
    if (problem && before && problem.word === before.word) problem.since = before.since;
    this.report = report;
    if (problem?.word !== before?.word) this.logChange(problem, before);
    if (problem && report.writes !== 'accepted') {
      const since = isFirst ? 0 : problem.since;
      this.hidden = { since: this.workersHiddenSince ?? since };
    } else if (this.hidden) this.hidden.until ??= Date.now() + REANNOUNCE_MS;
  }

  /** Logs a changed problem, except outages and refused logins, which the connections log themselves. */
  private logChange(trouble: RedisProblem | undefined, before: RedisProblem | undefined): void {
    const isKnown = connectionRefusal(this.redis) !== undefined;
    if (trouble?.word && !isKnown) this.log.error({ code: trouble.code }, formatRefusal(trouble));
    else if (!trouble && before?.word) this.log.info('Redis accepts commands again');
  }
}

const UNAVAILABLE: Omit<Refusal, 'word'> = {
  code: 'REDIS_UNAVAILABLE',
  what: 'Redis does not answer',
  so: 'nothing can be read or changed',
  cure: 'Start it, or check the network between Roost and Redis',
  canRead: false,
};

function toRedisProblem(
  refusal: Omit<Refusal, 'word'> & { word?: string },
  since: number = Date.now(),
): RedisProblem {
  return { ...refusal, since };
}

function toUnreachable(
  refusal: Omit<Refusal, 'word'> & { word?: string },
  since: number | undefined,
): RedisReport {
  return { role: 'unknown', writes: 'unknown', problem: toRedisProblem(refusal, since) };
}

function toRole(role: string | undefined): RedisReport['role'] {
  if (role === 'master') return 'primary';
  return role === 'replica' || role === 'slave' ? 'replica' : 'unknown';
}
