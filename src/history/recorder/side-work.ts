import type { Logger } from 'pino';
import type { RecordingEngine } from '../store/recording-engine.js';
import type { Followed, FollowedQueues } from './followed-queues.js';
import type { RecorderOptions } from './messages.js';
import { Reconciler, type Commands } from './reconciler.js';
import { SilentLosses } from './silent-losses.js';
import type { StreamFollower } from './stream-follower.js';
import type { StreamTrim } from './stream-trim.js';

const TRIM_MS = 5000;
const RETENTION_MS = 60_000;
/** How often tasks are looked for that have vanished without an event, ms. */
const SWEEP_MS = 10 * 60_000;

interface Parts {
  redis: Commands;
  engine: RecordingEngine;
  follower: StreamFollower;
  queues: FollowedQueues;
  trim: StreamTrim;
  log: Logger;
}

/** What the recorder does beside recording, a piece at a time: bring in line with Redis, trim streams, forget. */
export class SideWork {
  private reconcilers: Reconciler[] = [];
  private lastTrimAt = 0;
  private lastRetentionAt = 0;
  private lastSweepAt = Date.now();
  private isForgetting = false;
  private isReindexing = false;
  private readonly losses: SilentLosses;

  constructor(
    private readonly parts: Parts,
    private readonly options: RecorderOptions,
  ) {
    this.losses = new SilentLosses(parts.redis, parts.engine, parts.follower);
  }

  /** We have become the one that records: what the last one left undone. */
  begin(): void {
    const { engine, queues, log } = this.parts;
    this.isReindexing = !engine.isIndexedBy(this.rules);
    if (this.isReindexing) log.info('the rules of REDACT have changed: what is found by search is made anew');
    for (const { name } of queues.all()) engine.follow(name, Date.now());
    this.reconcilers = [];
    const open = engine.gaps(1000).filter(({ reconciledAt }) => reconciledAt === null);
    for (const { queue, id } of open) this.reconcile(queues.addByName(queue), id);
    for (const { queue, reconciled } of engine.followed()) {
      const isPending = this.reconcilers.some((one) => one.queue.name === queue);
      if (reconciled === null && !isPending) this.reconcile(queues.addByName(queue), undefined);
    }
  }

  private get rules(): readonly string[] {
    return this.options.redact ?? [];
  }

  async lookForQueues(): Promise<void> {
    const { redis, engine, queues, log } = this.parts;
    const now = Date.now();
    for (const queue of await queues.look(redis, now)) {
      engine.follow(queue.name, now);
      log.info({ queue: queue.name }, "recording another program's queue");
      this.reconcile(queue, undefined);
    }
    // Those that turned out not to be open to us.
    this.reconcilers = this.reconcilers.filter(({ queue }) => queues.get(queue.name));
  }

  reconcile(queue: Followed, gap: number | undefined): void {
    const { redis, engine, follower } = this.parts;
    // One that is under way without a gap would find what belongs to this one.
    if (gap !== undefined)
      this.reconcilers = this.reconcilers.filter(
        (one) => one.queue.name !== queue.name || one.gap !== undefined,
      );
    this.reconcilers.push(new Reconciler(redis, engine, follower, queue, gap));
  }

  private sweep(queue: Followed): void {
    const { redis, engine, follower } = this.parts;
    const isPlanned = this.reconcilers.some((one) => one.queue === queue && one.isSweep);
    if (!isPlanned) this.reconcilers.push(new Reconciler(redis, engine, follower, queue, undefined, true));
  }

  /** One piece of each. `hasMore`: there is more of it to be done at once; `isInLine`: one queue more is. */
  async step(isBehind: boolean): Promise<{ hasMore: boolean; isInLine: boolean }> {
    const { engine, queues, trim, log } = this.parts;
    const now = Date.now();
    if (now - this.lastTrimAt > TRIM_MS) {
      this.lastTrimAt = now;
      await trim.run(queues.all(), now);
    }
    if (now - this.lastRetentionAt > RETENTION_MS) {
      this.lastRetentionAt = now;
      this.isForgetting = true;
    }
    if (now - this.lastSweepAt > (this.options.sweepMs ?? SWEEP_MS)) {
      this.lastSweepAt = now;
      for (const queue of queues.all()) this.sweep(queue);
    }
    if (!isBehind) for (const queue of await this.losses.look(queues.all(), now)) this.sweep(queue);
    const before = this.reconcilers.length;
    const isReconciling = await this.reconcilePiece();
    if (this.isForgetting && !isBehind) this.isForgetting = !this.forgetPiece(now);
    if (this.isReindexing && !isBehind && engine.reindexPiece(this.rules)) {
      this.isReindexing = false;
      log.info('all that is found by search follows the rules of REDACT');
    }
    return {
      hasMore: isReconciling || this.isForgetting || this.isReindexing,
      isInLine: this.reconcilers.length < before,
    };
  }

  /** False where there is nothing to do, or nothing before more is recorded. */
  private async reconcilePiece(): Promise<boolean> {
    const [first] = this.reconcilers;
    if (!first) return false;
    const { engine, follower, log } = this.parts;
    const outcome = await first.step();
    if (outcome === 'more') return true;
    if (outcome === 'wait') return follower.lag(first.queue.name) > 0;
    this.reconcilers.shift();
    const { queue, gap, isSweep, found, vanished } = first;
    const now = Date.now();
    if (gap !== undefined) engine.closeGap(gap, now);
    if (!isSweep) engine.setReconciled(queue.name, now);
    if (found + vanished > 0 || gap !== undefined)
      log.info({ queue: queue.name, found, vanished }, 'brought in line with Redis');
    return this.reconcilers.length > 0;
  }

  /** True when there is no more. */
  private forgetPiece(now: number): boolean {
    const { keepMs, keepMost } = this.options;
    const before = Object.fromEntries(Object.entries(keepMs).map(([state, ms]) => [state, now - ms]));
    return this.parts.engine.forgetPiece({ before, max: keepMost, now }).isDone;
  }
}
