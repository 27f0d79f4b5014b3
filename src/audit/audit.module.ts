import {
  type BeforeApplicationShutdown,
  Global,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { Settings } from '../config/settings.js';
import type { HistoryStore } from '../history/store/history-store.js';
import { HISTORY } from '../history/tokens.js';
import { LOG } from '../logging/logging.module.js';
import { AuditController } from './audit.controller.js';
import { AuditLog } from './audit-log.js';
import { AuditService } from './audit.service.js';
import { AuditTrail } from './audit-trail.js';

const DAY_MS = 86_400_000;
/** Between two looks for what is past its time. */
const FORGET_EVERY_MS = 3_600_000;

const auditLog = {
  provide: AuditLog,
  useFactory: (history: HistoryStore, log: Logger) => new AuditLog(history.audits, log),
  inject: [HISTORY, LOG],
};

/** Who did what. `AuditTrail` goes into the app's middleware, before anything that may refuse a request. */
@Global()
@Module({
  controllers: [AuditController],
  providers: [auditLog, AuditService, AuditTrail],
  exports: [AuditTrail, AuditService],
})
export class AuditModule implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly entries: AuditLog,
    @Inject(HISTORY) private readonly history: HistoryStore,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.forget(), FORGET_EVERY_MS).unref();
    this.forget();
  }

  beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    return this.entries.flush();
  }

  /** Once more, for what was answered until the server closed. The history closes with the modules before this one's. */
  onApplicationShutdown(): Promise<void> {
    return this.entries.flush();
  }

  private forget(): void {
    const before = Date.now() - this.settings.AUDIT_RETENTION_DAYS * DAY_MS;
    this.history.audits.forget(before).catch((error: unknown) => {
      this.log.warn({ err: error }, 'old audit entries could not be let go of');
    });
  }
}
