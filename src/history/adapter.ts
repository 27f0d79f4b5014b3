import type { HistoryStore } from './ports/history-store.js';
import type { RecordingStore } from './ports/recording-store.js';
import { toAsynchronous } from './sqlite/asynchronous.js';
import { toAuditKey } from './sqlite/audit-seal.js';
import { RecordingEngine } from './sqlite/recording-engine.js';
import { SqliteHistoryStore } from './sqlite/sqlite-history-store.js';

/* Chooses the technology that stores the history: the only file outside an adapter's folder that imports one. */

export interface HistoryOptions {
  file: string;
  /** Redacted paths, which no index contains. */
  redact: readonly string[];
  /** Secret that seals the audit. Without it, rewriting the whole audit would go unnoticed. */
  auditSecret?: string;
}

/** Opens nothing yet: `migrate` does. */
export function openHistoryStore({ auditSecret, ...options }: HistoryOptions): HistoryStore {
  return new SqliteHistoryStore({
    ...options,
    ...(auditSecret === undefined ? {} : { auditKey: toAuditKey(auditSecret) }),
  });
}

/** Opens the store for the recorder, whose thread calls it on its own connection. */
export function openRecordingStore({
  file,
  redact,
}: Pick<HistoryOptions, 'file' | 'redact'>): RecordingStore {
  return toAsynchronous<RecordingStore>(new RecordingEngine({ file, redact }));
}
