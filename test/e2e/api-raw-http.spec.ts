import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ContractClient } from '../support/api-contract.js';
import { head, rawRequest } from '../support/raw-request.js';
import { Roost } from '../support/roost.js';

const TASKS = '/api/v1/tasks';

describe('HTTP that is not right', () => {
  let roost: Roost;
  let api: ContractClient;

  beforeAll(async () => {
    roost = await Roost.start({ worker: false });
    api = await ContractClient.of(roost.url);
  });

  afterAll(() => roost.stop());

  it('refuses 10 MB before it has read them, and the connection ends cleanly', async () => {
    const size = 10 * 1024 * 1024;
    const piece = Buffer.alloc(64 * 1024, 97);
    const pieces = [
      head(TASKS, { 'content-length': String(size) }),
      ...Array<Buffer>(size / piece.length).fill(piece),
    ];
    const answer = await rawRequest(roost.url, pieces);
    expect(answer.status).toBe(413);
    expect(answer.text).toMatch(/connection: close/i);
    expect(answer.text).toMatch(/application\/problem\+json/);
    expect(answer.ms).toBeLessThan(2000);
    expect((await api.submit('divide', { x: 10, y: 2 })).status).toBe(202);
  });

  it.each<[what: string, pieces: string[], status: number]>([
    [
      'a chunk with a length that is none',
      [head(TASKS, { 'transfer-encoding': 'chunked' }), 'zz\r\n{}\r\n0\r\n\r\n'],
      400,
    ],
    [
      'chunks without end',
      [
        head(TASKS, { 'transfer-encoding': 'chunked' }),
        ...Array<string>(20).fill(`8000\r\n${'x'.repeat(0x8000)}\r\n`),
      ],
      413,
    ],
    [
      'both lengths',
      [head(TASKS, { 'transfer-encoding': 'chunked', 'content-length': '3' }), '0\r\n\r\n'],
      400,
    ],
    ['two lengths', [head(TASKS, { 'content-length': '2', 'Content-Length': '3' }), '{}'], 400],
    ['a head that is none', ['POST\r\n\r\n'], 400],
    ['a header of 100 kB', [head(TASKS, { 'x-long': 'x'.repeat(1e5) })], 431],
  ])('%s ends with an answer', async (_what, pieces, status) => {
    const answer = await rawRequest(roost.url, pieces);
    expect(answer.status).toBe(status);
    expect(answer.ms).toBeLessThan(2000);
    expect((await api.get('/health/live')).status).toBe(200);
  });
});
