import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../support/until.js';
import { limitHere, nightly, percentile, printFigures } from './support/figures.js';
import { Random } from './support/random.js';
import { World } from './support/world.js';

const random = Random.ofRun();
const SLOW = nightly(1_000, 150);
const HALF_OPEN = nightly(2_000, 300);
const LIMIT_MS = 15_000;

/** A connection of a client that means no good. */
interface BadClient {
  socket: Socket;
  openedAt: number;
  endedAt: number | undefined;
}

describe('R16: clients that are slow on purpose', () => {
  let world: World;
  const clients: BadClient[] = [];

  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(async () => {
    for (const { socket } of clients) socket.destroy();
    await world.stop();
  });

  const open = (say: (socket: Socket) => void): BadClient => {
    const socket = connect(Number(new URL(world.url).port), '127.0.0.1', () => say(socket));
    const client: BadClient = { socket, openedAt: Date.now(), endedAt: undefined };
    socket.on('error', () => undefined);
    socket.on('close', () => (client.endedAt = Date.now()));
    socket.resume();
    clients.push(client);
    return client;
  };

  /** Good requests, one after the other, as long as `going`; how long each took, ms. */
  const goodRequests = async (going: () => boolean): Promise<number[]> => {
    const took: number[] = [];
    while (going()) {
      const startedAt = performance.now();
      const answer = await world.api.call('GET', '/api/v1/queues');
      expect(answer.status).toBe(200);
      await answer.arrayBuffer();
      took.push(performance.now() - startedAt);
      await delay(10);
    }
    return took;
  };

  it('do not slow down the others, and are cut off', async () => {
    const quietEnd = Date.now() + 2_000;
    const before = await goodRequests(() => Date.now() < quietEnd);
    // A header now and then, a body byte by byte, and nothing at all.
    const drip: NodeJS.Timeout[] = [];
    for (let n = 0; n < SLOW; n++) {
      const body = n % 2 === 1;
      open((socket) => {
        socket.write(
          body
            ? 'POST /api/v1/tasks HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{'
            : 'GET /api/v1/queues HTTP/1.1\r\nhost: x\r\n',
        );
        drip.push(setInterval(() => socket.write(body ? ' ' : `x-${n}: 1\r\n`), random.int(400, 1_500)));
      });
    }
    for (let n = 0; n < HALF_OPEN; n++) open(() => undefined);
    let over = false;
    const during = goodRequests(() => !over);
    const headers = clients.filter((_, n) => n < SLOW && n % 2 === 0);
    await until(
      'those with slow headers are cut',
      () => headers.every(({ endedAt }) => endedAt),
      40_000,
    ).catch(() => undefined);
    over = true;
    const took = await during;
    for (const timer of drip) clearInterval(timer);
    const lived = headers.map(({ openedAt, endedAt }) => (endedAt ?? Infinity) - openedAt);
    printFigures('R16 slow clients', random, {
      slow: SLOW,
      halfOpen: HALF_OPEN,
      goodRequests: took.length,
      goodP95Ms: percentile(took, 0.95),
      goodP95BeforeMs: percentile(before, 0.95),
      slowHeadersCutMaxMs: Math.max(...lived),
    });
    expect(percentile(took, 0.95)).toBeLessThanOrEqual(limitHere(200));
    expect(Math.max(...lived)).toBeLessThanOrEqual(LIMIT_MS);
  });
});
