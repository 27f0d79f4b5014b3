import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { ChildOutput } from '../../../../src/worker/isolation/child-output.js';

describe('ChildOutput', () => {
  let stream: PassThrough;
  let lines: string[];
  let output: ChildOutput;

  beforeEach(() => {
    stream = new PassThrough();
    lines = [];
    output = new ChildOutput(stream, (line) => lines.push(line));
  });

  afterEach(() => {
    stream.destroy();
    jest.useRealTimers();
  });

  const end = async () => {
    stream.end();
    await once(stream, 'close');
  };

  it('tells line by line, however the pieces come, and leaves out empty ones', async () => {
    for (const piece of ['on', 'e\n\ntw', 'o\r\nthr', 'ee']) stream.write(piece);
    await end();
    expect(lines).toEqual(['one', 'two', 'three']);
  });

  it('tells a long line in pieces', async () => {
    stream.write('x'.repeat(9000));
    await end();
    expect(lines.map(({ length }) => length)).toEqual([4000, 4000, 1000]);
  });

  it('remembers the last words', async () => {
    stream.write('x'.repeat(20_000));
    stream.write('FATAL ERROR\n');
    await end();
    expect(output.tail).toMatch(/x\nFATAL ERROR\n$|xFATAL ERROR\n$/);
    expect(output.tail.length).toBe(16_000);
  });

  it('holds a flood back, and loses none of it', async () => {
    stream.write('line\n'.repeat(1000));
    if (!stream.isPaused()) await once(stream, 'pause');
    output.drain();
    stream.write('last\n');
    await end();
    expect(lines).toHaveLength(1001);
  });
});
