import type { LogLevel } from '../../task-api/task-handler.js';
import { withoutTerminalCodes } from '../../model/terminal-codes.js';
import type { LogRow, TaskRef } from '../ports/rows.js';
import type { JobSnapshot } from './read-jobs.js';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Converts log lines to rows. Lines of our handlers are JSON with a time; other lines (`job.log`) have only text. */
export function toLogRows(ref: TaskRef, { firstLine, lines, fields }: JobSnapshot, readAt: number): LogRow[] {
  const ended = Number(fields.finishedOn) || readAt;
  const attempt = Number(fields.ats) || 1;
  return lines.map((line, i) => ({
    ...ref,
    n: firstLine + i,
    ...(ownLine(line) ?? { at: ended, level: 'info' as const, attempt, text: withoutTerminalCodes(line) }),
  }));
}

function ownLine(line: string): Pick<LogRow, 'at' | 'level' | 'attempt' | 'text'> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { at, level, attempt, text } = JSON.parse(line) as Partial<Record<string, unknown>>;
    const time = typeof at === 'string' ? Date.parse(at) : NaN;
    if (typeof text !== 'string' || Number.isNaN(time)) return undefined;
    return {
      at: time,
      level: LEVELS.includes(level as LogLevel) ? (level as LogLevel) : 'info',
      attempt: Number.isSafeInteger(attempt) ? (attempt as number) : 1,
      text: withoutTerminalCodes(text),
    };
  } catch {
    return undefined;
  }
}
