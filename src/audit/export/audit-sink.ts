import type { ExportedEntry } from '../audit-view.js';

/** Target of exported entries. */
export interface AuditSink {
  /** Resolves when all entries have been delivered. A rejected batch is sent again, so entries may arrive twice. */
  send(entries: readonly ExportedEntry[]): Promise<void>;
  close(): void;
}
