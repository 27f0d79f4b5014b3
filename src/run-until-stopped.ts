import type { NestApplicationContext } from '@nestjs/core';
import type { Logger } from 'pino';
import { CatalogError } from './catalog/catalog-error.js';
import { EXIT_CONFIG, SettingsError } from './config/load-settings.js';
import { HistoryFileError } from './history/store/history-file-error.js';
import { RedisRefusedError } from './queue/redis-address.js';

/** Signals closer together than this are one, ms. */
const TWICE_MS = 500;

/**
 * Closes the app in order when it is told to stop (SIGTERM, SIGINT, or the launcher that started it is gone) and exits
 * with 0; with 1 when that took longer than `timeoutMs`, or at once at a second signal.
 */
export function stopOnSignals(
  app: Pick<NestApplicationContext, 'close'>,
  timeoutMs: number,
  log: Logger,
): void {
  let stoppingSince: number | undefined;
  const stop = (signal: string) => {
    if (stoppingSince !== undefined) {
      // One Ctrl-C can arrive twice: from the terminal, and passed on by a parent.
      if (Date.now() - stoppingSince < TWICE_MS) return;
      log.warn(`${signal} again: leaving at once`);
      process.exit(1);
    }
    stoppingSince = Date.now();
    log.info(`${signal}: stopping`);
    setTimeout(() => {
      log.error({ timeoutMs }, 'still not done at the time limit: leaving what is unfinished');
      process.exit(1);
    }, timeoutMs).unref();
    app.close(signal).then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  const launcherGone = () => stoppingSince === undefined && stop('launcher gone');
  process.on('disconnect', launcherGone);
  // It may have gone while we were starting.
  if (process.send && !process.connected) launcherGone();
}

/** Ends a process that cannot start: one clear message, and an exit code that tells whether trying again can help. */
export function failToStart(error: unknown): never {
  const known =
    error instanceof SettingsError ||
    error instanceof CatalogError ||
    error instanceof HistoryFileError ||
    error instanceof RedisRefusedError ||
    error instanceof PortTakenError;
  process.stderr.write(`${known ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(known ? EXIT_CONFIG : 1);
}

/** The web app's address is in use already. */
export class PortTakenError extends Error {
  constructor(host: string, port: number) {
    super(
      `Port ${port} on ${host} is in use by another program.\n` +
        `  Stop that program, or take another port: PORT=${port + 1} npm start`,
    );
  }
}

/** Tells the launcher, where there is one. */
export function sayReady(message: { url?: string } = {}): void {
  process.send?.({ type: 'ready', ...message });
}
