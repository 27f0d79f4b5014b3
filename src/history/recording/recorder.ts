import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import {
  unavailableSince,
  commandConnection,
  blockingConnection,
} from '../../bullmq/connection/redis-connections.js';
import { LeaderLease, withLeaseCommands } from '../../coordination/leader-lease.js';
import { PROCESS_PLACE } from '../../coordination/process-place.js';
import { toStorageError } from '../../bullmq/connection/redis-errors.js';
import { findRefusal, formatRefusal } from '../../bullmq/connection/redis-refusals.js';
import type { RecorderStatus } from '../history-status.js';
import type { RecordingStore } from '../ports/recording-store.js';
import { HistoryFencedError, HistoryMovedError } from '../ports/history-errors.js';
import { CoreYield, urgencyOf } from './core-yield.js';
import { eventKeys, FollowedQueues } from './followed-queues.js';
import { isDead, ourselves, type HolderStatus } from './lease-holder.js';
import type { FromRecorder, RecorderOptions } from './messages.js';
import { Rate } from './rate.js';
import { withJobCommands } from '../../bullmq/job-reader.js';
import { readOldestUnread, withStreamCommands } from '../../bullmq/event-streams.js';
import { remoteLog, silentLog } from './remote-log.js';
import { toGapView } from './to-gap-view.js';
import { RecorderWaits } from './recorder-waits.js';
import { RecorderMaintenance } from './recorder-maintenance.js';
import { comparePlaces, STREAM_START } from '../../bullmq/codec/task-event.js';
import { StreamFollower } from './stream-follower.js';
import { StreamTrim } from './stream-trim.js';
import { toStatus } from './to-status.js';
import { recorderFenceKey, recorderLeaseKey } from '../../bullmq/keys.js';

/** Interval at which the holder renews the lease and other processes check it, ms. */
const LEASE_INTERVAL_MS = 1500;
/** With a larger lag the state is `catching-up`, and callers no longer wait for their own writes, ms. */
const FAR_BEHIND_MS = 1000;
const RETRY_MS = 500;
const STATUS_MS = 250;
const MAX_SHOWN_GAPS = 50;

/** Records the events in Redis while it holds the lease; otherwise waits for it. Runs in a thread of its own. */
export class Recorder {
  private readonly queues: FollowedQueues;
  private readonly redis;
  private readonly waits: RecorderWaits;
  private readonly cores = new CoreYield();
  private readonly follower: StreamFollower;
  private readonly trim: StreamTrim;
  private readonly maintenance: RecorderMaintenance;
  private readonly lease: LeaderLease<HolderStatus>;
  private readonly log: Logger;
  private state: RecorderStatus['state'] = 'starting';
  private error: string | undefined;
  private holderStatus: HolderStatus | undefined;
  private isHolder = false;
  /** Fencing token of the last time that this process held the lease. */
  private fence = 0;
  private stopping = false;
  private stopped: Promise<void> | undefined;
  private lastLeaseAt = 0;
  private checkedAt: number | undefined;
  private lastStatusAt = 0;
  private hasNews = true;
  private readonly rate = new Rate();
  private isYielding = false;
  private asked = 0;
  private gaps: RecorderStatus['gaps'] = [];

  constructor(
    options: RecorderOptions,
    private readonly store: RecordingStore,
    private readonly send: (message: FromRecorder) => void,
  ) {
    this.log = remoteLog(send);
    this.queues = new FollowedQueues(options.prefix, options.queues);
    this.redis = withLeaseCommands(
      withJobCommands(withStreamCommands(commandConnection(options.redis, 'history', this.log))),
    );
    this.waits = new RecorderWaits(blockingConnection(options.redis, 'history-news', silentLog));
    this.follower = new StreamFollower(this.redis, store, this.queues);
    this.trim = new StreamTrim(this.redis, this.follower, options.prefix, store.storeId);
    const { redis, follower, queues, trim, log } = this;
    this.maintenance = new RecorderMaintenance({ redis, store, follower, queues, trim, log }, options);
    this.lease = new LeaderLease<HolderStatus>(this.redis, {
      lease: recorderLeaseKey(options.prefix, store.storeId),
      fence: recorderFenceKey(options.prefix, store.storeId),
    });
  }

  run(): Promise<void> {
    this.stopped = this.loop();
    return this.stopped;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.waits.close();
    await this.stopped;
    if (this.isHolder) await this.lease.release().catch(() => undefined);
    this.redis.disconnect();
    await this.store.close();
    this.state = 'stopped';
    this.sendStatus(true);
  }

  /** Reports true once everything in the streams at the time of the call is recorded. */
  async answerCaughtUp(n: number, maxMs: number): Promise<void> {
    const isCaughtUp = await this.isCaughtUp(Date.now() + maxMs).catch(() => false);
    this.send({ type: 'caught-up', n, isCaughtUp });
  }

  private async isCaughtUp(deadline: number): Promise<boolean> {
    if (this.stopping || unavailableSince(this.redis) !== undefined || this.lagMs() > FAR_BEHIND_MS)
      return false;
    const queues = this.queues.all();
    this.asked++;
    try {
      const last = await this.redis.roostLastIds(queues.length, ...eventKeys(queues));
      for (;;) {
        const places = this.isHolder ? undefined : await this.store.cursors();
        const isThere = queues.every(({ name }, i) => {
          const place = places ? (places[name] ?? STREAM_START) : this.follower.place(name);
          return last[i] === '' || comparePlaces(place, last[i]!) >= 0;
        });
        if (isThere) return true;
        if (Date.now() >= deadline || this.stopping) return false;
        this.waits.wake();
        await pause(this.isHolder ? 2 : 10);
      }
    } finally {
      this.asked--;
    }
  }

  private async loop(): Promise<void> {
    for (const { queue } of await this.store.followed()) this.queues.addByName(queue);
    while (!this.stopping) {
      try {
        await this.renewLease();
        if (this.isHolder) await this.record();
        else await this.waits.sleep(LEASE_INTERVAL_MS);
        this.error = undefined;
      } catch (error) {
        if (this.stopping) return;
        await this.handleError(error);
        this.sendStatus(true);
        await this.waits.sleep(RETRY_MS);
      }
      this.sendStatus();
    }
  }

  private releaseLease(): void {
    if (this.isHolder) void this.lease.release().catch(() => undefined);
    this.isHolder = false;
    this.holderStatus = undefined;
  }

  /** Loses nothing on an error: entries read and not written are read again. */
  private async handleError(error: unknown): Promise<void> {
    await this.follower.reload();
    if (error instanceof HistoryMovedError) {
      if (this.error !== error.message) this.log.error({}, error.message);
      this.error = error.message;
      this.state = 'stopped';
      return this.releaseLease();
    }
    if (error instanceof HistoryFencedError) {
      this.releaseLease();
      this.state = 'elsewhere';
      this.log.warn({}, 'another process records the history; this one waits for its lease');
      return;
    }
    if (toStorageError(error)) {
      const refusal = findRefusal(error);
      this.state = 'away';
      this.error = refusal ? formatRefusal(refusal) : 'Redis does not answer.';
      return;
    }
    const text = error instanceof Error ? error.message : String(error);
    if (this.error !== text) this.log.error({ err: error }, 'the history cannot be written; trying again');
    this.error = text;
    if (this.lagMs() > FAR_BEHIND_MS) this.state = 'recording';
  }

  private async renewLease(): Promise<void> {
    const now = Date.now();
    if (now - this.lastLeaseAt < LEASE_INTERVAL_MS) return;
    await this.store.checkLocation();
    const status = { ...this.status(), holder: ourselves(), where: PROCESS_PLACE };
    const answer = await this.lease.acquire(status, isDead);
    this.lastLeaseAt = now;
    this.checkedAt = Date.now();
    const was = this.isHolder;
    if (answer.fence !== undefined) {
      // A token that was skipped belongs to another process, which recorded while this one was away.
      this.isHolder = was && answer.fence <= this.fence + 1;
      this.fence = answer.fence;
      this.holderStatus = undefined;
      if (!this.isHolder) await this.begin();
      this.isHolder = true;
      return;
    }
    this.isHolder = false;
    if (was) this.log.warn({}, 'another process has taken over the history');
    this.holderStatus = answer.holder;
    this.state = 'elsewhere';
    await this.readGaps();
  }

  /** Starts recording where the previous holder stopped. After a failure, the next renewal tries again. */
  private async begin(): Promise<void> {
    this.log.info({}, 'recording the history');
    this.trim.replaces(await this.store.noteStoreId());
    await this.follower.reload();
    await this.maintenance.begin();
    await this.readGaps();
  }

  private async record(): Promise<void> {
    await this.maintenance.discoverQueues();
    const startedAt = performance.now();
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
      this.maintenance.reconcile(this.queues.get(queue)!, gap);
    }
    if (gaps.length > 0) await this.readGaps();
    this.state = 'recording';
    const outcome = await this.maintenance.step(hasMore);
    if (outcome.isReconciled) await this.readGaps();
    if (events > 0) await this.yieldCores(performance.now() - startedAt);
    else this.isYielding = false;
    if (hasMore || outcome.hasMore) return;
    // Publishes the progress before the wait.
    this.sendStatus(this.hasNews);
    this.hasNews = false;
    await this.waits.forNews(
      this.queues.all(),
      (name) => this.follower.place(name),
      () => this.asked > 0,
    );
  }

  /** Pauses after a batch while others need the cores, unless a caller waits or events could be lost. */
  private async yieldCores(workedMs: number): Promise<void> {
    const pause = this.cores.pauseMs(workedMs, urgencyOf(this.lagMs()));
    this.isYielding = pause > 0 && this.asked === 0 && (await this.trim.hasRoom(this.queues.all()));
    if (!this.isYielding) return;
    await this.waits.sleep(pause);
    // Shows the lag with what came in the meantime.
    this.follower.noteUnread(await readOldestUnread(this.redis, this.follower.streams()));
    this.sendStatus();
  }

  private lagMs(): number {
    if (!this.isHolder) return this.holderStatus?.lagMs ?? 0;
    return Math.max(0, ...this.follower.report().map(({ lagMs }) => lagMs ?? 0));
  }

  private async readGaps(): Promise<void> {
    this.gaps = (await this.store.gaps(MAX_SHOWN_GAPS)).map(toGapView);
  }

  private status(): RecorderStatus {
    const { error, holderStatus, checkedAt, isYielding, gaps, rate, follower } = this;
    // By the lag that is reported with it.
    const isFarBehind = this.state === 'recording' && this.lagMs() > FAR_BEHIND_MS;
    const state = isFarBehind ? 'catching-up' : this.state;
    const now = { perSecond: rate.perSecond(Date.now()), queues: follower.report(), gaps };
    return toStatus({ state, error, holderStatus, checkedAt, isYielding, ...now });
  }

  private sendStatus(isUrgent = false): void {
    const now = Date.now();
    if (!isUrgent && now - this.lastStatusAt < STATUS_MS) return;
    this.lastStatusAt = now;
    this.send({ type: 'status', status: this.status() });
  }
}
