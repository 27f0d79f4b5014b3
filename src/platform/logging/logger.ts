import { pino, type Logger } from 'pino';
import { pretty } from './terminal-lines.js';
import { createStream } from 'rotating-file-stream';
import { closeFilesToOthers, ensurePrivateFolder, findOpenFiles } from '../config/private-files.js';
import type { Settings } from '../config/settings.js';
import { terminalHasColour } from '../config/terminal-colour.js';

export type { Logger } from 'pino';

/**
 * Creates the log of one process: readable lines on the terminal, JSON lines in `<LOG_DIR>/<app>.log` (rotated at 10
 * MB, the last five compressed files stored, readable only by its owner). Must never contain inputs, results, headers
 * or URLs with passwords: callers log ids, types and codes.
 */
export function createLogger(app: 'web' | 'worker', settings: Settings): Logger {
  ensurePrivateFolder(settings.LOG_DIR);
  closeFilesToOthers(settings.LOG_DIR, `${app}.log`);
  const file = createStream(`${app}.log`, {
    path: settings.LOG_DIR,
    mode: 0o600,
    size: '10M',
    maxFiles: 5,
    compress: 'gzip',
  });
  // A full disk or a deleted folder must not end the process: the terminal still has the lines.
  file.on('error', (error) => process.stderr.write(`log file: ${error.message}\n`));
  file.on('warning', (error) => process.stderr.write(`log file: ${error.message}\n`));
  const level = settings.LOG_LEVEL;
  const log = pino(
    {
      level,
      base: { app, pid: process.pid, ...(app === 'worker' ? { worker: settings.WORKER_NAME } : {}) },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: withoutArguments },
      redact: ['req.headers', '*.password', '*.token', '*.secret', '*.authorization', '*.cookie'],
    },
    pino.multistream([
      { level: level as 'info', stream: pretty(terminalHasColour()) },
      { level: level as 'info', stream: file },
    ]),
  );
  for (const sentence of findOpenFiles(settings.LOG_DIR, `${app}.log`)) log.warn(sentence);
  return log;
}

/** Removes the command from a Redis error, which contains all arguments. Its name is enough. */
export function withoutArguments(error: Error): unknown {
  const facts = pino.stdSerializers.err(error) as unknown as Record<string, unknown>;
  const { command } = error as { command?: { name?: string } };
  return command ? { ...facts, command: command.name } : facts;
}
