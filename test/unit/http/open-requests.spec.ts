import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Request, Response } from 'express';
import { EventEmitter } from 'node:events';
import { OpenRequests } from '../../../src/http/open-requests.js';

/** A request that is open, with what its connection has still to move. */
class Exchange extends EventEmitter {
  readonly headers: Record<string, string> = {};
  readonly req = { path: '/', complete: true, socket: { bytesRead: 0, bytesWritten: 0, writableLength: 0 } };
  headersSent = false;
  writableLength = 0;
  isCut = false;

  setHeader(name: string, value: string) {
    this.headers[name] = value;
  }

  destroy() {
    this.isCut = true;
    this.emit('close');
  }
}

describe('a stop that drains what is open', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const open = (requests: OpenRequests, path = '/') => {
    const exchange = new Exchange();
    exchange.req.path = path;
    const next = jest.fn();
    requests.middleware(exchange.req as unknown as Request, exchange as unknown as Response, next);
    return { exchange, refusal: next.mock.calls[0]![0] };
  };
  const drain = (requests: OpenRequests, limitMs: number) => {
    const state = { isOver: false };
    void requests.drain(limitMs).then(() => (state.isOver = true));
    return state;
  };

  it('is over at once where nothing is open', async () => {
    const state = drain(new OpenRequests(), 20_000);
    await jest.advanceTimersByTimeAsync(0);
    expect(state.isOver).toBe(true);
  });

  it('waits for an export that moves, for as long as it may', async () => {
    const requests = new OpenRequests();
    const { exchange } = open(requests);
    exchange.headersSent = true;
    exchange.writableLength = 1000;
    const state = drain(requests, 20_000);
    for (let i = 0; i < 10; i++) {
      exchange.req.socket.bytesWritten += 1000;
      await jest.advanceTimersByTimeAsync(1_000);
    }
    expect([exchange.isCut, state.isOver, exchange.headers]).toEqual([false, false, {}]);
    exchange.emit('close');
    await jest.advanceTimersByTimeAsync(200);
    expect(state.isOver).toBe(true);
  });

  it.each<[what: string, change: (exchange: Exchange) => void]>([
    ['reads its answer no further', (exchange) => (exchange.writableLength = 1000)],
    ['sends the rest of its body no more', (exchange) => (exchange.req.complete = false)],
  ])('cuts off a client that %s', async (_what, change) => {
    const requests = new OpenRequests();
    const { exchange } = open(requests);
    change(exchange);
    const state = drain(requests, 20_000);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(exchange.isCut).toBe(false);
    await jest.advanceTimersByTimeAsync(2_000);
    expect([exchange.isCut, state.isOver]).toEqual([true, true]);
  });

  it('waits for an answer that is still made, and no longer than its limit', async () => {
    const requests = new OpenRequests();
    const { exchange } = open(requests);
    const state = drain(requests, 8_000);
    expect(exchange.headers).toEqual({ Connection: 'close' });
    await jest.advanceTimersByTimeAsync(7_000);
    expect([exchange.isCut, state.isOver]).toEqual([false, false]);
    await jest.advanceTimersByTimeAsync(1_200);
    expect([exchange.isCut, state.isOver]).toEqual([false, true]);
  });

  it('shows what comes new to come back, and is not held up by it', async () => {
    const requests = new OpenRequests();
    const state = drain(requests, 20_000);
    expect(open(requests, '/tasks').refusal).toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(open(requests, '/health/ready').refusal).toMatchObject({ code: 'SHUTTING_DOWN' });
    const { exchange, refusal } = open(requests, '/health/live');
    expect([exchange.headers, refusal]).toEqual([{ Connection: 'close' }, undefined]);
    await jest.advanceTimersByTimeAsync(0);
    expect(state.isOver).toBe(true);
  });
});
