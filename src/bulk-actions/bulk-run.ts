import { MAX_TIMER_MS } from '../task-api/delays.js';
import type { Logger } from 'pino';
import { RoostError, type ErrorCode } from '../model/errors.js';
import type { Bulk, BulkStore, BulkTarget, TargetOutcome } from '../history/ports/bulk-store.js';
import type { HistoryStore } from '../history/ports/history-store.js';
import { ledgerField, StaleFenceError, type Fence, type ProgressLedger } from '../bullmq/progress-ledger.js';
import { toStorageError } from '../bullmq/connection/redis-errors.js';
import type { BatchOutcome } from '../tasks/task-batches.js';
import type { TaskCommands } from '../tasks/task-commands.js';
import type { AdaptiveBatchSize } from './adaptive-batch-size.js';
import type { FairQueue } from './fair-queue.js';

/** Refs stored per page while gathering. */
const GATHER_PAGE_SIZE = 2000;
/** Delay between attempts while Redis or the store does not answer, ms. */
const RETRY_MS = 1000;
/** Consecutive unexpected errors after which the action fails. */
const MAX_TRIES = 5;
/** Tasks loaded at once, and the interval at which their outcomes are stored, ms. */
const BLOCK_SIZE = 1000;
const BLOCK_MS = 250;
/** Upper bound of the batches that one claim executes. Makes the fencing tokens of a later claim greater. */
const MAX_BATCHES_PER_CLAIM = 100_000_000;

/** Explanations shown while the action waits. */
const WAIT_NOTES: Partial<Record<ErrorCode, string>> = {
  STORAGE_FULL: 'Redis is full. The action continues automatically when there is space.',
  REDIS_READ_ONLY: 'Redis refuses writes. The action continues automatically when Redis accepts them.',
  REDIS_REFUSED: 'Redis refuses requests. The action continues automatically when Redis serves them.',
  HISTORY_UNAVAILABLE: 'The history does not answer. The action continues automatically when it does.',
};

interface Tools {
  store: BulkStore;
  ids: Pick<HistoryStore, 'ids'>;
  commands: TaskCommands;
  ledger: ProgressLedger;
  fairQueue: FairQueue;
  batchSize: AdaptiveBatchSize;
  log: Logger;
  /** Id of this process in the store. */
  holder: string;
}

/**
 * Executes one bulk action from its stored position. First stores the list of its tasks, so that later tasks are not
 * affected; then processes them in batches. The progress ledger in Redis holds the outcomes of a batch until the store has
 * them, so that a process that takes over after a crash neither repeats nor skips a task.
 */
export class BulkRun {
  private stopped = false;
  private endWait: (() => void) | undefined;
  private stored: BulkTarget[] = [];
  private pieces = 0;
  private tries = 0;
  /** True while the ledger may contain outcomes that the store does not have. */
  private needsLookup = true;
  /** True after `wake`: the current block ends early, so that its outcomes are stored soon. */
  private isWoken = false;

  constructor(
    private bulk: Bulk,
    private readonly tools: Tools,
  ) {}

  /** Finishes the current batch, then releases the action. */
  stop(): void {
    this.stopped = true;
    this.wake();
  }

  /** Ends a wait, so that a changed action is reloaded soon. */
  wake(): void {
    this.isWoken = true;
    this.endWait?.();
  }

  async carryOut(): Promise<void> {
    const { store, holder, log } = this.tools;
    const { id } = this.bulk;
    while (!this.stopped) {
      try {
        if (await this.step()) return;
        this.tries = 0;
      } catch (error) {
        if (error instanceof StaleFenceError) return;
        if (!(await this.recover(error))) return;
      }
    }
    await store
      .release(id, holder)
      .catch((error: unknown) => log.debug({ err: error }, 'bulk action: not released'));
  }

  /** Returns true when the action has ended, or another process holds it. */
  private async step(): Promise<boolean> {
    const { store, holder } = this.tools;
    const { id } = this.bulk;
    if (this.bulk.total === null) return !(await this.gather());
    if (this.bulk.state === 'pending') return this.begin();
    if (this.bulk.aborted) {
      await this.storeFromLedger();
      await store.end(id, holder, 'aborted', Date.now());
      return this.close();
    }
    const targets = await store.next(id, BLOCK_SIZE);
    if (targets.length === 0) {
      await store.end(id, holder, 'completed', Date.now());
      return this.close();
    }
    return this.processBlock(targets);
  }

  /**
   * Processes as many of the targets as fit into BLOCK_MS, then stores their outcomes. Returns true where another process
   * holds the action.
   */
  private async processBlock(targets: BulkTarget[]): Promise<boolean> {
    const { store, ledger, fairQueue, batchSize, holder } = this.tools;
    const { id } = this.bulk;
    // The last outcomes of a crashed process, or of this one before an error, may exist only in the ledger.
    const done = this.needsLookup ? await ledger.loadActed(id) : new Map<string, string>();
    this.needsLookup = true;
    const settled = known(targets, done);
    let todo = targets.filter((target) => !done.has(ledgerField(target)));
    const outcomes: TargetOutcome[] = [...settled];
    const until = Date.now() + BLOCK_MS;
    let trouble: unknown;
    try {
      while (todo.length > 0 && Date.now() < until && !this.stopped && !this.isWoken) {
        const piece = todo.slice(0, batchSize.next);
        const acted = await fairQueue.run(() => this.actOn(piece));
        outcomes.push(...piece.map(({ n }, i) => ({ n, ...acted[i]! })));
        todo = todo.slice(piece.length);
      }
    } catch (error) {
      if (error instanceof StaleFenceError) throw error;
      trouble = error;
    }
    this.isWoken = false;
    const now = await store.settle(id, holder, outcomes, Date.now());
    if (!now) return true;
    this.bulk = now;
    const stored = new Set(outcomes.map(({ n }) => n));
    this.stored.push(...targets.filter(({ n }) => stored.has(n)));
    if (trouble !== undefined) throw trouble as Error;
    this.needsLookup = false;
    return false;
  }

  /** Stores the next page of the action's tasks. Returns false where another process holds it, or it was undone. */
  private async gather(): Promise<boolean> {
    const { store, ids, holder } = this.tools;
    const { id, filter, createdAt } = this.bulk;
    const { place } = (await store.gathered(id)) ?? { place: null };
    const page = await ids.ids(filter, {
      limit: GATHER_PAGE_SIZE,
      now: createdAt,
      ...(place === null ? {} : { after: place }),
    });
    const piece = { refs: page.items, place: page.next ?? null, isWhole: page.next === undefined };
    if (!(await store.gather(id, holder, piece))) return false;
    const now = await store.get(id);
    if (now) this.bulk = now;
    return now !== undefined;
  }

  /** Waits for the end of the undo period and starts the action. Returns true where it was undone. */
  private async begin(): Promise<boolean> {
    const { store, holder } = this.tools;
    const { id, startsAt } = this.bulk;
    await this.wait(startsAt - Date.now());
    if (this.stopped) return false;
    if (Date.now() >= startsAt) await store.begin(id, holder, Date.now());
    const now = await store.get(id);
    if (!now || now.holder !== holder || (now.state !== 'pending' && now.state !== 'running')) return true;
    this.bulk = now;
    return false;
  }

  private async actOn(targets: BulkTarget[]): Promise<BatchOutcome[]> {
    const { ledger, batchSize } = this.tools;
    const meter = { redisMs: 0 };
    const piece = this.bulk.claims * MAX_BATCHES_PER_CLAIM + this.pieces++;
    const fence: Fence = { operation: this.bulk.id, token: piece, meter };
    const askedAt = performance.now();
    await ledger.open(fence, this.stored);
    const latencyMs = performance.now() - askedAt;
    this.stored = [];
    const acted = await this.act(targets, fence);
    await this.wait(batchSize.pause(targets.length, meter.redisMs, latencyMs));
    return acted;
  }

  private act(targets: BulkTarget[], fence: Fence): Promise<BatchOutcome[]> {
    const { commands } = this.tools;
    const { action, to, reason, by } = this.bulk;
    switch (action) {
      case 'retry':
        return commands.retryMany(targets, { fence });
      case 'cancel':
        return commands.cancelMany(targets, { fence, by, ...(reason === null ? {} : { reason }) });
      case 'delete':
        return commands.removeMany(targets, { fence });
      case 'move':
        return commands.moveMany(targets, to!, { fence });
    }
  }

  /** Stores the outcomes of a crashed process's last batch from the ledger. Its other tasks remain untouched. */
  private async storeFromLedger(): Promise<void> {
    const { store, ledger, holder } = this.tools;
    const done = await ledger.loadActed(this.bulk.id);
    if (done.size === 0) return;
    const targets = await store.next(this.bulk.id, BLOCK_SIZE);
    await store.settle(this.bulk.id, holder, known(targets, done), Date.now());
  }

  private async close(): Promise<true> {
    // On failure the ledger expires after a month. Nothing reads it any more.
    await this.tools.ledger.close(this.bulk.id).catch(() => undefined);
    return true;
  }

  /** Waits before another attempt. Returns false after too many unexpected errors. */
  private async recover(thrown: unknown): Promise<boolean> {
    const error = toStorageError(thrown) ?? thrown;
    const { store, holder, log } = this.tools;
    const { id } = this.bulk;
    const isAway = error instanceof RoostError && error.status === 503;
    if (!isAway) log.error({ err: error, bulk: id }, 'bulk action: a batch failed');
    if (!isAway && ++this.tries >= MAX_TRIES) {
      await store
        .end(id, holder, 'failed', Date.now(), (error as Error).message)
        .catch((again: unknown) =>
          log.error({ err: again, bulk: id }, 'bulk action: its failure could not be stored'),
        );
      return false;
    }
    const why = isAway
      ? (WAIT_NOTES[error.code] ?? 'Redis does not answer. The action continues automatically when it does.')
      : `Retrying after an error: ${(error as Error).message}`;
    await store.explain(id, holder, why).catch(() => undefined);
    await this.wait(RETRY_MS);
    const now = await store.get(id).catch(() => undefined);
    if (now) this.bulk = now;
    return true;
  }

  private wait(ms: number): Promise<void> {
    if (ms <= 0 || this.stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(done, Math.min(ms, MAX_TIMER_MS));
      function done() {
        clearTimeout(timer);
        resolve();
      }
      this.endWait = done;
    });
  }
}

/** Returns the outcomes that the ledger already contains. */
function known(targets: BulkTarget[], done: Map<string, string>): TargetOutcome[] {
  return targets.flatMap((target) => {
    const word = done.get(ledgerField(target));
    return word === undefined ? [] : [{ n: target.n, outcome: word === 'asked' ? 'asked' : 'done' }];
  });
}
