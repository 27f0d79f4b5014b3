import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuOf, rssOf } from './cpu.mjs';
import { slope } from './stats.mjs';

const PROBE = fileURLToPath(new URL('../../scale/support/memory-probe.mjs', import.meta.url));
/** Each collects all garbage first: more often, and it would be the probe that keeps memory low. */
const PROBES = 20;
const SAMPLES = 120;
const LEAST_MS = 1_000;

/** Memory, disk and processor of a working Roost, sample by sample; times are seconds since `begin`. */
export class GrowthSamples {
  list = [];
  #timer;
  #taking;

  constructor(context, seconds) {
    this.seconds = seconds;
    this.everyMs = Math.max(LEAST_MS, (seconds * 1000) / SAMPLES);
    this.file = join(context.scratch, 'memory.jsonl');
    /** Options of `BenchRoost.start` that let its processes report their memory. */
    this.watch = {
      nodeArgs: [`--import=${PROBE}`],
      env: {
        MEMORY_PROBE_FILE: this.file,
        MEMORY_PROBE_EVERY_MS: String(Math.max(LEAST_MS, Math.round((seconds * 1000) / PROBES))),
      },
    };
  }

  async begin(roost) {
    this.roost = roost;
    this.startedAt = Date.now();
    this.tasksBefore = (await roost.call('GET', '/api/v1/history')).store.tasks;
    await this.#take();
    this.#timer = setInterval(() => {
      this.#taking ??= this.#take().finally(() => (this.#taking = undefined));
      // Reported by `end`, which waits for it.
      this.#taking.catch((error) => (this.failed ??= error));
    }, this.everyMs);
  }

  async end() {
    clearInterval(this.#timer);
    await this.#taking;
    if (this.failed) throw this.failed;
    await this.#take();
  }

  async #take() {
    const { queue, redis, web, workers } = this.roost;
    const atS = (Date.now() - this.startedAt) / 1000;
    const [newest] = await redis.client.xrevrange(queue.toKey('events'), '+', '-', 'COUNT', 1);
    const { recorder, store } = await this.roost.call('GET', '/api/v1/history');
    const { place } = recorder.queues.find(({ name }) => name === queue.name);
    const kept = await queue.getJobCountByTypes('completed', 'waiting', 'paused', 'active');
    const redisBytes = await redis.keptBytes(queue.toKey('events'));
    this.list.push({
      atS,
      tasks: store.tasks - this.tasksBefore,
      webRss: rssOf(web.pid),
      workerRss: rssOf(workers[0].pid),
      redisBytes,
      redisBytesPerTask: redisBytes / kept,
      historyBytesPerTask: store.bytes / store.tasks,
      lagMs: newest ? Math.max(0, timeOf(newest[0]) - timeOf(place)) : 0,
      cpu: { web: cpuOf(web.pid), worker: cpuOf(workers[0].pid), redis: cpuOf(redis.pid) },
    });
  }

  /** `[seconds, bytes]` of heap and buffers after a collection. */
  held(pid) {
    return readFileSync(this.file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter((probe) => probe.pid === pid && probe.at >= this.startedAt)
      .map(({ at, heapUsed, external }) => [(at - this.startedAt) / 1000, heapUsed + external]);
  }

  /** `[seconds, value]` of this name in all samples. */
  points(name) {
    return this.list.map((sample) => [sample.atS, sample[name]]);
  }

  /** Tasks recorded a second, on the whole. */
  get rate() {
    const last = this.list.at(-1);
    return last.tasks / last.atS;
  }

  /** How much more of it each task leaves behind: the slope of the second half, when all that fills up is full. */
  perTask(points) {
    const half = this.list.at(-1).atS / 2;
    return slope(points.filter(([atS]) => atS >= half)) / this.rate;
  }

  /** The lowest of the last quarter, of that of the second: what swings by its garbage has no slope of a few bytes. */
  lowGrowth(name) {
    const lowest = (from, to) => Math.min(...this.#place(from, to).map((sample) => sample[name]));
    return lowest(0.75, 1) / lowest(0.25, 0.5);
  }

  #place(from, to) {
    const last = this.list.length - 1;
    return this.list.slice(Math.round(last * from), Math.round(last * to) + 1);
  }

  /** Processor time of a task in the last quarter, of that in the second. */
  cpuGrowth(name) {
    const us = (samples) => {
      const [from, to] = [samples[0], samples.at(-1)];
      return (to.cpu[name] - from.cpu[name]) / (to.tasks - from.tasks);
    };
    return us(this.#place(0.75, 1)) / us(this.#place(0.25, 0.5));
  }
}

const timeOf = (place) => Number(place.split('-')[0]);
