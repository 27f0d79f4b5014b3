import type { LogLine } from '../../model/task-view.js';
import type { LogLevel } from '../../task-api/task-handler.js';
import { withParam } from './with-param.js';

const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export interface LogView {
  lines: (LogLine & { elementId: string })[];
  total: number;
  /** Number of log lines that this page omits. */
  hidden: number;
  allHref: string;
  levels: { label: string; href: string; current: boolean }[];
  filtered: boolean;
}

export function toLogView(
  logs: { items: LogLine[]; total: number },
  href: string,
  level: string | undefined,
  all: boolean,
): LogView {
  const least = Math.max(0, LOG_LEVELS.indexOf(level as LogLevel));
  const base = all ? withParam(href, 'log', 'all', '') : href;
  return {
    lines: logs.items
      .filter((line) => LOG_LEVELS.indexOf(line.level) >= least)
      .map((line) => ({ ...line, elementId: `log-${line.n}` })),
    total: logs.total,
    hidden: Math.max(0, logs.total - logs.items.length),
    allHref: withParam(href, 'log', 'all', '#log'),
    levels: [
      { label: 'All', at: 0 },
      { label: 'Info', at: 1 },
      { label: 'Warnings', at: 2 },
      { label: 'Errors', at: 3 },
    ].map(({ label, at }) => ({
      label,
      href: withParam(base, 'level', LOG_LEVELS[at]!, '#log'),
      current: at === least,
    })),
    filtered: least > 0,
  };
}
