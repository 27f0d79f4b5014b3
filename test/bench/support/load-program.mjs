/* Sends requests from a process of its own; its parent says which. */
import { randomUUID } from 'node:crypto';
import { HttpConnection, requestOf } from './http-connection.mjs';
import { pace } from './pace.mjs';

const ORDERS = { load, firstEvents, pace };

process.on('message', async (message) => {
  try {
    process.send({ type: message.type, ...(await ORDERS[message.type](message)) });
  } catch (error) {
    process.send({ type: message.type, failed: error.message });
  }
});
process.on('disconnect', () => process.exit());
process.send({ type: 'ready' });

/** So many requests over so many connections; gives how long all took, and each in ms. */
async function load(wanted) {
  const { url, count, connections, keyed = false, expect = 202 } = wanted;
  const run = randomUUID();
  const plain = requestOf(wanted);
  const took = [];
  let next = 0;
  let bytes = 0;
  const startedAt = Date.now();
  await Promise.all(
    Array.from({ length: Math.min(connections, count) }, async () => {
      const connection = new HttpConnection(url);
      while (next < count) {
        const i = next++;
        const since = performance.now();
        const answer = await connection.send(keyed ? requestOf(wanted, `${run}-${i}`) : plain);
        if (answer.status !== expect) throw new Error(`${wanted.path} answered ${answer.status}`);
        took.push(performance.now() - since);
        bytes += answer.bytes;
      }
      connection.close();
    }),
  );
  return { startedAt, ms: Date.now() - startedAt, took, bytes: bytes / count };
}

/**
 * Submits one task after the other, so many or for so long, and gives how long each took until the stream of events told
 * its end, in ms.
 */
async function firstEvents(wanted) {
  const { url, count, limitMs, events } = wanted;
  const endsAt = Date.now() + limitMs;
  const leave = new AbortController();
  const stream = await fetch(url + events, { headers: wanted.headers, signal: leave.signal });
  const over = new Map();
  let heard = '';
  let notice = () => undefined;
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of stream.body) {
      heard += decoder.decode(chunk, { stream: true });
      for (let end = heard.indexOf('\n\n'); end >= 0; end = heard.indexOf('\n\n')) {
        take(heard.slice(0, end));
        heard = heard.slice(end + 2);
      }
      notice();
    }
  })();
  reading.catch(() => undefined);
  const take = (message) => {
    if (!/^event: changes?$/m.test(message)) return;
    for (const [, id] of message.matchAll(/"id":"([^"]+)"[^{}]*"event":"completed"/g))
      over.set(id, performance.now());
  };
  const connection = new HttpConnection(url);
  const request = requestOf(wanted);
  const took = [];
  for (let i = 0; i < count && Date.now() < endsAt; i++) {
    const since = performance.now();
    const { body } = await connection.send(request, true);
    const { id } = JSON.parse(body);
    while (!over.has(id)) await new Promise((resolve) => (notice = resolve));
    took.push(over.get(id) - since);
    over.delete(id);
  }
  leave.abort();
  connection.close();
  return { took };
}
