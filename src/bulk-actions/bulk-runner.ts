import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { isProcessGone, PROCESS_PLACE } from '../coordination/process-place.js';
import { PeriodicRunner } from '../coordination/periodic-runner.js';
import { Settings } from '../platform/config/settings.js';
import type { Bulk } from '../history/ports/bulk-store.js';
import type { HistoryStore } from '../history/ports/history-store.js';
import { HISTORY } from '../history/tokens.js';
import { LOG } from '../platform/logging/logging.module.js';
import { ProgressLedger } from '../bullmq/progress-ledger.js';
import { TaskCommands } from '../tasks/task-commands.js';
import { BulkRun } from './bulk-run.js';
import { AdaptiveBatchSize } from './adaptive-batch-size.js';
import { FairQueue } from './fair-queue.js';

/** Polling interval for bulk actions without a running process, ms. */
const POLL_MS = 1000;
/** Heartbeat interval, and the age of a heartbeat after which another process takes over, ms. */
const HEARTBEAT_MS = 2000;
const HEARTBEAT_TIMEOUT_MS = 10_000;
/** Interval at which bulk actions past their retention are deleted, ms. */
const PURGE_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Between the parts of a holder's id. Occurs in no host name. */
const SEPARATOR = '/';

/**
 * Executes open bulk actions: new ones, and those of a process that has died. Any number of processes may do so at once;
 * a lease with a heartbeat gives each action to one of them.
 */
@Injectable()
export class BulkRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly holder = [PROCESS_PLACE, process.pid, randomBytes(4).toString('hex')].join(SEPARATOR);
  private readonly runs = new Map<string, { run: BulkRun; over: Promise<void> }>();
  private readonly fairQueue = new FairQueue();
  private readonly batchSize = new AdaptiveBatchSize();
  private readonly polls: PeriodicRunner;
  private readonly others: PeriodicRunner[];

  constructor(
    @Inject(HISTORY) private readonly store: HistoryStore,
    private readonly commands: TaskCommands,
    private readonly ledger: ProgressLedger,
    private readonly settings: Settings,
    @Inject(LOG) private readonly log: Logger,
  ) {
    const periodic = (name: string, everyMs: number, act: (signal: AbortSignal) => Promise<void>) =>
      new PeriodicRunner(act, { name: `bulk actions: ${name}`, everyMs, log, level: 'debug' });
    this.polls = periodic('claim', POLL_MS, (signal) => this.claimOpen(signal));
    this.others = [
      periodic('heartbeat', HEARTBEAT_MS, () => this.beat()),
      periodic('purge', PURGE_MS, (signal) => this.purge(signal)),
    ];
  }

  onApplicationBootstrap(): void {
    for (const runner of [this.polls, ...this.others]) void runner.start();
  }

  /** Finishes and stores the current batches. Another process continues from there. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.polls, ...this.others].map((runner) => runner.stop()));
    const runs = [...this.runs.values()];
    for (const { run } of runs) run.stop();
    await Promise.all(runs.map(({ over }) => over));
  }

  /** Claims open bulk actions in the background. */
  poll(): void {
    this.polls.trigger();
  }

  /** Makes the run of a bulk action reload it soon. */
  wake(id: string): void {
    this.runs.get(id)?.run.wake();
  }

  private async claimOpen(signal: AbortSignal): Promise<void> {
    for (const bulk of await this.store.bulks.open()) {
      if (signal.aborted) return;
      if (this.runs.has(bulk.id) || !this.isFree(bulk)) continue;
      const now = Date.now();
      const silentSince = this.isDead(bulk) ? (bulk.heartbeatAt ?? 0) + 1 : now - HEARTBEAT_TIMEOUT_MS;
      const claimed = await this.store.bulks.claim(bulk.id, this.holder, silentSince, now);
      if (claimed) this.carryOut(claimed, bulk.holder);
    }
  }

  private carryOut(bulk: Bulk, before: string | null): void {
    if (before !== null)
      this.log.info({ bulk: bulk.id, before }, 'bulk action: continuing where another process stopped');
    const { store, commands, ledger, fairQueue, batchSize, log, holder } = this;
    const run = new BulkRun(bulk, {
      store: store.bulks,
      ids: store,
      commands,
      ledger,
      fairQueue,
      batchSize,
      log,
      holder,
    });
    const over = run.carryOut().finally(() => this.runs.delete(bulk.id));
    this.runs.set(bulk.id, { run, over });
  }

  private isFree({ holder, heartbeatAt }: Bulk): boolean {
    return (
      holder === null || (heartbeatAt ?? 0) < Date.now() - HEARTBEAT_TIMEOUT_MS || this.isDead({ holder })
    );
  }

  /** Checks whether the holder is a process of this machine that is gone, without waiting for the heartbeat timeout. */
  private isDead({ holder }: Pick<Bulk, 'holder'>): boolean {
    const [place, pid] = (holder ?? '').split(SEPARATOR);
    return holder !== this.holder && /^\d+$/.test(pid ?? '') && isProcessGone(place!, Number(pid));
  }

  private async beat(): Promise<void> {
    if (this.runs.size > 0) await this.store.bulks.beat(this.holder, Date.now());
  }

  private async purge(signal: AbortSignal): Promise<void> {
    const before = Date.now() - this.settings.HISTORY_RETENTION_FAILED_DAYS * DAY_MS;
    while (!signal.aborted && !(await this.store.bulks.forget(before)));
  }
}
