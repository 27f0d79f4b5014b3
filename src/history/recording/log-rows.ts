import { decodeLogLine } from '../../bullmq/codec/log-line.js';
import type { FullRecord } from '../../bullmq/codec/task-record.js';
import type { LogRow } from '../ports/rows.js';

/** Converts log lines to rows. Lines without a time get that of the task's end. */
export function toLogRows(
  { queue, id, firstLine, lines, finishedAt, starts }: FullRecord,
  readAt: number,
): LogRow[] {
  return lines.map((line, i) => {
    const { at = finishedAt || readAt, level, attempt = starts || 1, text } = decodeLogLine(line);
    return { queue, id, n: firstLine + i, at, level, attempt, text };
  });
}
