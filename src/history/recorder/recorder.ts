import type { Logger } from 'pino';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import process, { pid } from 'node:process';
import { awaySince, failFastConnection, patientConnection } from '../../queue/redis-connections.js';
import { toStorageError } from '../../queue/redis-errors.js';
import type { RecorderStatus } from '../history-status.js';
import { HistoryFencedError, RecordingEngine } from '../store/recording-engine.js';
import { FollowedQueues, type Followed } from './followed-queues.js';
import { Lease, withLeaseCommands } from './lease.js';
import type { FromRecorder, RecorderOptions } from './messages.js';
import { withJobCommands } from './read-jobs.js';
import { withStreamCommands } from './read-streams.js';
import { Reconciler } from './reconciler.js';
import { comparePlaces, STREAM_START } from './stream-event.js';
import { StreamFollower } from './stream-follower.js';
import { StreamTrim } from './stream-trim.js';

/** How often the lease is renewed, or looked at by those who wait for it, ms. */
const LEASE_MS = 1500;
/** Longest wait for news, ms. */
const DOOR_MS = 1000;
/** What comes within this time after the first news is recorded with it, ms: fewer, larger commits. */
const GATHER_MS = 25;
/** Behind by more than this the state is `catching-up`, and nobody waits for what they just wrote, ms. */
const FAR_BEHIND_MS = 1000;
const RETRY_MS = 500;
const TRIM_MS = 5000;
const RETENTION_MS = 60_000;
/** How often tasks are looked for that have vanished without an event, ms. */
const SWEEP_MS = 10 * 60_000;
const STATUS_MS = 250;
const SHOWN_GAPS = 50;
/** Rates are of so many seconds. */
const RATE_SECONDS = 10;

/** Told by the holder in its lease; `where`: the space in which its process id means something. */
type Told = RecorderStatus & { where: string };

const WHERE = `${hostname()} ${processSpace()}`;

/** Records what happens in Redis for as long as it holds the lease; else it waits for it. Runs in a thread of its own. */
export class Recorder {
  private readonly engine: RecordingEngine;
  private readonly queues: FollowedQueues;
  private readonly redis;
  private readonly door;
  private readonly follower: StreamFollower;
  private readonly trim: StreamTrim;
  private readonly lease: Lease<Told>;
  private readonly since = new Date().toISOString();
  private readonly log: Logger;
  private state: RecorderStatus['state'] = 'starting';
  private error: string | undefined;
  private told: Told | undefined;
  private isHolder = false;
  private stopping = false;
  private stopped: Promise<void> | undefined;
  private lastLeaseAt = 0;
  private lastStatusAt = 0;
  private lastTrimAt = 0;
  private lastRetentionAt = 0;
  private isForgetting = false;
  private hasNews = true;
  private lastSweepAt = Date.now();
  private readonly reconcilers: Reconciler[] = [];
  private readonly rates = new Map<number, number>();
  private ring: Promise<void> | undefined;
  /** Ends a wait for news at once. */
  private wake: () => void = () => undefined;
  private asked = 0;
  private gaps: RecorderStatus['gaps'] = [];

  constructor(
    private readonly options: RecorderOptions,
    private readonly send: (message: FromRecorder) => void,
  ) {
    const { file, redisUrl, prefix } = options;
    this.log = remoteLog(send);
    this.engine = new RecordingEngine({ file });
    this.queues = new FollowedQueues(prefix);
    this.redis = withLeaseCommands(
      withJobCommands(withStreamCommands(failFastConnection(redisUrl, 'history', this.log))),
    );
    this.door = patientConnection(redisUrl, 'history-news', silentLog);
    this.follower = new StreamFollower(this.redis, this.engine, this.queues);
    const storeId = this.engine.storeId();
    this.trim = new StreamTrim(this.redis, this.follower, prefix, storeId);
    this.lease = new Lease<Told>(this.redis, `${prefix}:history:${storeId}`);
    for (const { queue } of this.engine.followed()) this.queues.addByName(queue);
  }

  run(): Promise<void> {
    this.stopped = this.loop();
    return this.stopped;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.wake();
    // A wait for Redis ends here too.
    this.door.disconnect();
    await this.stopped;
    if (this.isHolder) await this.lease.release().catch(() => undefined);
    this.redis.disconnect();
    this.engine.close();
    this.state = 'stopped';
    this.tell(true);
  }

  /** True once all that is in the streams now is recorded. */
  async answerCaughtUp(n: number, maxMs: number): Promise<void> {
    const isCaughtUp = await this.isCaughtUp(Date.now() + maxMs).catch(() => false);
    this.send({ type: 'caught-up', n, isCaughtUp });
  }

  private async isCaughtUp(deadline: number): Promise<boolean> {
    if (this.stopping || awaySince(this.redis) !== undefined || this.lagMs() > FAR_BEHIND_MS) return false;
    const queues = this.queues.all();
    this.asked++;
    try {
      const last = await this.redis.roostLastIds(queues.length, ...queues.map(({ base }) => `${base}events`));
      for (;;) {
        const places = this.isHolder ? undefined : this.engine.cursors();
        const isThere = queues.every(({ name }, i) => {
          const place = places ? (places[name] ?? STREAM_START) : this.follower.place(name);
          return last[i] === '' || comparePlaces(place, last[i]!) >= 0;
        });
        if (isThere) return true;
        if (Date.now() >= deadline || this.stopping) return false;
        this.wake();
        await pause(this.isHolder ? 2 : 10);
      }
    } finally {
      this.asked--;
    }
  }

  private async loop(): Promise<void> {
    while (!this.stopping) {
      try {
        await this.keepLease();
        if (this.isHolder) await this.record();
        else await this.sleep(LEASE_MS);
        this.error = undefined;
      } catch (error) {
        if (this.stopping) return;
        this.stumble(error);
        this.tell(true);
        await this.sleep(RETRY_MS);
      }
      this.tell();
    }
  }

  /** Nothing is lost by an error: what was read and not written is read again. */
  private stumble(error: unknown): void {
    this.follower.reload();
    if (error instanceof HistoryFencedError) {
      this.isHolder = false;
      this.state = 'elsewhere';
      this.log.warn({}, 'another process records the history; this one waits');
      return;
    }
    if (toStorageError(error)?.code === 'REDIS_UNAVAILABLE') {
      this.state = 'away';
      this.error = 'Redis does not answer.';
      return;
    }
    const text = error instanceof Error ? error.message : String(error);
    if (this.error !== text) this.log.error({ err: error }, 'the history cannot be written; trying again');
    this.error = text;
  }

  private async keepLease(): Promise<void> {
    const now = Date.now();
    if (now - this.lastLeaseAt < LEASE_MS) return;
    const answer = await this.lease.take({ ...this.status(), ...this.me(), where: WHERE }, isDead);
    this.lastLeaseAt = now;
    const was = this.isHolder;
    this.isHolder = answer.isOurs;
    if (answer.isOurs) {
      this.told = undefined;
      if (!was) this.begin();
      return;
    }
    if (was) this.log.warn({}, 'another process has taken over the history');
    this.told = answer.told;
    this.state = 'elsewhere';
    this.readGaps();
  }

  /** We are the one that records: go on where the last one was. */
  private begin(): void {
    this.log.info({}, 'recording the history');
    this.follower.reload();
    this.reconcilers.length = 0;
    const now = Date.now();
    for (const queue of this.queues.all()) this.engine.follow(queue.name, now);
    const open = this.engine.gaps(1000).filter(({ reconciledAt }) => reconciledAt === null);
    for (const { queue, id } of open) this.reconcile(this.queues.addByName(queue), id);
    for (const { queue, reconciled } of this.engine.followed()) {
      const isPending = this.reconcilers.some((one) => one.queue.name === queue);
      if (reconciled === null && !isPending) this.reconcile(this.queues.addByName(queue), undefined);
    }
    this.readGaps();
  }

  private reconcile(queue: Followed, gap: number | undefined): void {
    // One that is under way without a gap would find what belongs to this one.
    const others = this.reconcilers.filter((one) => one.queue.name !== queue.name || one.gap !== undefined);
    const next = new Reconciler(this.redis, this.engine, this.follower, queue, gap);
    this.reconcilers.splice(0, Infinity, ...(gap === undefined ? this.reconcilers : others), next);
  }

  private async record(): Promise<void> {
    await this.lookForQueues();
    const places = new Map(this.queues.all().map(({ name }) => [name, this.follower.place(name)]));
    const { tasks, events, hasMore, gaps } = await this.follower.step();
    this.count(tasks);
    if (events > 0) {
      this.hasNews = true;
      for (const [name, place] of places)
        if (this.follower.place(name) !== place) this.trim.note(name, events);
    }
    for (const { queue, gap } of gaps) {
      this.log.warn(
        { queue },
        'events were gone before they could be recorded; reading what Redis still has',
      );
      this.reconcile(this.queues.get(queue)!, gap);
    }
    if (gaps.length > 0) this.readGaps();
    this.state = this.lagMs() > FAR_BEHIND_MS ? 'catching-up' : 'recording';
    const isBusy = await this.doBeside(hasMore);
    if (hasMore || isBusy) return;
    await this.waitForNews();
  }

  private async lookForQueues(): Promise<void> {
    const found = await this.queues.look(this.redis, Date.now());
    for (const queue of found) {
      this.engine.follow(queue.name, Date.now());
      this.log.info({ queue: queue.name }, "recording another program's queue");
      this.reconcile(queue, undefined);
    }
  }

  /** One piece of what is not urgent. Answers whether there is more of it. */
  private async doBeside(isBehind: boolean): Promise<boolean> {
    const now = Date.now();
    if (now - this.lastTrimAt > TRIM_MS) {
      this.lastTrimAt = now;
      await this.trim.run(this.queues.all(), now);
    }
    if (now - this.lastRetentionAt > RETENTION_MS) {
      this.lastRetentionAt = now;
      this.isForgetting = true;
    }
    if (now - this.lastSweepAt > SWEEP_MS) {
      this.lastSweepAt = now;
      for (const queue of this.queues.all())
        this.reconcilers.push(new Reconciler(this.redis, this.engine, this.follower, queue, undefined, true));
    }
    const isReconciling = await this.reconcilePiece();
    if (this.isForgetting && !isBehind) this.isForgetting = !this.forgetPiece(now);
    return isReconciling || this.isForgetting;
  }

  /** False where there is nothing to do, or nothing before more is recorded. */
  private async reconcilePiece(): Promise<boolean> {
    const [first] = this.reconcilers;
    if (!first) return false;
    const outcome = await first.step();
    if (outcome === 'more') return true;
    if (outcome === 'wait') return this.follower.lag(first.queue.name) > 0;
    this.reconcilers.shift();
    const { queue, gap, isSweep, found, vanished } = first;
    const now = Date.now();
    if (gap !== undefined) this.engine.closeGap(gap, now);
    if (!isSweep) this.engine.setReconciled(queue.name, now);
    if (found + vanished > 0 || gap !== undefined)
      this.log.info({ queue: queue.name, found, vanished }, 'brought in line with Redis');
    this.readGaps();
    return this.reconcilers.length > 0;
  }

  /** True when there is no more. */
  private forgetPiece(now: number): boolean {
    const { keepMs, keepMost } = this.options;
    const before = Object.fromEntries(Object.entries(keepMs).map(([state, ms]) => [state, now - ms]));
    return this.engine.forgetPiece({ before, max: keepMost, now }).isDone;
  }

  /** Until something is written to one of the streams, somebody asks, or a second has passed. */
  private async waitForNews(): Promise<void> {
    // Before a rest others hear how far we are.
    this.tell(this.hasNews);
    this.hasNews = false;
    const queues = this.queues.all();
    this.ring ??= this.door
      .xread(
        'COUNT',
        1,
        'BLOCK',
        DOOR_MS,
        'STREAMS',
        ...queues.map(({ base }) => `${base}events`),
        ...queues.map(({ name }) => this.follower.place(name)),
      )
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => (this.ring = undefined));
    if (this.asked > 0) return;
    let wasWoken = false;
    const woken = new Promise<void>((resolve) => {
      this.wake = () => {
        wasWoken = true;
        resolve();
      };
    });
    await Promise.race([this.ring, woken, pause(DOOR_MS)]);
    if (!wasWoken && this.asked === 0) await Promise.race([pause(GATHER_MS), woken]);
  }

  private async sleep(ms: number): Promise<void> {
    await Promise.race([pause(ms), new Promise<void>((resolve) => (this.wake = resolve))]);
  }

  private lagMs(): number {
    if (!this.isHolder) return this.told?.lagMs ?? 0;
    return Math.max(0, ...this.queues.all().map(({ name }) => this.follower.lag(name)));
  }

  private count(tasks: number): void {
    const second = Math.floor(Date.now() / 1000);
    this.rates.set(second, (this.rates.get(second) ?? 0) + tasks);
    for (const old of this.rates.keys()) if (old <= second - RATE_SECONDS) this.rates.delete(old);
  }

  private perSecond(): number {
    const second = Math.floor(Date.now() / 1000);
    let sum = 0;
    for (const [at, n] of this.rates) if (at > second - RATE_SECONDS) sum += n;
    return Math.round((sum / RATE_SECONDS) * 10) / 10;
  }

  private me(): Pick<RecorderStatus, 'holder'> {
    return { holder: { host: hostname(), pid, since: this.since } };
  }

  private readGaps(): void {
    this.gaps = this.engine.gaps(SHOWN_GAPS).map((gap) => ({
      queue: gap.queue,
      from: new Date(gap.from).toISOString(),
      to: new Date(gap.to).toISOString(),
      noticedAt: new Date(gap.noticedAt).toISOString(),
      ...(gap.reconciledAt === null ? {} : { reconciledAt: new Date(gap.reconciledAt).toISOString() }),
      found: gap.found,
      vanished: gap.vanished,
      sample: gap.sample,
      detail: gap.detail,
    }));
  }

  private status(): RecorderStatus {
    const at = new Date().toISOString();
    if (!this.isHolder && this.state !== 'away') {
      return {
        ...(this.told ? withoutWhere(this.told) : { lagMs: 0, perSecond: 0, queues: [] }),
        state: this.state,
        at,
        gaps: this.gaps,
        ...(this.error ? { error: this.error } : {}),
      };
    }
    return {
      state: this.state,
      ...(this.isHolder ? this.me() : {}),
      at,
      lagMs: this.lagMs(),
      perSecond: this.perSecond(),
      ...(this.error ? { error: this.error } : {}),
      queues: this.queues.all().map(({ name, isOurs }) => ({
        name,
        ours: isOurs,
        place: this.follower.place(name),
        lagMs: this.follower.lag(name),
      })),
      gaps: this.gaps,
    };
  }

  private tell(isUrgent = false): void {
    const now = Date.now();
    if (!isUrgent && now - this.lastStatusAt < STATUS_MS) return;
    this.lastStatusAt = now;
    this.send({ type: 'status', status: this.status() });
  }
}

function withoutWhere({ where: _, ...status }: Told): RecorderStatus {
  return status;
}

/** On Linux containers on one host count their processes apart. */
function processSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** True only of a process that can be seen to be gone: one on this machine, or one that had our own id before us. */
function isDead({ where, holder }: Told): boolean {
  if (where !== WHERE || !holder) return false;
  if (holder.pid === pid) return true;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The log's file and terminal belong to the main thread. */
function remoteLog(send: (message: FromRecorder) => void): Logger {
  const write = (level: 'error' | 'warn' | 'info' | 'debug') => (fields: object, text: string) => {
    const { err, ...rest } = fields as { err?: unknown };
    const plain = err instanceof Error ? { ...rest, error: err.message, stack: err.stack } : rest;
    send({ type: 'log', level, fields: plain, text });
  };
  return {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
  } as unknown as Logger;
}

/** The other connection to the same Redis reports its outages already. */
const silentLog = { error: () => undefined, info: () => undefined } as unknown as Logger;
