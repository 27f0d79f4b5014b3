import type { Logger } from 'pino';
import type { FromRecorder } from './messages.js';

/** Sends log lines to the main thread, which owns the log's file and terminal. */
export function remoteLog(send: (message: FromRecorder) => void): Logger {
  const write = (level: 'error' | 'warn' | 'info' | 'debug') => (fields: object, text: string) => {
    const { err, ...rest } = fields as { err?: unknown };
    const plain = err instanceof Error ? { ...rest, error: err.message, stack: err.stack } : rest;
    send({ type: 'log', level, fields: plain, text });
  };
  return {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
  } as unknown as Logger;
}

/** Drops messages: the other connection to the same Redis already logs its outages. */
export const silentLog = { error: () => undefined, info: () => undefined } as unknown as Logger;
