import type { Request } from 'express';
import { isUtf8 } from 'node:buffer';

const PLAIN_TYPES: ReadonlySet<unknown> = new Set(['application/json', 'application/json; charset=utf-8']);
const BYTE_ORDER_MARK = 0xfeff;

/** Whether the body is JSON in UTF-8 of a known length within `limit`, uncompressed: the form that programs send. */
export function isPlainJson({ headers, destroyed }: Request, limit: number): boolean {
  const length = Number(headers['content-length']);
  return (
    PLAIN_TYPES.has(headers['content-type']) &&
    headers['content-encoding'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    length > 0 &&
    length <= limit &&
    !destroyed
  );
}

/**
 * Reads the text of such a body, which costs a fraction of body-parser. Node itself ends the body at its length.
 * Reports the same errors as body-parser.
 */
export function readPlainBody(req: Request, done: (error: unknown, text: string) => void): void {
  const chunks: Buffer[] = [];
  let hasEnded = false;
  const fail = (type: string) => done(Object.assign(new Error(type), { type }), '');
  req.on('data', (chunk: Buffer) => void chunks.push(chunk));
  req.on('error', () => undefined);
  req.on('end', () => {
    hasEnded = true;
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    if (!isUtf8(body)) return fail('utf8.invalid');
    const text = body.toString();
    done(undefined, text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text);
  });
  req.on('close', () => {
    if (!hasEnded) fail('request.aborted');
  });
}
