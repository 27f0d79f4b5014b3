import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { VERSION } from '../platform/project-root.js';
import { SharedClock } from '../platform/clock.js';
import { TaskRegistry } from '../registry/task-registry.js';
import { Settings } from '../platform/config/settings.js';
import { shownArguments, shownSettings } from '../platform/config/shown-settings.js';
import { MAX_LISTED_TASKS, type LoadSample, type WorkerRecord } from '../workers/worker-record.js';
import { RedisClock } from '../bullmq/connection/redis-clock.js';
import { Consumers } from './consumers.js';
import { Isolation } from './isolation/isolation.js';
import { LoadMeter } from './load-meter.js';
import { AttemptCounters } from './attempt-counters.js';
import { TaskRunner } from './task-runner.js';
import { WorkerCommands } from './worker-commands.js';

/** State of this worker, as published. */
@Injectable()
export class WorkerSnapshot {
  readonly id = randomUUID();
  /** Time by this machine's own clock, ms. */
  private readonly startedAt = Date.now();
  private readonly meter = new LoadMeter();
  private readonly versions: WorkerRecord['versions'];
  private lastBusy = 0;

  constructor(
    private readonly consumers: Consumers,
    private readonly runner: TaskRunner,
    private readonly counters: AttemptCounters,
    private readonly commands: WorkerCommands,
    private readonly isolation: Isolation,
    private readonly registry: TaskRegistry,
    private readonly settings: Settings,
    private readonly clock: RedisClock,
    private readonly sharedClock: SharedClock,
  ) {
    this.versions = { app: settings.APP_VERSION, ...readVersions() };
  }

  get busyPercent(): number {
    return this.lastBusy;
  }

  /** Reason of the worker's exit, if a command asked for it. */
  get leaving(): string | undefined {
    return this.commands.leaving;
  }

  start(): void {
    this.meter.start();
  }

  stop(): void {
    this.meter.stop();
  }

  read(): { record: WorkerRecord; sample: LoadSample } {
    const load = this.meter.read();
    this.lastBusy = load.busyPercent;
    const now = this.sharedClock.now();
    const active = this.runner.active;
    const record: WorkerRecord = {
      id: this.id,
      name: this.settings.WORKER_NAME,
      host: hostname(),
      pid: process.pid,
      startedAt: this.sharedClock.toShared(this.startedAt),
      lastSeenAt: now,
      ...(this.clock.aheadMs === undefined ? {} : { clockAheadMs: Math.round(this.clock.aheadMs) }),
      versions: this.versions,
      args: shownArguments([...process.execArgv, ...process.argv.slice(1)]),
      settings: shownSettings(this.settings),
      consumers: this.consumers.records(),
      taskTypes: this.registry
        .all()
        .map((type) => ({ name: type.name, queue: type.queue, isolated: type.isolate })),
      paused: this.commands.pausedBy,
      draining: this.commands.draining,
      active,
      running: this.runner
        .list()
        .slice(0, MAX_LISTED_TASKS)
        .map(({ taskId, type, queue, attempt, startedAt }) => ({
          id: taskId,
          type,
          queue,
          attempt,
          startedAt,
        })),
      totals: this.counters.totals,
      byType: this.counters.byType(),
      load,
      children: this.isolation.children(),
    };
    const sample: LoadSample = {
      at: now,
      cpu: load.cpuPercent,
      rssMb: Math.round(load.rssBytes / 1e6),
      lagMs: load.lagMs,
      active,
    };
    return { record, sample };
  }
}

function readVersions(): Omit<WorkerRecord['versions'], 'app'> {
  const require = createRequire(import.meta.url);
  const { version: bullmq } = require('bullmq/package.json') as { version: string };
  return { roost: VERSION, node: process.versions.node, bullmq };
}
