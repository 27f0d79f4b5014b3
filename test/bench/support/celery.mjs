import { runProgram } from '../../../scripts/programs.mjs';
import { inRoot } from '../../../scripts/project.mjs';
import { childrenOf, cpuOfAll } from './cpu.mjs';
import { BenchProcess } from './processes.mjs';
import { until } from './until.mjs';

const PEERS = inRoot('test/bench/peers');
const RESULTS = 'celery-task-meta-*';
const DELETE = `local keys = redis.call('KEYS', ARGV[1]) for i = 1, #keys do redis.call('DEL', keys[i]) end return #keys`;

/** Returns the missing parts, or undefined. */
export function celeryLacks(python) {
  // redis-py is its way to Redis.
  const lacks = ['celery', 'redis'].filter((name) => !python[name]);
  return lacks.length > 0 ? `no ${lacks.join(', ')} here` : undefined;
}

/** Celery with one worker and a Redis of its own. `pool`: what `celery worker` is told, such as `['-P', 'solo']`. */
export class BenchCelery {
  /** Without `pool` nobody works: for what only hands in. */
  static async start(context, pool) {
    const celery = new BenchCelery();
    celery.redis = await context.startRedis();
    celery.python = context.python.bin;
    celery.options = {
      cwd: context.scratch,
      env: { REDIS_URL: celery.redis.url, PYTHONPATH: PEERS, PYTHONDONTWRITEBYTECODE: '1' },
    };
    if (pool) await celery.startWorker(pool);
    return celery;
  }

  spawnWorker(pool) {
    const args = ['-m', 'celery', '-A', 'celery_app', 'worker', '--loglevel', 'INFO', ...pool];
    this.worker = new BenchProcess('celery', this.python, args, this.options);
  }

  async startWorker(pool) {
    this.spawnWorker(pool);
    await until('Celery is ready', () => this.isReady(), { everyMs: 20 });
  }

  isReady() {
    if (!this.worker.isRunning) throw new Error(`Celery has ended. It said:\n${this.worker.output}`);
    return / ready\./.test(this.worker.output);
  }

  /** Hands in tasks that wait until `workOff`, and can be worked off any number of times. */
  async seed(name, count, argument) {
    await this.redis.client.del('seed');
    const args = [
      '-m',
      'celery_seed',
      name,
      String(count),
      ...(argument === undefined ? [] : [String(argument)]),
    ];
    const { code, output } = await runProgram(this.python, args, {
      ...this.options,
      env: { ...process.env, ...this.options.env },
    });
    if (code !== 0) throw new Error(`Celery could not hand in: ${output}`);
    this.seeded = await this.redis.client.llen('seed');
    if (this.seeded !== count) throw new Error(`${this.seeded} of ${count} handed in`);
  }

  pids() {
    return [this.worker.pid, ...childrenOf(this.worker.pid)];
  }

  /** Tasks per second, and microseconds of processor time a task. */
  async workOff() {
    const { client, pid } = this.redis;
    await this.forget();
    const used = () => [cpuOfAll(this.pids()), cpuOfAll([pid])];
    const before = used();
    const startedAt = performance.now();
    await client.copy('seed', 'celery');
    const isDone = async () => (await client.llen('celery')) === 0 && (await this.finished()) === this.seeded;
    await until('Celery has worked off all', isDone, { limitMs: 120_000 });
    const seconds = (performance.now() - startedAt) / 1000;
    const [worker, redis] = used().map((us, i) => Math.round(((us - before[i]) / this.seeded) * 10) / 10);
    return { perSecond: Math.round(this.seeded / seconds), workerUs: worker, redisUs: redis };
  }

  /** All results. */
  async forget() {
    await this.redis.client.eval(DELETE, 0, RESULTS);
  }

  /** Tasks that have a result, or say how far they are. */
  async results() {
    return (await this.redis.client.keys(RESULTS)).length;
  }

  async finished() {
    const { client } = this.redis;
    const keys = await client.keys(RESULTS);
    if (keys.length < this.seeded) return keys.length;
    const results = await client.mget(keys);
    return results.filter((result) => result?.includes('"SUCCESS"')).length;
  }

  async stop() {
    await this.worker?.stop();
    await this.redis.stop();
  }
}
