import { inspect } from 'node:util';

/** Shortest and longest pause between two looks at a condition, ms. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 100;
/**
 * Share of the time waited so far that a pause takes. Most conditions ask the web app: without growing pauses, long waits
 * keep it and the test's process busy.
 */
const PAUSE_SHARE = 0.1;
/** Below the time limit of a test: what is missing is named. A busy machine takes 20 s for a process to start. */
const PATIENCE_MS = 240_000;

/**
 * The first truthy answer of `condition`; a rejection counts as "not yet".
 * For what has no event to wait for; fails with `what` after `limitMs`.
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  limitMs = PATIENCE_MS,
): Promise<Exclude<T, false | null | undefined>> {
  const startedAt = Date.now();
  let last: unknown;
  for (;;) {
    try {
      const answer = await condition();
      if (answer) return answer as Exclude<T, false | null | undefined>;
      last = answer;
    } catch (error) {
      last = error;
    }
    const waitedMs = Date.now() - startedAt;
    if (waitedMs > limitMs) {
      throw new Error(`Not within ${limitMs} ms: ${what}. Last: ${inspect(last, { depth: 6 })}`, {
        cause: last,
      });
    }
    const pauseMs = Math.min(Math.max(waitedMs * PAUSE_SHARE, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
