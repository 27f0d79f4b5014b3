import {
  type BeforeApplicationShutdown,
  Global,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { PeriodicRunner } from '../coordination/periodic-runner.js';
import { parseAuditExport } from '../platform/config/audit-export.js';
import { maskUrl } from '../platform/config/mask-url.js';
import { Settings } from '../platform/config/settings.js';
import type { HistoryStore } from '../history/ports/history-store.js';
import { HISTORY } from '../history/tokens.js';
import { LOG } from '../platform/logging/logging.module.js';
import { AuditController } from './audit.controller.js';
import { AuditLog } from './audit-log.js';
import { AuditService } from './audit.service.js';
import { AuditTrail } from './audit-trail.js';
import { AuditExporter } from './export/audit-exporter.js';
import { toSink } from './export/to-sink.js';

const DAY_MS = 86_400_000;
/** Interval for deleting expired entries, ms. */
const DELETE_INTERVAL_MS = 3_600_000;

const auditLog = {
  provide: AuditLog,
  useFactory: (history: HistoryStore, log: Logger) => new AuditLog(history.audits, log),
  inject: [HISTORY, LOG],
};

const exporter = {
  provide: AuditExporter,
  useFactory: (history: HistoryStore, log: Logger, { AUDIT_EXPORT }: Settings) => {
    const target = parseAuditExport(AUDIT_EXPORT);
    const sink = target && toSink(target);
    return new AuditExporter(sink, maskUrl(AUDIT_EXPORT), history.audits, log);
  },
  inject: [HISTORY, LOG, Settings],
};

/** Audit of all writes. The app installs `AuditTrail` before any middleware that may refuse a request. */
@Global()
@Module({
  controllers: [AuditController],
  providers: [auditLog, exporter, AuditService, AuditTrail],
  exports: [AuditTrail, AuditService, AuditExporter],
})
export class AuditModule implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly deletion: PeriodicRunner;

  constructor(
    private readonly settings: Settings,
    private readonly entries: AuditLog,
    private readonly trail: AuditTrail,
    private readonly exporter: AuditExporter,
    @Inject(HISTORY) private readonly history: HistoryStore,
    @Inject(LOG) log: Logger,
    private readonly adapters: HttpAdapterHost,
  ) {
    this.deletion = new PeriodicRunner(() => this.deleteExpired(), {
      name: 'deletion of expired audit entries',
      everyMs: DELETE_INTERVAL_MS,
      log,
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    const server = this.adapters.httpAdapter?.getHttpServer() as Server | undefined;
    // Node caches the remote address at the first read; after a disconnect it is gone.
    server?.on('connection', (socket: Socket) => void socket.remoteAddress);
    void this.deletion.start();
    await this.exporter.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.deletion.stop();
    await this.entries.flush();
  }

  /**
   * Flushes once more, for requests answered until the server closed. The history closes with the modules before this
   * one's.
   */
  async onApplicationShutdown(): Promise<void> {
    this.trail.finish();
    await this.entries.flush();
    await this.exporter.stop();
  }

  private async deleteExpired(): Promise<void> {
    await this.history.audits.forget(Date.now() - this.settings.AUDIT_RETENTION_DAYS * DAY_MS);
  }
}
