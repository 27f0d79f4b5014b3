import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import { once } from 'node:events';
import { writeFileSync, mkdtempSync } from 'node:fs';
import { request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createGunzip, gunzipSync, brotliDecompressSync } from 'node:zlib';
import { compressAnswers } from '../../../src/http/compress-answers.js';
import { endHeads } from '../../../src/http/head-requests.js';
import { sendPieces } from '../../../src/http/send-pieces.js';

const PAGE = `<!doctype html>${'<p>a row of a table</p>'.repeat(500)}`;
const file = join(mkdtempSync(join(tmpdir(), 'roost-')), 'style.css');

describe('compressed answers', () => {
  let server: Server;
  let goOn = () => {};
  let isStopped = false;

  beforeAll(async () => {
    writeFileSync(file, 'a { color: red }\n'.repeat(500));
    const app = express();
    app.use(endHeads, compressAnswers());
    app.get('/page', (_req, res) => void res.type('html').send(PAGE));
    app.post('/page', (_req, res) => void res.type('html').send(PAGE));
    app.get('/lines', (_req, res) => void res.type('application/x-ndjson').send('{"id":"a"}\n'.repeat(500)));
    app.get('/small', (_req, res) => void res.json({ id: 'a' }));
    app.get('/image', (_req, res) => void res.type('png').send(Buffer.alloc(10_000)));
    app.get('/file', (_req, res) => void res.sendFile(file, { dotfiles: 'allow' }));
    app.get('/events', (_req, res) => {
      res.type('text/event-stream');
      res.write(`data: ${'x'.repeat(5_000)}\n\n`);
    });
    app.get('/pieces', async (_req, res) => {
      const pieces = async function* () {
        try {
          yield 'the first piece\n';
          await new Promise<void>((resolve) => (goOn = resolve));
          yield 'the second piece\n'.repeat(1000);
        } finally {
          isStopped = true;
        }
      };
      await sendPieces(res, pieces(), { 'Content-Type': 'text/csv; charset=utf-8' });
    });
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const open = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const { port } = server.address() as AddressInfo;
    const sent = request({ port, host: '127.0.0.1', path, method, headers, agent: false }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return answer;
  };
  const ask = async (...args: Parameters<typeof open>) => {
    const answer = await open(...args);
    return { status: answer.statusCode, headers: answer.headers, body: await buffer(answer) };
  };
  const gzip = { 'accept-encoding': 'gzip' };

  it('are smaller, and the same when unpacked', async () => {
    const zipped = await ask('/page', gzip);
    expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    expect(zipped.headers['content-length']).toBeUndefined();
    expect(zipped.body.length).toBeLessThan(PAGE.length / 10);
    expect(gunzipSync(zipped.body).toString()).toBe(PAGE);
    const br = await ask('/page', { 'accept-encoding': 'gzip, deflate, br, zstd' });
    expect(br.headers['content-encoding']).toBe('br');
    expect(brotliDecompressSync(br.body).toString()).toBe(PAGE);
    for (const path of ['/file', '/lines'])
      expect((await ask(path, gzip)).headers['content-encoding']).toBe('gzip');
  });

  it.each<[what: string, path: string, headers: Record<string, string>, method: string]>([
    ['nobody asked for it', '/page', {}, 'GET'],
    ['it is refused', '/page', { 'accept-encoding': 'gzip;q=0, br;q=0, identity' }, 'GET'],
    ['a write is answered', '/page', gzip, 'POST'],
    ['it is short', '/small', gzip, 'GET'],
    ['it is packed already', '/image', gzip, 'GET'],
    ['another site opened it', '/page', { ...gzip, 'sec-fetch-site': 'cross-site' }, 'GET'],
    ['a neighbour opened it', '/page', { ...gzip, 'sec-fetch-site': 'same-site' }, 'GET'],
    ['a part was asked for', '/file', { ...gzip, range: 'bytes=0-4999' }, 'GET'],
  ])('are not made where %s', async (_what, path, headers, method) => {
    const answer = await ask(path, headers, method);
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(Number(answer.headers['content-length'])).toBe(answer.body.length);
    if (method !== 'POST') expect(answer.headers.vary).toBe('Accept-Encoding');
  });

  it('answer 304 to who has it, compressed or not', async () => {
    const { etag } = (await ask('/page', gzip)).headers;
    for (const headers of [gzip, {}]) {
      const again = await ask('/page', { ...headers, 'if-none-match': etag! });
      expect(again).toMatchObject({ status: 304, headers: { etag, vary: 'Accept-Encoding' } });
      expect([again.body.length, again.headers['content-encoding']]).toEqual([0, undefined]);
    }
  });

  it('have the same headers for HEAD, and no body', async () => {
    for (const path of ['/page', '/small', '/file', '/image']) {
      for (const asked of [gzip, {}]) {
        const { headers } = await ask(path, asked);
        const head = await ask(path, asked, 'HEAD');
        delete headers['transfer-encoding'];
        expect([path, head.headers, head.body.length]).toEqual([
          path,
          { ...headers, date: head.headers.date },
          0,
        ]);
      }
    }
    isStopped = false;
    const { headers, body } = await ask('/pieces', gzip, 'HEAD');
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', 'content-type': 'text/csv; charset=utf-8' });
    expect([body.length, isStopped]).toEqual([0, true]);
  });

  it('never hold back an event', async () => {
    const answer = await open('/events', gzip);
    expect(answer.headers['content-encoding']).toBeUndefined();
    const [chunk] = (await once(answer, 'data')) as [Buffer];
    expect(String(chunk)).toMatch(/^data: x/);
    answer.destroy();
  });

  it('hold back no piece of an export, and stop reading for who hangs up', async () => {
    const answer = await open('/pieces', gzip);
    expect(answer.headers['content-encoding']).toBe('gzip');
    const unpacked = answer.pipe(createGunzip());
    const [first] = (await once(unpacked, 'data')) as [Buffer];
    expect(String(first)).toBe('the first piece\n');
    goOn();
    let rest = '';
    for await (const chunk of unpacked) rest += String(chunk);
    expect(rest).toBe('the second piece\n'.repeat(1000));

    isStopped = false;
    const left = await open('/pieces', gzip);
    await once(left, 'data');
    left.destroy();
    goOn();
    while (!isStopped) await new Promise((resolve) => setTimeout(resolve, 10));
  });
});
