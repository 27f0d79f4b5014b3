import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Response } from 'express';
import { EventEmitter } from 'node:events';
import { SseConnection, sseMessage } from '../../../src/events/sse-connection.js';

class FakeResponse extends EventEmitter {
  readonly written: string[] = [];
  readonly writableLength = 0;
  isEnded = false;

  constructor(readonly req: { isSessionValid?: () => Promise<boolean> }) {
    super();
  }

  status() {
    return this;
  }

  set() {
    return this;
  }

  removeHeader() {}

  flushHeaders() {}

  write(chunk: Buffer | string) {
    this.written.push(String(chunk));
  }

  end() {
    this.isEnded = true;
    this.emit('close');
  }
}

describe('a stream of events', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const open = (req: FakeResponse['req']) => {
    const response = new FakeResponse(req);
    new SseConnection(response as unknown as Response, () => undefined);
    return response;
  };

  it('ends within half a minute after a sign-out or a revoked token', async () => {
    let isIn = true;
    const isSessionValid = jest.fn(async () => isIn);
    const response = open({ isSessionValid });
    await jest.advanceTimersByTimeAsync(70_000);
    expect(isSessionValid).toHaveBeenCalledTimes(2);
    expect(response.isEnded).toBe(false);
    isIn = false;
    await jest.advanceTimersByTimeAsync(30_000);
    expect(response.written.at(-1)).toBe('event: bye\ndata: {}\n\n');
    expect(response.isEnded).toBe(true);
    await jest.advanceTimersByTimeAsync(300_000);
    expect(isSessionValid).toHaveBeenCalledTimes(3);
  });

  it('stays open without authentication', async () => {
    const response = open({});
    await jest.advanceTimersByTimeAsync(70_000);
    expect(response.isEnded).toBe(false);
    expect(response.written.filter((text) => text.includes('still here'))).toHaveLength(4);
  });
});

describe('sseMessage', () => {
  it('is one event with any content', () => {
    const hostile = 'a\n\nevent: x\r\rid: 1\r\n\r\ndata: y';
    const text = sseMessage('change', { text: hostile }, '1-0').toString();
    expect(text).toBe(`id: 1-0\nevent: change\ndata: ${JSON.stringify({ text: hostile })}\n\n`);
    expect(text.split(/\r\n|\n|\r/)).toHaveLength(5);
  });
});
