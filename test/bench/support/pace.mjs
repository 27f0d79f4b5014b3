import { setTimeout as pause } from 'node:timers/promises';
import { HttpConnection, requestOf } from './http-connection.mjs';
import { percentile } from './stats.mjs';

const TICK_MS = 5;

/**
 * The same request so many times a second for so long, whatever the server does: what could not be sent in time is sent as
 * soon as a connection is free, and `behind` says how many those were at most.
 */
export async function pace({ perSecond, seconds, connections, expect = 202, ...request }) {
  const whole = requestOf(request);
  const free = Array.from({ length: connections }, () => new HttpConnection(request.url));
  const all = [...free];
  const took = [];
  let sent = 0;
  let behind = 0;
  let failed;
  const send = async (connection) => {
    const since = performance.now();
    try {
      const { status } = await connection.send(whole);
      if (status !== expect) throw new Error(`${request.path} answered ${status}`);
    } catch (error) {
      failed ??= error;
    }
    took.push(performance.now() - since);
    free.push(connection);
  };
  const startedAt = performance.now();
  const total = Math.round(perSecond * seconds);
  while (took.length < total && !failed) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1000) * perSecond));
    while (sent < due && free.length > 0) {
      sent++;
      void send(free.pop());
    }
    behind = Math.max(behind, due - sent);
    await pause(TICK_MS);
  }
  for (const connection of all) connection.close();
  if (failed) throw failed;
  return { sent, behind, p50: percentile(took, 0.5), p99: percentile(took, 0.99), most: percentile(took, 1) };
}
