import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { pino } from 'pino';
import { unavailableSince, commandConnection } from '../../../../src/bullmq/connection/redis-connections.js';
import { RedisServer } from '../../../support/redis-server.js';
import { until } from '../../../support/until.js';

const log = pino({ level: 'silent' });

describe('a connection to a primary that has become a replica', () => {
  let primary: RedisServer;
  let next: RedisServer;
  let target: number;
  /** Proxy address whose target can be switched to another Redis, like a failover. */
  let name: Server;
  let redis: Redis;

  beforeAll(async () => {
    [primary, next] = await Promise.all([RedisServer.start(), RedisServer.start()]);
    target = primary.port;
    name = createServer((socket) => {
      const there = connect(target, '127.0.0.1');
      for (const [from, to] of [
        [socket, there],
        [there, socket],
      ] as const) {
        from.on('error', () => to.destroy());
        from.on('close', () => to.destroy());
        from.pipe(to);
      }
    }).listen(0, '127.0.0.1');
    await once(name, 'listening');
    const { port } = name.address() as AddressInfo;
    const url = `redis://127.0.0.1:${port}`;
    redis = commandConnection(
      { REDIS_URL: url, REDIS_TLS_CA: '', REDIS_TLS_CERT: '', REDIS_TLS_KEY: '' },
      'test',
      log,
    );
  });

  afterAll(async () => {
    redis.disconnect();
    name.close();
    await Promise.all([primary.remove(), next.remove()]);
  });

  it('reconnects to the new primary at the same address without an outage', async () => {
    await redis.set('before', '1');
    let outages = 0;
    redis.on('close', () => (outages += unavailableSince(redis) === undefined ? 0 : 1));
    target = next.port;
    await redis.replicaof('127.0.0.1', String(next.port));
    // The command is not repeated; its caller receives the error.
    await expect(redis.set('during', '1')).rejects.toThrow('READONLY');
    await until('it writes to the new one', () => redis.set('after', '1'));
    expect(await redis.exists('during')).toBe(0);
    expect(outages).toBe(0);
  });
});

describe('a slow command', () => {
  let server: RedisServer;
  let redis: Redis;

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = commandConnection(
      { REDIS_URL: server.url, REDIS_TLS_CA: '', REDIS_TLS_CERT: '', REDIS_TLS_KEY: '' },
      'test',
      log,
    );
    await redis.ping();
  });

  afterAll(async () => {
    redis.disconnect();
    await server.remove();
  });

  it('returns its answer after this process was blocked for longer than the timeout', async () => {
    const { commandTimeout } = redis.options;
    const answers = Promise.all([redis.set('a', '1'), redis.pipeline().get('a').exec()]);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, commandTimeout! + 500);
    expect(await answers).toEqual(['OK', [[null, '1']]]);
  });

  it('times out if Redis does not answer', async () => {
    server.freeze();
    await expect(redis.get('a')).rejects.toThrow('Command timed out');
    server.thaw();
    await until('it answers again', async () => (await redis.get('a')) === '1');
  });
});
