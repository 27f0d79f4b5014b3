const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is yes. */
export async function until(what, isSo, { limitMs = 60_000, everyMs = 10 } = {}) {
  const deadline = Date.now() + limitMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`Not within ${limitMs} ms: ${what}`);
    await pause(everyMs);
  }
}
