import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { PeriodicRunner } from '../../coordination/periodic-runner.js';
import type { AuditStore } from '../../history/ports/audit-store.js';
import { toExported } from '../audit-view.js';
import type { AuditSink } from './audit-sink.js';

/** Interval for checking for new entries, ms. */
const POLL_INTERVAL_MS = 1_000;
/** Maximum backoff after failures, ms. */
const MAX_BACKOFF_MS = 30_000;
/** Duration of the export lease of a web app, renewed with each batch, ms. */
const LEASE_MS = 20_000;
const MAX_BATCH_SIZE = 200;
/** Time after which a stuck export is reported, ms. */
const REPORT_AFTER_MS = 10_000;

export interface ExportTrouble {
  /** Target with secrets masked. */
  target: string;
  /** Number of links not yet exported. */
  behind: number;
  /** Start of the problem, ms since 1970. */
  since: number;
  why: string;
}

/**
 * Exports the audit continuously. Reads from the store after the last exported entry, so an outage of the target or a
 * restart loses nothing and no request waits. One web app at a time holds the export lease.
 */
export class AuditExporter {
  private readonly holder = randomUUID();
  private readonly runs: PeriodicRunner;
  private failures = 0;
  private trouble: (Omit<ExportTrouble, 'target'> & { isReported: boolean }) | undefined;

  constructor(
    /** Undefined disables the export. */
    private readonly sink: AuditSink | undefined,
    private readonly target: string,
    private readonly store: Pick<AuditStore, 'links' | 'claimExport' | 'noteExport' | 'releaseExport'>,
    private readonly log: Logger,
  ) {
    this.runs = new PeriodicRunner(() => this.run(), {
      name: 'export of the audit',
      everyMs: () => Math.min(POLL_INTERVAL_MS * 2 ** this.failures, MAX_BACKOFF_MS),
      log,
    });
  }

  /** Problem that has lasted for REPORT_AFTER_MS, if any. */
  get lasting(): ExportTrouble | undefined {
    if (!this.trouble?.isReported) return undefined;
    const { behind, since, why } = this.trouble;
    return { target: this.target, behind, since, why };
  }

  /** Resolves when the export position is known: later entries are exported. */
  async start(): Promise<void> {
    if (this.sink) await this.runs.start();
  }

  /** Exports the remaining entries once more. */
  async stop(): Promise<void> {
    await this.runs.stop();
    if (!this.sink) return;
    if (!this.trouble) await this.run();
    await this.store.releaseExport(this.target, this.holder).catch(() => undefined);
    this.sink.close();
  }

  private async run(): Promise<void> {
    let behind = this.trouble?.behind ?? 0;
    try {
      for (;;) {
        const lease = await this.store.claimExport(this.target, this.holder, Date.now(), LEASE_MS);
        if (!lease) break;
        behind = lease.head - lease.n;
        const links = await this.store.links(lease.n, MAX_BATCH_SIZE);
        if (links.length === 0) break;
        const entries = links.flatMap(({ n, hash, entry }) =>
          entry ? [toExported(entry, { n, hash })] : [],
        );
        if (entries.length > 0) await this.sink!.send(entries);
        await this.store.noteExport(this.target, this.holder, links.at(-1)!.n);
      }
      this.recovered();
    } catch (error) {
      this.failed(behind, error instanceof Error ? error.message || error.name : String(error));
    }
  }

  private failed(behind: number, why: string): void {
    this.failures++;
    const { since = Date.now(), isReported = false } = this.trouble ?? {};
    this.trouble = { behind, since, why, isReported: isReported || Date.now() - since >= REPORT_AFTER_MS };
    if (isReported === this.trouble.isReported) return;
    this.log.warn({ target: this.target, behind, why }, 'the export of the audit is behind');
  }

  private recovered(): void {
    if (this.trouble?.isReported)
      this.log.info({ target: this.target }, 'the export of the audit has recovered');
    this.trouble = undefined;
    this.failures = 0;
  }
}
