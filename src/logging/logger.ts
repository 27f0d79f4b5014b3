import { mkdirSync } from 'node:fs';
import { pino, type Logger } from 'pino';
import { pretty } from './terminal-lines.js';
import { createStream } from 'rotating-file-stream';
import type { Settings } from '../config/settings.js';
import { terminalHasColour } from '../config/terminal-colour.js';

export type { Logger } from 'pino';

/**
 * The log of one process: readable lines on the terminal, JSON lines in `<LOG_DIR>/<app>.log`
 * (rotated at 10 MB, the last five kept, packed).
 *
 * Inputs, results, headers and URLs with passwords never reach it: callers log ids, types and codes.
 */
export function createLogger(app: 'web' | 'worker', settings: Settings): Logger {
  mkdirSync(settings.LOG_DIR, { recursive: true });
  const file = createStream(`${app}.log`, {
    path: settings.LOG_DIR,
    size: '10M',
    maxFiles: 5,
    compress: 'gzip',
  });
  // A full disk or a lost folder must not end the process: the terminal still has the lines.
  file.on('error', (error) => process.stderr.write(`log file: ${error.message}\n`));
  file.on('warning', (error) => process.stderr.write(`log file: ${error.message}\n`));
  const level = settings.LOG_LEVEL;
  return pino(
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
}

/** An error of Redis carries the command it came of, with all that was handed in; its name says enough. */
export function withoutArguments(error: Error): unknown {
  const facts = pino.stdSerializers.err(error) as unknown as Record<string, unknown>;
  const { command } = error as { command?: { name?: string } };
  return command ? { ...facts, command: command.name } : facts;
}
