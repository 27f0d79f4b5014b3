import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Settings } from '../config/settings.js';
import { RoostError } from '../contract/errors.js';
import { withRedis } from '../queue/redis-errors.js';
import { COMMANDS } from '../queue/tokens.js';
import { listWorkers, type SeenWorker } from './presence.js';

/** One worker as REST and pages show it. Times are ISO 8601 in UTC. */
export interface WorkerView {
  id: string;
  name: string;
  host: string;
  pid: number;
  status: 'online' | 'offline';
  startedAt: string;
  lastSeenAt: string;
  consumers: { queue: string; concurrency: number; paused: boolean }[];
  active: number;
  left?: string;
}

/** Who works: all workers seen within the last hour. */
@Injectable()
export class FleetService {
  constructor(
    @Inject(COMMANDS) private readonly redis: Redis,
    private readonly settings: Settings,
  ) {}

  async list(): Promise<WorkerView[]> {
    const workers = await withRedis(this.redis, () => listWorkers(this.redis, this.settings.QUEUE_PREFIX));
    return workers.map(toWorkerView);
  }

  /** @throws RoostError WORKER_NOT_FOUND */
  async get(id: string): Promise<WorkerView> {
    const worker = (await this.list()).find((one) => one.id === id);
    if (!worker) throw new RoostError('WORKER_NOT_FOUND', 'No worker with this id was seen within the last hour.');
    return worker;
  }
}

function toWorkerView({ online, startedAt, lastSeenAt, ...worker }: SeenWorker): WorkerView {
  const { id, name, host, pid, consumers, active, left } = worker;
  return {
    id,
    name,
    host,
    pid,
    status: online ? 'online' : 'offline',
    startedAt: new Date(startedAt).toISOString(),
    lastSeenAt: new Date(lastSeenAt).toISOString(),
    consumers,
    active: online ? active : 0,
    ...(left ? { left } : {}),
  };
}
