import { execFileSync } from 'node:child_process';

/**
 * Environment of a process whose clock is wrong by so many seconds, by Debian's faketime: its library alone, without
 * the process it would put around. Undefined where it is not installed.
 */
export function wrongClock(seconds: number): Record<string, string> | undefined {
  try {
    const LD_PRELOAD = execFileSync('faketime', ['-m', '-f', '+0', 'printenv', 'LD_PRELOAD']).toString();
    return { LD_PRELOAD: LD_PRELOAD.trim(), FAKETIME: `${seconds >= 0 ? '+' : ''}${seconds}s` };
  } catch {
    return undefined;
  }
}
