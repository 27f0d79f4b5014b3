/** How long the reader of the live page of a task waits for its end, ms. */
const LIMIT_MS = 30_000;

/**
 * Submits a task that reports its progress and follows it over its event stream: how long each report took to come (ms,
 * where the task says when it was made), how many did not come, and whether the last one came before the end.
 */
export async function readProgress(roost, type, input) {
  // Held back until the reader is there.
  await roost.pause();
  const task = await roost.call('POST', '/api/v1/tasks', { type, input });
  const stream = await fetch(`${roost.url}/api/v1/tasks/${task.id}/events`, {
    headers: roost.headers,
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  const seen = new Map();
  let ended = false;
  let lastSeen = false;
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of stream.body) {
    const at = Date.now();
    text += decoder.decode(chunk, { stream: true });
    const messages = text.split('\n\n');
    text = messages.pop();
    for (const message of messages) {
      const [, event] = /^event: (\w+)$/m.exec(message) ?? [];
      const data = /^data: (.*)$/m.exec(message)?.[1] ?? '';
      if (event === 'snapshot') await roost.resume();
      const done = event === 'progress' && Number(/"done":(\d+)/.exec(data)?.[1]);
      if (done && !seen.has(done)) seen.set(done, at);
      if (done === input.times && !ended) lastSeen = true;
      if (/"state":"(completed|failed)"/.test(data)) ended = true;
    }
    if (ended) break;
  }
  const { result } = await roost.call('GET', `/api/v1/tasks/${task.id}`);
  const made = Array.isArray(result) ? result : [];
  const delays = made.flatMap((at, i) => (seen.has(i + 1) ? [seen.get(i + 1) - at] : []));
  return { delays, unseen: made.length - delays.length, lastSeen };
}
