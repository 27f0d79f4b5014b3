import { syncBuiltinESMExports } from 'node:module';
import { constants } from 'node:os';

/*
 * Guards the end of this process: only Roost may end it, by `leave`. Task handlers run in it too, and their libraries
 * may call `process.exit`. Such an exit must look like a crash, or the supervisor treats it as a deliberate stop.
 */

const exit = process.exit.bind(process);
const abort = process.abort.bind(process);
const kill = process.kill.bind(process);
const disconnect = process.disconnect?.bind(process);

/** Signals that request nothing or do not end a process by default. */
const HARMLESS_SIGNALS = new Set<unknown>([0, 'SIGCHLD', 'SIGCONT', 'SIGURG', 'SIGWINCH', 'SIGUSR1']);
/** Signals that Roost handles as a stop request. */
const STOP_SIGNALS = new Set<unknown>(['SIGTERM', 'SIGINT', 'SIGHUP']);

let isLeaving = false;

/** Ends this process deliberately. */
export function leave(code: number): never {
  isLeaving = true;
  return exit(code);
}

/** Requests a graceful stop of this process, as a service manager does. */
export function stopSelf(): void {
  kill(process.pid, 'SIGTERM');
}

/** Error for foreign code that tried to end the process. */
export class ProcessEndError extends Error {
  override name = 'ProcessEndError';

  constructor(
    /** Call such as `process.exit(0)`. */
    readonly call: string,
    who: string,
  ) {
    super(
      `${who} called ${call}, which would end the process that other tasks run in. Return or throw instead.`,
    );
  }
}

export interface ExitGuard {
  /** True while code of a handler runs. */
  isHandler: () => boolean;
  /** Called for each attempt; `proceed` executes the call. After it returns, the error is thrown to the caller. */
  onCall: (error: ProcessEndError, proceed: () => void) => void;
}

let guard: ExitGuard = { isHandler: () => false, onCall: () => undefined };

export function setExitGuard(next: ExitGuard): void {
  guard = next;
}

/** Intercepts calls that end the process. Until `setExitGuard` is called, they only throw an error. */
export function guardExit(): void {
  const refuse = (call: string, proceed: () => void): never => {
    const who = guard.isHandler() ? 'The handler' : "Code that is not Roost's";
    const error = new ProcessEndError(call, who);
    guard.onCall(error, proceed);
    throw error;
  };
  process.exit = (code) => refuse(`process.exit(${code ?? ''})`, () => exit(code));
  process.abort = () => refuse('process.abort()', abort);
  process.kill = (pid, signal = 'SIGTERM') => {
    if (!guard.isHandler() || !endsThis(pid, signal)) return kill(pid, signal);
    return refuse(`process.kill(${pid}, ${JSON.stringify(signal)})`, () => kill(pid, signal));
  };
  if (disconnect) {
    // The channel to the launcher: without it the app assumes that the launcher has died, and stops.
    process.disconnect = () =>
      guard.isHandler() ? refuse('process.disconnect()', disconnect) : disconnect();
  }
  // Updates the named exports too, as in `import { exit } from 'node:process'`.
  syncBuiltinESMExports();
}

/** Sets a non-zero exit code for every exit without `leave`, so that the supervisor treats it as a crash. */
export function markUnexpectedExits(): void {
  process.on('exit', () => {
    if (!isLeaving) process.exitCode = 1;
  });
}

function endsThis(pid: number, signal: string | number): boolean {
  // 0 and negative numbers are process groups; each app leads its own.
  if (pid !== process.pid && pid !== 0 && pid !== -process.pid) return false;
  const name =
    typeof signal === 'number'
      ? (Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? signal)
      : signal;
  if (HARMLESS_SIGNALS.has(name)) return false;
  return STOP_SIGNALS.has(name) || process.listenerCount(String(name)) === 0;
}
