import { loadavg } from 'node:os';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { WorkerLoad } from '../workers/worker-record.js';

/** Resolution of the delay histogram, ms. Measured delays include this interval. */
const RESOLUTION_MS = 10;

/** Measures the load of this process between two readings. */
export class LoadMeter {
  private readonly delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private cpu = process.cpuUsage();
  private loop = performance.eventLoopUtilization();
  private at = performance.now();

  start(): void {
    this.delays.enable();
  }

  stop(): void {
    this.delays.disable();
  }

  read(): WorkerLoad {
    const now = performance.now();
    const elapsed = Math.max(1, now - this.at);
    const used = process.cpuUsage(this.cpu);
    const loop = performance.eventLoopUtilization(this.loop);
    const heap = getHeapStatistics();
    const late = this.delays.max / 1e6 - RESOLUTION_MS;
    this.at = now;
    this.cpu = process.cpuUsage();
    this.loop = performance.eventLoopUtilization();
    this.delays.reset();
    return {
      cpuPercent: round(((used.user + used.system) / 1000 / elapsed) * 100),
      rssBytes: process.memoryUsage.rss(),
      heapUsedBytes: heap.used_heap_size,
      heapLimitBytes: heap.heap_size_limit,
      lagMs: round(Math.max(0, late)),
      busyPercent: round(loop.utilization * 100),
      loadAverage: loadavg().map((load) => Math.round(load * 100) / 100) as [number, number, number],
    };
  }
}

function round(value: number): number {
  return Number.isFinite(value) ? Math.round(value * 10) / 10 : 0;
}
