import type { Logger } from 'pino';
import { RoostError } from '../contract/errors.js';
import type { Bulk, BulkStore, BulkTarget, TargetOutcome } from '../history/store/bulk-store.js';
import type { HistoryStore } from '../history/store/history-store.js';
import { LeftBehindError, nameOf, type BatchMover, type Fence } from '../queue/batch-mover.js';
import { toStorageError } from '../queue/redis-errors.js';
import type { BatchOutcome, TaskBatches } from '../tasks/task-batches.js';
import type { Pace } from './pace.js';
import type { Turns } from './turns.js';

/** Refs gathered in one go. */
const GATHERED_AT_ONCE = 2000;
/** Between two tries while Redis or the store does not answer, ms. */
const RETRY_MS = 1000;
/** Of an error that nobody expected; after so many in a row it is given up. */
const MOST_TRIES = 5;
/** Tasks taken on at once, and how long they are worked on before what became of them is kept, ms. */
const BLOCK = 1000;
const BLOCK_MS = 250;
/** More than one process has. */
const PIECES_PER_CLAIM = 100_000_000;

interface Tools {
  store: BulkStore;
  ids: Pick<HistoryStore, 'ids'>;
  batches: TaskBatches;
  mover: BatchMover;
  turns: Turns;
  pace: Pace;
  log: Logger;
  /** This process, as the store knows it. */
  holder: string;
}

/**
 * One bulk action being carried out, from wherever it is. Its tasks are written down first, so that it is about those
 * and no others; then they are acted on in pieces. What a piece did stands in Redis's ledger until the store has it:
 * so a process that takes over neither repeats an act nor leaves one out, wherever the one before it died.
 */
export class BulkRun {
  private stopped = false;
  private woken: (() => void) | undefined;
  private settled: BulkTarget[] = [];
  private pieces = 0;
  private tries = 0;
  /** Whether something may stand in the ledger that is not settled. */
  private mustLookUp = true;
  /** Somebody wants something: what is in hand is settled soon. */
  private wanted = false;

  constructor(
    private bulk: Bulk,
    private readonly tools: Tools,
  ) {}

  /** Finishes what it has in hand and lets go. */
  stop(): void {
    this.stopped = true;
    this.wake();
  }

  /** Ends a wait; what somebody has changed is looked at soon. */
  wake(): void {
    this.wanted = true;
    this.woken?.();
  }

  async carryOut(): Promise<void> {
    const { store, holder, log } = this.tools;
    const { id } = this.bulk;
    while (!this.stopped) {
      try {
        if (await this.step()) return;
        this.tries = 0;
      } catch (error) {
        if (error instanceof LeftBehindError) return;
        if (!(await this.overcome(error))) return;
      }
    }
    await store
      .release(id, holder)
      .catch((error: unknown) => log.debug({ err: error }, 'bulk action: not released'));
  }

  /** True when it is over, or no longer ours. */
  private async step(): Promise<boolean> {
    const { store, holder } = this.tools;
    const { id } = this.bulk;
    if (this.bulk.total === null) return !(await this.gather());
    if (this.bulk.state === 'pending') return this.begin();
    if (this.bulk.aborted) {
      await this.keepWhatWasDone();
      await store.end(id, holder, 'aborted', Date.now());
      return this.close();
    }
    const targets = await store.next(id, BLOCK);
    if (targets.length === 0) {
      await store.end(id, holder, 'completed', Date.now());
      return this.close();
    }
    return this.workOff(targets);
  }

  /** As many of these as there is time for, then keeps what became of them. True where it is no longer ours. */
  private async workOff(targets: BulkTarget[]): Promise<boolean> {
    const { store, mover, turns, pace, holder } = this.tools;
    const { id } = this.bulk;
    // What a dead process did last, or this one before an error, may stand in the ledger alone.
    const done = this.mustLookUp ? await mover.done(id) : new Map<string, string>();
    this.mustLookUp = true;
    const settled = known(targets, done);
    let todo = targets.filter((target) => !done.has(nameOf(target)));
    const outcomes: TargetOutcome[] = [...settled];
    const until = Date.now() + BLOCK_MS;
    let trouble: unknown;
    try {
      while (todo.length > 0 && Date.now() < until && !this.stopped && !this.wanted) {
        const piece = todo.slice(0, pace.next);
        const acted = await turns.take(() => this.actOn(piece));
        outcomes.push(...piece.map(({ n }, i) => ({ n, ...acted[i]! })));
        todo = todo.slice(piece.length);
      }
    } catch (error) {
      if (error instanceof LeftBehindError) throw error;
      trouble = error;
    }
    this.wanted = false;
    const now = await store.settle(id, holder, outcomes, Date.now());
    if (!now) return true;
    this.bulk = now;
    const kept = new Set(outcomes.map(({ n }) => n));
    this.settled.push(...targets.filter(({ n }) => kept.has(n)));
    if (trouble !== undefined) throw trouble as Error;
    this.mustLookUp = false;
    return false;
  }

  /** Writes down the next tasks it is about; false where it is no longer ours, or undone. */
  private async gather(): Promise<boolean> {
    const { store, ids, holder } = this.tools;
    const { id, filter, createdAt } = this.bulk;
    const { place } = (await store.gathered(id)) ?? { place: null };
    const page = await ids.ids(filter, {
      limit: GATHERED_AT_ONCE,
      now: createdAt,
      ...(place === null ? {} : { after: place }),
    });
    const piece = { refs: page.items, place: page.next ?? null, isWhole: page.next === undefined };
    if (!(await store.gather(id, holder, piece))) return false;
    const now = await store.get(id);
    if (now) this.bulk = now;
    return now !== undefined;
  }

  /** From thinking it over to doing it; true where it was undone. */
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
    const { mover, pace } = this.tools;
    const meter = { redisMs: 0 };
    const piece = this.bulk.claims * PIECES_PER_CLAIM + this.pieces++;
    const fence: Fence = { order: this.bulk.id, piece, meter };
    const askedAt = performance.now();
    await mover.open(fence, this.settled);
    const askedMs = performance.now() - askedAt;
    this.settled = [];
    const acted = await this.act(targets, fence);
    await this.wait(pace.pause(targets.length, meter.redisMs, askedMs));
    return acted;
  }

  private act(targets: BulkTarget[], fence: Fence): Promise<BatchOutcome[]> {
    const { batches } = this.tools;
    const { action, to, reason, by } = this.bulk;
    switch (action) {
      case 'retry':
        return batches.retryMany(targets, { fence });
      case 'cancel':
        return batches.cancelMany(targets, { fence, by, ...(reason === null ? {} : { reason }) });
      case 'delete':
        return batches.removeMany(targets, { fence });
      case 'move':
        return batches.moveMany(targets, to!, { fence });
    }
  }

  /** Of a piece that a dead process had in hand: what it did is told, what it did not stays untouched. */
  private async keepWhatWasDone(): Promise<void> {
    const { store, mover, holder } = this.tools;
    const done = await mover.done(this.bulk.id);
    if (done.size === 0) return;
    const targets = await store.next(this.bulk.id, BLOCK);
    await store.settle(this.bulk.id, holder, known(targets, done), Date.now());
  }

  private async close(): Promise<true> {
    // Kept for a month at worst; nobody asks for it any more.
    await this.tools.mover.close(this.bulk.id).catch(() => undefined);
    return true;
  }

  /** Waits and tries again; false where it is given up. */
  private async overcome(thrown: unknown): Promise<boolean> {
    const error = toStorageError(thrown) ?? thrown;
    const { store, holder, log } = this.tools;
    const { id } = this.bulk;
    const isAway = error instanceof RoostError && error.status === 503;
    if (!isAway) log.error({ err: error, bulk: id }, 'bulk action: a piece failed');
    if (!isAway && ++this.tries >= MOST_TRIES) {
      await store
        .end(id, holder, 'failed', Date.now(), (error as Error).message)
        .catch((again: unknown) => log.error({ err: again, bulk: id }, 'bulk action: cannot be ended'));
      return false;
    }
    const why = isAway
      ? error.code === 'STORAGE_FULL'
        ? 'Redis is full; it goes on by itself when there is room.'
        : 'Redis does not answer; it goes on by itself when it does.'
      : `Trying again: ${(error as Error).message}`;
    await store.explain(id, holder, why).catch(() => undefined);
    await this.wait(RETRY_MS);
    const now = await store.get(id).catch(() => undefined);
    if (now) this.bulk = now;
    return true;
  }

  private wait(ms: number): Promise<void> {
    if (ms <= 0 || this.stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(done, Math.min(ms, 2 ** 31 - 1));
      function done() {
        clearTimeout(timer);
        resolve();
      }
      this.woken = done;
    });
  }
}

/** Outcomes that stand in the ledger already. */
function known(targets: BulkTarget[], done: Map<string, string>): TargetOutcome[] {
  return targets.flatMap((target) => {
    const word = done.get(nameOf(target));
    return word === undefined ? [] : [{ n: target.n, outcome: word === 'asked' ? 'asked' : 'done' }];
  });
}
