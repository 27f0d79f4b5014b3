import type { Response } from 'express';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Streams text as it is produced, with backpressure. An error before the first piece becomes a problem document. A
 * later error aborts the response, so that it does not appear complete.
 */
export async function sendPieces(
  res: Response,
  pieces: AsyncGenerator<string>,
  headers: Record<string, string>,
): Promise<void> {
  const first = await pieces.next();
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  if (res.req.method === 'HEAD') {
    await pieces.return(undefined);
    // Sent before the end, since an empty response would otherwise get the headers of a short one.
    res.flushHeaders();
    res.end();
    return;
  }
  const whole = async function* () {
    try {
      for (let piece = first; !piece.done; piece = await pieces.next()) {
        yield piece.value;
        // Flushes the compression buffer before the next piece is produced.
        res.flush?.();
      }
    } finally {
      await pieces.return(undefined);
    }
  };
  // Aborts the response of a client that has lost its access, so that it does not appear complete.
  const endListening = res.req.onAccessChange?.(() => {
    void res.req.isSessionValid?.().then((isIn) => isIn || res.destroy());
  });
  try {
    await pipeline(Readable.from(whole()), res);
  } catch (error) {
    // The client has disconnected: no error response is needed.
    if (!res.destroyed && !res.writableEnded) throw error;
  } finally {
    endListening?.();
  }
}
