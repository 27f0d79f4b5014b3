import { Queue } from 'bullmq';
import { BenchProcess } from './processes.mjs';
import { workOff } from './work-off.mjs';

/** BullMQ alone, as its documentation shows it: the same version, the same Redis, a worker in a process of its own. */
export class BareBullmq {
  /** `client`: package of the worker's Redis client and its protocol, where they are not ours. */
  static async start(context, { concurrency = 50, workers = 1, redisArgs, client = [] } = {}) {
    const bare = new BareBullmq();
    bare.redis = await context.startRedis(redisArgs);
    bare.queue = new Queue('bare', { connection: bare.redis.client });
    bare.workers = await Promise.all(
      Array.from({ length: workers }, async () => {
        const args = [context.build.peer('bullmq-worker'), bare.redis.url, String(concurrency), ...client];
        const worker = new BenchProcess('bare-worker', process.execPath, args, {
          cwd: context.scratch,
          ipc: true,
        });
        await worker.message('ready');
        return worker;
      }),
    );
    return bare;
  }

  async add(name, count, data = (i) => ({ n: i })) {
    for (let from = 0; from < count; from += 1000) {
      const length = Math.min(1000, count - from);
      await this.queue.addBulk(Array.from({ length }, (_, i) => ({ name, data: data(from + i) })));
    }
  }

  /** Jobs that wait in the paused queue. */
  async workOff(count) {
    const { queue, redis } = this;
    const workers = this.workers.map(({ pid }) => pid);
    const figures = await workOff({ queue, redis, count, workers, resume: () => queue.resume() });
    await queue.clean(0, 0, 'completed');
    return figures;
  }

  async stop() {
    await Promise.all(this.workers.map((worker) => worker.stop()));
    await this.redis.stop();
  }
}
