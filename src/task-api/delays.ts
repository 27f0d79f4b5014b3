/** Maximum delay or pause of a task, ms: 366 days. */
export const MAX_DELAY_MS = 366 * 86_400_000;

/** Maximum delay of a Node timer, ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
