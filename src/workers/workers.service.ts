import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { SharedClock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { RoostError } from '../model/errors.js';
import { REDIS_CODES, withRedis } from '../bullmq/connection/redis-errors.js';
import { RedisHealth } from '../bullmq/connection/redis-health.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import type { CommandName, CommandReply, Commands } from './command.js';
import { WorkerControl } from './worker-control.js';
import { dismiss, findWorker, listWorkers, readSamples, type KnownWorker } from './presence.js';
import type { LoadSample } from './worker-record.js';
import { isMaybeOnline, toWorkerDetail, toWorkerView } from './worker-view.js';
import type { WorkerDetail, WorkerReply, WorkerView } from './workers.openapi.js';

/** Lists workers and sends them commands. */
@Injectable()
export class WorkersService {
  constructor(
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
    private readonly settings: Settings,
    private readonly control: WorkerControl,
    private readonly health: RedisHealth,
    private readonly clock: SharedClock,
  ) {}

  /** Lists the workers seen within the last hour. */
  async list(): Promise<WorkerView[]> {
    const workers = await this.records();
    const hiddenSince = this.health.workersHiddenSince;
    return workers.map((worker) => toWorkerView(worker, hiddenSince));
  }

  /** Lists the full records of the workers seen within the last hour. */
  async records(): Promise<KnownWorker[]> {
    return withRedis(this.redis, () => listWorkers(this.redis, this.settings.QUEUE_PREFIX, this.clock.now()));
  }

  /** @throws RoostError WORKER_NOT_FOUND, like all methods below. */
  async get(id: string): Promise<WorkerDetail> {
    return toWorkerDetail(await this.getWorker(id), this.health.workersHiddenSince, this.clock.now());
  }

  /** Load of a worker over the last two minutes, oldest first. */
  async samples(id: string): Promise<LoadSample[]> {
    await this.getWorker(id);
    return withRedis(this.redis, () => readSamples(this.redis, this.settings.QUEUE_PREFIX, id));
  }

  /**
   * Sends a command to a worker and returns its result.
   * @throws RoostError COMMAND_REFUSED with the worker's reason, WORKER_NO_ANSWER.
   */
  async command<N extends CommandName>(
    id: string,
    name: N,
    args: Commands[N],
    by: string,
  ): Promise<Record<string, unknown>> {
    const worker = await this.getWorker(id);
    if (!this.isMaybeOnline(worker)) {
      throw new RoostError(
        'COMMAND_REFUSED',
        `The worker ${worker.name} is offline, so the command was not sent.`,
      );
    }
    const reply = await this.control.send(id, name, args, by);
    if (!reply.ok)
      throw new RoostError('COMMAND_REFUSED', `The worker ${worker.name} refused: ${reply.why}.`);
    return reply.result;
  }

  /** Sends a command to several or to all online workers, and returns one reply for each. */
  async commandMany<N extends CommandName>(
    ids: string[] | 'all',
    name: N,
    args: Commands[N],
    by: string,
  ): Promise<WorkerReply[]> {
    const here = (await this.list()).filter(isMaybeOnline);
    const chosen = ids === 'all' ? here : here.filter((worker) => ids.includes(worker.id));
    let trouble: RoostError | undefined;
    const answers = await Promise.all(
      chosen.map(async (worker) => {
        const reply: CommandReply & { silent?: true } = await this.control
          .send(worker.id, name, args, by)
          .catch((error: unknown) => {
            if (error instanceof RoostError && REDIS_CODES.has(error.code)) trouble = error;
            return {
              ok: false as const,
              why: error instanceof RoostError ? error.detail : 'the command could not be sent',
              silent: true as const,
            };
          });
        return { id: worker.id, name: worker.name, ...reply };
      }),
    );
    // No worker received the command: the request itself failed.
    if (trouble && answers.every((answer) => 'silent' in answer)) throw trouble;
    return answers;
  }

  /** Removes an offline worker from the list. @throws RoostError COMMAND_REFUSED for an online one. */
  async dismiss(id: string): Promise<void> {
    const worker = await this.getWorker(id);
    if (this.isMaybeOnline(worker))
      throw new RoostError('COMMAND_REFUSED', `The worker ${worker.name} is online. Stop it first.`);
    await withRedis(this.redis, () => dismiss(this.redis, this.settings.QUEUE_PREFIX, id));
  }

  private isMaybeOnline(worker: KnownWorker): boolean {
    return isMaybeOnline(toWorkerView(worker, this.health.workersHiddenSince));
  }

  private async getWorker(id: string): Promise<KnownWorker> {
    const known = /^[\w-]{1,64}$/.test(id);
    const worker = known
      ? await withRedis(this.redis, () => findWorker(this.redis, this.settings.QUEUE_PREFIX, id))
      : undefined;
    if (!worker)
      throw new RoostError('WORKER_NOT_FOUND', 'No worker with this id was seen within the last hour.');
    return worker;
  }
}
