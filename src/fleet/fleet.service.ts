import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Settings } from '../config/settings.js';
import { RoostError } from '../contract/errors.js';
import { withRedis } from '../queue/redis-errors.js';
import { COMMANDS } from '../queue/tokens.js';
import type { CommandName, CommandReply, Commands } from './command.js';
import { FleetControl } from './fleet-control.js';
import { dismiss, findWorker, listWorkers, readSamples, type SeenWorker } from './presence.js';
import type { LoadSample } from './worker-record.js';
import { isHere, toWorkerDetail, toWorkerView, type WorkerDetail, type WorkerView } from './worker-view.js';

export type { WorkerDetail, WorkerView } from './worker-view.js';

/** What one of several workers said to a command. */
export interface FleetAnswer {
  id: string;
  name: string;
  ok: boolean;
  result?: Record<string, unknown>;
  why?: string;
  /** It did not answer at all; `why` says whether it can still obey. */
  silent?: boolean;
}

/** Who works, and telling them what to do. */
@Injectable()
export class FleetService {
  constructor(
    @Inject(COMMANDS) private readonly redis: Redis,
    private readonly settings: Settings,
    private readonly control: FleetControl,
  ) {}

  /** All workers seen within the last hour. */
  async list(): Promise<WorkerView[]> {
    const workers = await withRedis(this.redis, () => listWorkers(this.redis, this.settings.QUEUE_PREFIX));
    return workers.map(toWorkerView);
  }

  /** The same with everything they told. */
  async records(): Promise<SeenWorker[]> {
    return withRedis(this.redis, () => listWorkers(this.redis, this.settings.QUEUE_PREFIX));
  }

  /** @throws RoostError WORKER_NOT_FOUND, as everything below. */
  async get(id: string): Promise<WorkerDetail> {
    return toWorkerDetail(await this.found(id));
  }

  /** Its load over the last two minutes, oldest first. */
  async samples(id: string): Promise<LoadSample[]> {
    await this.found(id);
    return withRedis(this.redis, () => readSamples(this.redis, this.settings.QUEUE_PREFIX, id));
  }

  /**
   * Tells a worker what to do; answers with what it did.
   * @throws RoostError COMMAND_REFUSED with its reason, WORKER_NO_ANSWER.
   */
  async command<N extends CommandName>(
    id: string,
    name: N,
    args: Commands[N],
    by: string,
  ): Promise<Record<string, unknown>> {
    const worker = await this.found(id);
    if (!worker.online) {
      throw new RoostError(
        'COMMAND_REFUSED',
        `The worker ${worker.name} is offline. It has not been obeyed and will not be.`,
      );
    }
    const reply = await this.control.send(id, name, args, by);
    if (!reply.ok)
      throw new RoostError('COMMAND_REFUSED', `The worker ${worker.name} refused: ${reply.why}.`);
    return reply.result;
  }

  /** The same to several, or to all that are here; each one's answer stands by itself. */
  async commandMany<N extends CommandName>(
    ids: string[] | 'all',
    name: N,
    args: Commands[N],
    by: string,
  ): Promise<FleetAnswer[]> {
    const here = (await this.list()).filter(isHere);
    const chosen = ids === 'all' ? here : here.filter((worker) => ids.includes(worker.id));
    return Promise.all(
      chosen.map(async (worker) => {
        const reply: CommandReply & { silent?: boolean } = await this.control
          .send(worker.id, name, args, by)
          .catch((error: unknown) => ({
            ok: false as const,
            why: error instanceof RoostError ? error.detail : 'it could not be asked',
            silent: true,
          }));
        return { id: worker.id, name: worker.name, ...reply };
      }),
    );
  }

  /** Takes a worker that is gone off the list. @throws RoostError COMMAND_REFUSED for one that is here. */
  async dismiss(id: string): Promise<void> {
    const worker = await this.found(id);
    if (worker.online)
      throw new RoostError('COMMAND_REFUSED', `The worker ${worker.name} is here; stop it first.`);
    await withRedis(this.redis, () => dismiss(this.redis, this.settings.QUEUE_PREFIX, id));
  }

  private async found(id: string): Promise<SeenWorker> {
    const known = /^[\w-]{1,64}$/.test(id);
    const worker = known
      ? await withRedis(this.redis, () => findWorker(this.redis, this.settings.QUEUE_PREFIX, id))
      : undefined;
    if (!worker)
      throw new RoostError('WORKER_NOT_FOUND', 'No worker with this id was seen within the last hour.');
    return worker;
  }
}
