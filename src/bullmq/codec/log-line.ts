import type { LogLevel } from '../../task-api/task-handler.js';
import { withoutTerminalCodes } from '../../model/terminal-codes.js';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** A line of a task's log. */
export interface DecodedLine {
  /** ms; missing in a line that another program's handler wrote with `job.log`. */
  at: number | undefined;
  level: LogLevel;
  attempt: number | undefined;
  text: string;
}

/** Decodes a line: JSON from our handlers, else plain text. */
export function decodeLogLine(line: string): DecodedLine {
  return (
    decodeOwn(line) ?? { at: undefined, level: 'info', attempt: undefined, text: withoutTerminalCodes(line) }
  );
}

function decodeOwn(line: string): DecodedLine | undefined {
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
