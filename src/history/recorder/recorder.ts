import type { Logger } from 'pino';
import { awaySince, failFastConnection, patientConnection } from '../../queue/redis-connections.js';
import { toStorageError } from '../../queue/redis-errors.js';
import type { RecorderStatus } from '../history-status.js';
import { HistoryFencedError, RecordingEngine } from '../store/recording-engine.js';
import { FollowedQueues } from './followed-queues.js';
import { isDead, ourselves, WHERE, withoutWhere, type Told } from './holder.js';
import { Lease, withLeaseCommands } from './lease.js';
import type { FromRecorder, RecorderOptions } from './messages.js';
import { Rate } from './rate.js';
import { withJobCommands } from './read-jobs.js';
import { withStreamCommands } from './read-streams.js';
import { remoteLog, silentLog } from './remote-log.js';
import { toShownGap } from './shown-gap.js';
import { SideWork } from './side-work.js';
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
const STATUS_MS = 250;
const SHOWN_GAPS = 50;

/** Records what happens in Redis for as long as it holds the lease; else it waits for it. Runs in a thread of its own. */
export class Recorder {
  private readonly engine: RecordingEngine;
  private readonly queues: FollowedQueues;
  private readonly redis;
  private readonly door;
  private readonly follower: StreamFollower;
  private readonly trim: StreamTrim;
  private readonly beside: SideWork;
  private readonly lease: Lease<Told>;
  private readonly log: Logger;
  private state: RecorderStatus['state'] = 'starting';
  private error: string | undefined;
  private told: Told | undefined;
  private isHolder = false;
  private stopping = false;
  private stopped: Promise<void> | undefined;
  private lastLeaseAt = 0;
  private lastStatusAt = 0;
  private hasNews = true;
  private readonly rate = new Rate();
  private ring: Promise<void> | undefined;
  /** Ends a wait for news at once. */
  private wake: () => void = () => undefined;
  private asked = 0;
  private gaps: RecorderStatus['gaps'] = [];

  constructor(
    private readonly options: RecorderOptions,
    private readonly send: (message: FromRecorder) => void,
  ) {
    const { file, prefix } = options;
    this.log = remoteLog(send);
    this.engine = new RecordingEngine({ file });
    this.queues = new FollowedQueues(prefix);
    this.redis = withLeaseCommands(
      withJobCommands(withStreamCommands(failFastConnection(options.redis, 'history', this.log))),
    );
    this.door = patientConnection(options.redis, 'history-news', silentLog);
    this.follower = new StreamFollower(this.redis, this.engine, this.queues);
    const storeId = this.engine.storeId();
    this.trim = new StreamTrim(this.redis, this.follower, prefix, storeId);
    const { redis, engine, follower, queues, trim, log } = this;
    this.beside = new SideWork({ redis, engine, follower, queues, trim, log }, options);
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
    if (this.lagMs() > FAR_BEHIND_MS) this.state = 'catching-up';
  }

  private async keepLease(): Promise<void> {
    const now = Date.now();
    if (now - this.lastLeaseAt < LEASE_MS) return;
    const answer = await this.lease.take({ ...this.status(), holder: ourselves(), where: WHERE }, isDead);
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
    this.beside.begin();
    this.readGaps();
  }

  private async record(): Promise<void> {
    await this.beside.lookForQueues();
    const places = new Map(this.queues.all().map(({ name }) => [name, this.follower.place(name)]));
    const { tasks, events, hasMore, gaps } = await this.follower.step();
    this.rate.count(tasks, Date.now());
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
      this.beside.reconcile(this.queues.get(queue)!, gap);
    }
    if (gaps.length > 0) this.readGaps();
    this.state = this.lagMs() > FAR_BEHIND_MS ? 'catching-up' : 'recording';
    const beside = await this.beside.step(hasMore);
    if (beside.isInLine) this.readGaps();
    if (hasMore || beside.hasMore) return;
    await this.waitForNews();
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
    return Math.max(0, ...this.follower.report().map((queue) => queue.lagMs));
  }

  private readGaps(): void {
    this.gaps = this.engine.gaps(SHOWN_GAPS).map(toShownGap);
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
      ...(this.isHolder ? { holder: ourselves() } : {}),
      at,
      lagMs: this.lagMs(),
      perSecond: this.rate.perSecond(Date.now()),
      ...(this.error ? { error: this.error } : {}),
      queues: this.follower.report(),
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
