import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Settings } from '../platform/config/settings.js';
import { withBatchCommands, type BatchRedis } from './batch-commands.js';
import { ledgerKey } from './keys.js';
import { LEDGER_TTL_MS } from './scripts/fencing.js';
import { COMMAND_CLIENT } from './tokens.js';

/** Fencing token that makes a chunk of a long operation change each task only once; see scripts/fencing.ts. */
export interface Fence {
  /** Id of the operation. */
  operation: string;
  /** Number of the chunk; it only grows. */
  token: number;
  /** Sums the time that Redis spent on the operation, ms. */
  meter?: { redisMs: number };
}

/** Rejects a writer whose fencing token is stale: another process has taken over the operation. */
export class StaleFenceError extends Error {
  override name = 'StaleFenceError';
}

interface LedgerTask {
  queue: string;
  id: string;
}

/** Field of a task in the ledger. */
export function ledgerField({ queue, id }: LedgerTask): string {
  return `${queue}/${id}`;
}

/** Ledger in Redis of the tasks that a long operation has changed, which makes each change happen once. */
@Injectable()
export class ProgressLedger {
  private readonly redis: BatchRedis;

  constructor(
    @Inject(COMMAND_CLIENT) redis: Redis,
    private readonly settings: Settings,
  ) {
    this.redis = withBatchCommands(redis);
  }

  /**
   * Opens a chunk. `settled`: tasks of earlier chunks whose outcomes have been stored elsewhere.
   * @throws StaleFenceError
   */
  async open({ operation, token }: Fence, settled: LedgerTask[]): Promise<void> {
    const opened = await this.redis.roostOpenPiece(
      this.key(operation),
      token,
      LEDGER_TTL_MS,
      ...settled.map(ledgerField),
    );
    if (opened !== 1) throw new StaleFenceError();
  }

  /** Loads the tasks that were changed and whose outcomes are not stored elsewhere yet; each maps to `done` or `asked`. */
  async loadActed(operation: string): Promise<Map<string, string>> {
    const known = new Map(Object.entries(await this.redis.hgetall(this.key(operation))));
    known.delete('@');
    return known;
  }

  /** Deletes the ledger of a finished operation. */
  async close(operation: string): Promise<void> {
    await this.redis.del(this.key(operation));
  }

  private key(operation: string): string {
    return ledgerKey(this.settings.QUEUE_PREFIX, operation);
  }
}
