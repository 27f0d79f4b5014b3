import { describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { Writable } from 'node:stream';
import { batchWrites } from '../../../../src/bullmq/patches/batched-writes.js';

/** A client whose socket records the number of commands in each write. */
function recordingClient(status = 'ready') {
  const writes: number[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (_chunk, _encoding, done) => (writes.push(1), done()),
    writev: (chunks, done) => (writes.push(chunks.length), done()),
  });
  const client = { status, stream, sendCommand: (command: string) => stream.write(command) };
  return { writes, client: batchWrites(client as unknown as Redis) as unknown as typeof client };
}

const endOfTurn = () => new Promise((resolve) => process.nextTick(resolve));

describe('batchWrites', () => {
  it('sends the commands of a turn in batches, the last at the end of the turn', async () => {
    const { client, writes } = recordingClient();
    for (let i = 0; i < 20; i++) client.sendCommand('PING');
    expect(writes).toEqual([8, 8]);
    await endOfTurn();
    expect(writes).toEqual([8, 8, 4]);
    client.sendCommand('PING');
    await endOfTurn();
    expect(writes).toEqual([8, 8, 4, 1]);
  });

  it('sends at once while the client connects', () => {
    const { client, writes } = recordingClient('connect');
    client.sendCommand('HELLO');
    expect(writes).toEqual([1]);
  });
});
