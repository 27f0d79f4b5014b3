import type { Logger } from 'pino';
import type { FromRecorder } from './messages.js';

/** The log's file and terminal belong to the main thread. */
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

/** The other connection to the same Redis reports its outages already. */
export const silentLog = { error: () => undefined, info: () => undefined } as unknown as Logger;
