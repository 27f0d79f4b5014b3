import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { Settings } from '../../platform/config/settings.js';
import { withRedis } from '../../bullmq/connection/redis-errors.js';
import { commandResultsKey } from '../../bullmq/keys.js';
import { COMMAND_CLIENT } from '../../bullmq/tokens.js';
import type { WorkerReply } from '../../workers/workers.openapi.js';
import { isFleetCommand, toReplies, type FleetCommand, type Replies } from './fleet-command.js';

/** Lifetime of the results, ms. They are read right after the redirect, and again while that page stays open. */
const RESULTS_TTL_MS = 10 * 60_000;
const ID = /^[0-9a-f-]{36}$/;

/** Answers of one form's command. `left`: chosen workers that had left. */
interface CommandResult {
  command: FleetCommand;
  answers: WorkerReply[];
  left: { id: string; name: string }[];
}

/**
 * Results of one form's command, for the page that the browser is redirected to. A reload of that page must
 * not run the command again. Stored in Redis, because another web process may serve that page.
 */
@Injectable()
export class CommandResults {
  constructor(
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
    private readonly settings: Settings,
  ) {}

  /** Returns the id of the stored results. @throws RoostError REDIS_UNAVAILABLE */
  async store(result: CommandResult): Promise<string> {
    const id = randomUUID();
    await withRedis(this.redis, () =>
      this.redis.set(this.key(id), JSON.stringify(result), 'PX', RESULTS_TTL_MS),
    );
    return id;
  }

  /** Undefined for expired or damaged results, and while Redis is unavailable: the page is complete without them. */
  async find(id: string | undefined): Promise<Replies | undefined> {
    if (id === undefined || !ID.test(id)) return undefined;
    try {
      const text = await this.redis.get(this.key(id));
      if (text === null) return undefined;
      // Links are built here and not stored: write access to Redis must not be enough to place one on a page.
      const { command, answers, left } = JSON.parse(text) as CommandResult;
      return isFleetCommand(command) ? toReplies(command, answers, left) : undefined;
    } catch {
      return undefined;
    }
  }

  private key(id: string): string {
    return commandResultsKey(this.settings.QUEUE_PREFIX, id);
  }
}
