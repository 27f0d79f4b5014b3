import { once } from 'node:events';
import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  text: string;
  /** Bytes the server had taken when it answered, as far as this side could hand them over. */
  sent: number;
  ms: number;
}

/**
 * Sends bytes as they are, right or wrong, and waits for the connection's end. Pieces are handed over one after the
 * other, as fast as they are taken; a server that answers and closes before the last of them ends it.
 */
export async function rawRequest(
  url: string,
  pieces: Iterable<string | Uint8Array>,
  /** `end`: nothing more is to come, and the other side is told; `limitMs`: then it is over, answered or not. */
  { end = false, limitMs }: { end?: boolean; limitMs?: number } = {},
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const startedAt = performance.now();
  const socket = connect(Number(port), hostname);
  let text = '';
  let sent = 0;
  let over = false;
  const ended = new Promise<void>((resolve) => {
    socket.on('data', (data) => (text += data.toString('latin1')));
    // Reset by the peer is an end like any other: what counts is the answer that came before.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      over = true;
      resolve();
    });
  });
  await once(socket, 'connect');
  for (const piece of pieces) {
    if (over) break;
    sent += piece.length;
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain').catch(() => undefined), ended]);
  }
  if (end && !over) socket.end();
  const limit = limitMs === undefined ? undefined : setTimeout(() => socket.destroy(), limitMs);
  await ended;
  clearTimeout(limit);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
  return { status, text, sent, ms: performance.now() - startedAt };
}

/** The head of a POST of JSON, with what a test wants to say otherwise. */
export function head(path: string, headers: Record<string, string>): string {
  const all = { host: 'localhost', 'content-type': 'application/json', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`POST ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}
