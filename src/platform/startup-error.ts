/** Exit code for a fault that a restart cannot fix (EX_CONFIG of sysexits.h). */
export const EXIT_CONFIG = 78;

/**
 * Fault that the operator can fix. The message explains how, so no stack is printed; the process ends with
 * EXIT_CONFIG.
 */
export class StartupError extends Error {
  override name = 'StartupError';
}
