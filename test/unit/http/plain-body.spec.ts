import { describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import { PassThrough } from 'node:stream';
import { isPlainJson, readPlainBody } from '../../../src/http/plain-body.js';

const LIMIT = 100;

function isPlain(headers: Record<string, string>): boolean {
  return isPlainJson({ headers, destroyed: false } as unknown as Request, LIMIT);
}

function read(...chunks: Buffer[]): Promise<{ type: unknown; text: string }> {
  const stream = new PassThrough();
  const answer = new Promise<{ type: unknown; text: string }>((resolve) =>
    readPlainBody(stream as unknown as Request, (error, text) =>
      resolve({ type: (error as { type?: string } | undefined)?.type, text }),
    ),
  );
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return answer;
}

describe('the body that programs send', () => {
  const json = { 'content-type': 'application/json', 'content-length': '20' };

  it('is JSON of a known length within the limit', () => {
    expect(isPlain(json)).toBe(true);
    expect(isPlain({ ...json, 'content-type': 'application/json; charset=utf-8' })).toBe(true);
    expect(isPlain({ ...json, 'content-length': String(LIMIT) })).toBe(true);
  });

  it.each([
    ['too long', { 'content-length': '101' }],
    ['empty', { 'content-length': '0' }],
    ['of a length that is no number', { 'content-length': 'x' }],
    ['compressed', { 'content-encoding': 'gzip' }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
    ['in another charset', { 'content-type': 'application/json; charset=utf-16' }],
    ['of another type', { 'content-type': 'text/plain' }],
  ])('is not one that is %s', (_what, headers) => {
    expect(isPlain({ ...json, ...headers })).toBe(false);
  });

  it('is read over all its parts, a character split between two included', async () => {
    const bytes = Buffer.from('{"a":"ä"}');
    expect(await read(bytes.subarray(0, 7), bytes.subarray(7))).toEqual({
      type: undefined,
      text: '{"a":"ä"}',
    });
  });

  it('loses its byte-order mark, and is refused when it is no UTF-8', async () => {
    expect(await read(Buffer.from('\ufeff{}'))).toEqual({ type: undefined, text: '{}' });
    expect(await read(Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({ type: 'utf8.invalid' });
  });

  it('is reported as aborted when the client leaves', async () => {
    const stream = new PassThrough();
    const answer = new Promise((resolve) =>
      readPlainBody(stream as unknown as Request, (error) => resolve((error as { type: string }).type)),
    );
    stream.write('{"a"');
    stream.destroy();
    expect(await answer).toBe('request.aborted');
  });
});
