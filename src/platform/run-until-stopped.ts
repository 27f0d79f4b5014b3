import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { leave } from './process-exit.js';
import { EXIT_CONFIG, StartupError } from './startup-error.js';

/** Interval in which repeated signals count as one, ms. */
const DUPLICATE_SIGNAL_MS = 500;
const LIMIT_GRACE_MS = 1_500;

/**
 * Closes the app gracefully on SIGTERM, on SIGINT or when its launcher has died. Exits with 0, or with 1 after
 * `timeoutMs` or at a second signal.
 */
export function stopOnSignals(
  app: { close(signal?: string): Promise<void> },
  timeoutMs: number,
  log: Logger,
  /** Called at the time limit. The process ends when it resolves, or 1.5 s later. */
  atLimit: () => Promise<void> = async () => undefined,
): void {
  let stoppingSince: number | undefined;
  let isLate = false;
  const stop = (signal: string) => {
    if (stoppingSince !== undefined) {
      // One Ctrl-C may arrive twice: from the terminal, and forwarded by a parent process.
      if (Date.now() - stoppingSince < DUPLICATE_SIGNAL_MS) return;
      log.warn(`${signal} again: exiting at once`);
      leave(1);
    }
    stoppingSince = Date.now();
    // The launcher treats an unannounced exit as a crash.
    notifyLauncher({ type: 'leaving' });
    log.info(`${signal}: stopping`);
    // Keeps the process alive: a hanging stop without pending work would otherwise exit as if it had succeeded.
    setTimeout(() => {
      isLate = true;
      log.error({ timeoutMs }, 'the stop reached its time limit: exiting with unfinished work');
      void Promise.race([atLimit().catch(() => undefined), delay(LIMIT_GRACE_MS)]).then(() => leave(1));
    }, timeoutMs);
    app.close(signal).then(
      () => leave(isLate ? 1 : 0),
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed');
        leave(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  const onLauncherGone = () => stoppingSince === undefined && stop('launcher gone');
  process.on('disconnect', onLauncherGone);
  // The launcher may have died during the start.
  if (process.send && !process.connected) onLauncherGone();
}

/** Ends a process that cannot start, with one message, and an exit code by which a supervisor decides on a retry. */
export function failToStart(error: unknown): never {
  const known = error instanceof StartupError;
  process.stderr.write(`${known ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  leave(known ? EXIT_CONFIG : 1);
}

/** Error for a port that is in use. */
export class PortInUseError extends StartupError {
  constructor(host: string, port: number) {
    super(
      `Port ${port} on ${host} is in use by another program.\n` +
        `  Stop that program, or take another port: PORT=${port + 1} npm start`,
    );
  }
}

/** Notifies the launcher, if there is one. */
export function notifyReady(message: { url?: string } = {}): void {
  notifyLauncher({ type: 'ready', ...message });
}

function notifyLauncher(message: object): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
