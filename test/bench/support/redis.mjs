import { Redis } from 'ioredis';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { RedisSupervisor } from '../../../scripts/supervisor-client.mjs';
import { anyFreePort } from '../../../scripts/ports.mjs';
import { LASTING, localUrl } from '../../../scripts/redis-embedded.mjs';
import { redisEnvironment } from '../../../scripts/redis-find.mjs';
import { endWith } from './processes.mjs';

/** A Redis of the bench's own, under a supervisor that ends it even when the bench is killed. */
export class BenchRedis {
  /** `args` Defaults to those of the Redis that `npm start` brings, append-only file and all. */
  static async start(redis, scratch, args = LASTING) {
    const guard = new RedisSupervisor();
    const port = await anyFreePort();
    const dir = mkdtempSync(join(scratch, 'redis-'));
    const kept = { bin: redis.bin, env: redisEnvironment(redis), args, dir, port, removeDir: true };
    await guard.begin(kept, 0);
    const server = new BenchRedis();
    Object.assign(server, { guard, port, url: localUrl(port), client: new Redis(localUrl(port)) });
    server.pid = Number(/process_id:(\d+)/.exec(await server.client.info('server'))[1]);
    server.forget = endWith(() => server.stop());
    return server;
  }

  /** Bytes of what it keeps, but for the stream of events, which comes and goes, and for what is on its way to clients and disk. */
  async keptBytes(events) {
    const [info, stream] = await Promise.all([
      this.client.info('memory'),
      this.client.memory('USAGE', events, 'SAMPLES', 0),
    ]);
    const of = (name) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
    const onItsWay = of('mem_clients_normal') + of('mem_clients_slaves') + of('mem_aof_buffer');
    return of('used_memory') - onItsWay - (stream ?? 0);
  }

  async stop() {
    this.forget();
    this.client.disconnect();
    await this.guard.stop();
  }
}
