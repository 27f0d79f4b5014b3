import type { Logger } from 'pino';
import type { Redaction } from '../redaction/redaction.js';
import { scrubError } from '../redaction/scrub.js';

/** Minimum time between two lines for the same fault, ms. It recurs with every input of its kind. */
const REPEAT_INTERVAL_MS = 10_000;
const MAX_TRACKED_FAULTS = 1000;

/** Logs errors thrown by code of an input class, with the stack, for the developer of the task type. */
export function logInputFaults(log: Logger, redaction: Redaction) {
  const lastAt = new Map<string, number>();
  return (
    thrown: unknown,
    { type, field, what, input }: { type: string; field?: string; what: string; input: unknown },
  ): void => {
    const error = scrubError(thrown, input, redaction);
    const key = `${type} ${field} ${what} ${error.message}`;
    if (Date.now() - (lastAt.get(key) ?? -Infinity) < REPEAT_INTERVAL_MS) return;
    if (lastAt.size >= MAX_TRACKED_FAULTS) lastAt.clear();
    lastAt.set(key, Date.now());
    log.error({ type, field, err: error }, `the input class of ${type} failed: ${what}`);
  };
}
