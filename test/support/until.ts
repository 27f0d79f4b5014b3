/** How often a condition without an event of its own is looked at, ms. */
const EVERY_MS = 20;
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
  const deadline = Date.now() + limitMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await condition();
      if (answer) return answer as Exclude<T, false | null | undefined>;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`Not within ${limitMs} ms: ${what}`, { cause: last });
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}
