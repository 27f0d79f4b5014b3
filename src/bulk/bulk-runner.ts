import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { Settings } from '../config/settings.js';
import type { Bulk } from '../history/store/bulk-store.js';
import type { HistoryStore } from '../history/store/history-store.js';
import { HISTORY } from '../history/tokens.js';
import { LOG } from '../logging/logging.module.js';
import { BatchMover } from '../queue/batch-mover.js';
import { TaskBatches } from '../tasks/task-batches.js';
import { BulkRun } from './bulk-run.js';
import { Pace } from './pace.js';
import { Turns } from './turns.js';

/** Between two looks for bulk actions that nobody carries out, ms. */
const LOOK_MS = 1000;
/** Between two signs of life, and the silence after which another process goes on, ms. */
const BEAT_MS = 2000;
const SILENCE_MS = 10_000;
/** Between two looks for what is too old to be kept, ms. */
const FORGET_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * Carries out the bulk actions that are open and nobody else carries out: those ordered here, and those of a process
 * that has died. Any number of processes may do so at once.
 */
@Injectable()
export class BulkRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly host = hostname().replaceAll('/', '-');
  private readonly holder = `${this.host}/${process.pid}/${randomBytes(4).toString('hex')}`;
  private readonly runs = new Map<string, { run: BulkRun; over: Promise<void> }>();
  private readonly turns = new Turns();
  private readonly pace = new Pace();
  private readonly timers: NodeJS.Timeout[] = [];
  private looking: Promise<void> | undefined;
  private again = false;
  private stopped = false;

  constructor(
    @Inject(HISTORY) private readonly store: HistoryStore,
    private readonly batches: TaskBatches,
    private readonly mover: BatchMover,
    private readonly settings: Settings,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.every(LOOK_MS, () => this.look());
    this.every(BEAT_MS, () => this.beat());
    this.every(FORGET_MS, () => void this.forget());
    this.look();
  }

  /** What is in hand is finished and kept; another process goes on from there. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers) clearInterval(timer);
    await this.looking;
    const runs = [...this.runs.values()];
    for (const { run } of runs) run.stop();
    await Promise.all(runs.map(({ over }) => over));
  }

  /** Looks for work; the answer is not waited for. */
  look(): void {
    if (this.looking) {
      this.again = true;
      return;
    }
    if (this.stopped) return;
    this.looking = this.claimOpen()
      .catch((error: unknown) => this.log.debug({ err: error }, 'bulk actions: no look'))
      .finally(() => {
        this.looking = undefined;
        if (!this.again) return;
        this.again = false;
        this.look();
      });
  }

  /** Somebody wants something of it: no sense in waiting any longer. */
  wake(id: string): void {
    this.runs.get(id)?.run.wake();
  }

  private async claimOpen(): Promise<void> {
    for (const bulk of await this.store.bulks.open()) {
      if (this.stopped) return;
      if (this.runs.has(bulk.id) || !this.isFree(bulk)) continue;
      const now = Date.now();
      const silentSince = this.isDead(bulk) ? (bulk.heardAt ?? 0) + 1 : now - SILENCE_MS;
      const claimed = await this.store.bulks.claim(bulk.id, this.holder, silentSince, now);
      if (claimed) this.carryOut(claimed, bulk.holder);
    }
  }

  private carryOut(bulk: Bulk, before: string | null): void {
    if (before !== null)
      this.log.info({ bulk: bulk.id, before }, 'bulk action: going on where another stopped');
    const { store, batches, mover, turns, pace, log, holder } = this;
    const run = new BulkRun(bulk, {
      store: store.bulks,
      ids: store,
      batches,
      mover,
      turns,
      pace,
      log,
      holder,
    });
    const over = run.carryOut().finally(() => this.runs.delete(bulk.id));
    this.runs.set(bulk.id, { run, over });
  }

  private isFree({ holder, heardAt }: Bulk): boolean {
    return holder === null || (heardAt ?? 0) < Date.now() - SILENCE_MS || this.isDead({ holder });
  }

  /** Of a process of this machine one can see that it is gone, without waiting for its silence. */
  private isDead({ holder }: Pick<Bulk, 'holder'>): boolean {
    const [host, pid] = (holder ?? '').split('/');
    if (host !== this.host || !/^\d+$/.test(pid ?? '')) return false;
    if (Number(pid) === process.pid) return holder !== this.holder;
    try {
      process.kill(Number(pid), 0);
      return false;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ESRCH';
    }
  }

  private beat(): void {
    if (this.runs.size === 0) return;
    this.store.bulks
      .beat(this.holder, Date.now())
      .catch((error: unknown) => this.log.debug({ err: error }, 'bulk actions: no beat'));
  }

  private async forget(): Promise<void> {
    try {
      const before = Date.now() - this.settings.HISTORY_RETENTION_FAILED_DAYS * DAY_MS;
      while (!this.stopped && !(await this.store.bulks.forget(before)));
    } catch (error) {
      this.log.debug({ err: error }, 'bulk actions: nothing forgotten');
    }
  }

  private every(ms: number, act: () => void): void {
    this.timers.push(setInterval(act, ms).unref());
  }
}
