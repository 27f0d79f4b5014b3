import type { Logger } from 'pino';
import { findRefusal } from '../../bullmq/connection/redis-refusals.js';
import type { RecordingStore } from '../ports/recording-store.js';
import type { Followed, FollowedQueues } from './followed-queues.js';
import type { RecorderOptions } from './messages.js';
import { Reconciler, type Commands } from './reconciler.js';
import { MissingEventDetector } from './missing-event-detector.js';
import type { StreamFollower } from './stream-follower.js';
import type { StreamTrim } from './stream-trim.js';

const TRIM_MS = 5000;
const RETENTION_MS = 60_000;
/** Interval of the search for tasks that vanished without an event, ms. */
const SWEEP_MS = 10 * 60_000;

interface Parts {
  redis: Commands;
  store: RecordingStore;
  follower: StreamFollower;
  queues: FollowedQueues;
  trim: StreamTrim;
  log: Logger;
}

/**
 * Background work of the recorder, in chunks: reconciliation with Redis, stream trimming, retention and reindexing.
 */
export class RecorderMaintenance {
  private reconcilers: Reconciler[] = [];
  private lastTrimAt = 0;
  private lastRetentionAt = 0;
  private lastSweepAt = Date.now();
  private isForgetting = false;
  private isReindexing = false;
  private readonly missingEvents: MissingEventDetector;

  constructor(
    private readonly parts: Parts,
    private readonly options: RecorderOptions,
  ) {
    this.missingEvents = new MissingEventDetector(parts.redis, parts.store, parts.follower);
  }

  /** Starts after the lease is acquired: resumes work that the previous holder left unfinished. */
  async begin(): Promise<void> {
    const { store, queues, log } = this.parts;
    this.isReindexing = !(await store.isIndexedBy(this.rules));
    if (this.isReindexing) log.info('the rules of REDACT have changed; rebuilding the search index');
    for (const { name } of queues.all()) await store.follow(name, Date.now());
    this.reconcilers = [];
    const open = (await store.gaps(1000)).filter(({ reconciledAt }) => reconciledAt === null);
    for (const { queue, id } of open) this.reconcile(queues.addByName(queue), id);
    for (const { queue, reconciled } of await store.followed()) {
      const isPending = this.reconcilers.some((one) => one.queue.name === queue);
      if (reconciled === null && !isPending) this.reconcile(queues.addByName(queue), undefined);
    }
  }

  private get rules(): readonly string[] {
    return this.options.redact ?? [];
  }

  async discoverQueues(): Promise<void> {
    const { redis, store, queues, log } = this.parts;
    const now = Date.now();
    for (const queue of await queues.discover(redis, now)) {
      await store.follow(queue.name, now);
      log.info({ queue: queue.name }, "recording another program's queue");
      this.reconcile(queue, undefined);
    }
    // Drops queues that turned out to be inaccessible.
    this.reconcilers = this.reconcilers.filter(({ queue }) => queues.get(queue.name));
  }

  reconcile(queue: Followed, gap: number | undefined): void {
    const { redis, store, follower } = this.parts;
    // A reconciliation already under way without a gap would find what belongs to this gap.
    if (gap !== undefined)
      this.reconcilers = this.reconcilers.filter(
        (one) => one.queue.name !== queue.name || one.gap !== undefined,
      );
    this.reconcilers.push(new Reconciler(redis, store, follower, queue, gap));
  }

  private sweep(queue: Followed): void {
    const { redis, store, follower } = this.parts;
    const isPlanned = this.reconcilers.some((one) => one.queue === queue && one.isSweep);
    if (!isPlanned) this.reconcilers.push(new Reconciler(redis, store, follower, queue, undefined, true));
  }

  /**
   * Runs one chunk of each task. `hasMore`: more work is due at once. `isReconciled`: another queue has been reconciled.
   */
  async step(isBehind: boolean): Promise<{ hasMore: boolean; isReconciled: boolean }> {
    const { store, queues, trim, log } = this.parts;
    const now = Date.now();
    if (now - this.lastTrimAt > TRIM_MS) {
      this.lastTrimAt = now;
      // A read-only Redis can still be recorded.
      await trim.run(queues.all(), now).catch((error: unknown) => {
        if (!findRefusal(error)) throw error;
      });
    }
    if (now - this.lastRetentionAt > RETENTION_MS) {
      this.lastRetentionAt = now;
      this.isForgetting = true;
    }
    if (now - this.lastSweepAt > (this.options.sweepMs ?? SWEEP_MS)) {
      this.lastSweepAt = now;
      for (const queue of queues.all()) this.sweep(queue);
    }
    if (!isBehind)
      for (const queue of await this.missingEvents.findSuspects(queues.all(), now)) this.sweep(queue);
    const before = this.reconcilers.length;
    const isReconciling = await this.reconcilePiece();
    if (this.isForgetting && !isBehind) this.isForgetting = !(await this.forgetPiece(now));
    if (this.isReindexing && !isBehind && (await store.reindexPiece(this.rules))) {
      this.isReindexing = false;
      log.info('the search index follows the rules of REDACT');
    }
    return {
      hasMore: isReconciling || this.isForgetting || this.isReindexing,
      isReconciled: this.reconcilers.length < before,
    };
  }

  /** False when there is nothing to do, or nothing until more events are recorded. */
  private async reconcilePiece(): Promise<boolean> {
    const [first] = this.reconcilers;
    if (!first) return false;
    const { store, follower, log } = this.parts;
    const outcome = await first.step();
    if (outcome === 'more') return true;
    if (outcome === 'wait') return follower.lag(first.queue.name) > 0;
    this.reconcilers.shift();
    const { queue, gap, isSweep, found, vanished } = first;
    const now = Date.now();
    if (gap !== undefined) await store.closeGap(gap, now);
    if (!isSweep) await store.setReconciled(queue.name, now);
    if (found + vanished > 0 || gap !== undefined)
      log.info({ queue: queue.name, found, vanished }, 'reconciled with Redis');
    return this.reconcilers.length > 0;
  }

  /** True when nothing is left to delete. */
  private async forgetPiece(now: number): Promise<boolean> {
    const { maxAgeMs, maxCount } = this.options;
    const before = Object.fromEntries(Object.entries(maxAgeMs).map(([state, ms]) => [state, now - ms]));
    return (await this.parts.store.forgetPiece({ before, max: maxCount, now })).isDone;
  }
}
