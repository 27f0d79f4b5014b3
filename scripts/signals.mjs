// Handles every way in which a script is asked to stop.

/** Interval of the check for another parent: npm does not forward SIGTERM, but its shell ends. */
const PARENT_EVERY_MS = 200;

/**
 * Calls `onEnd(signal, count)` for Ctrl-C, SIGTERM, a closed terminal and the death of npm. `count` is 2 at the second
 * Ctrl-C.
 */
export function onEnding(onEnd) {
  let count = 0;
  const onSignal = (signal) => onEnd(signal, ++count);
  process.on('SIGINT', () => onSignal('SIGINT'));
  process.on('SIGTERM', () => onSignal('SIGTERM'));
  process.on('SIGHUP', () => onSignal('SIGHUP'));
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    // Ctrl-C may have ended npm as well: that is the same request, not a second one.
    if (count === 0) onSignal('SIGTERM');
  }, PARENT_EVERY_MS);
  watch.unref();
}
