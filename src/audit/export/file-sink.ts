import { open } from 'node:fs/promises';
import { ensurePrivateFile } from '../../platform/config/private-files.js';
import type { ExportedEntry } from '../audit-view.js';
import type { AuditSink } from './audit-sink.js';

/**
 * Appends JSON lines to a file readable only by its owner. Opens the file for each batch, so that it can be rotated.
 */
export class FileSink implements AuditSink {
  constructor(private readonly path: string) {}

  async send(entries: readonly ExportedEntry[]): Promise<void> {
    ensurePrivateFile(this.path);
    const file = await open(this.path, 'a+', 0o600);
    try {
      const { size } = await file.stat();
      const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
      // A full disk or a crash may have left a partial line. Its entry is written again completely.
      const isCut = size > 0 && (await file.read(Buffer.alloc(1), 0, 1, size - 1)).buffer[0] !== 0x0a;
      await file.appendFile(isCut ? `\n${text}` : text);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  close(): void {
    // The file is closed after each batch.
  }
}
