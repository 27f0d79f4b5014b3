import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { unavailableSince } from '../bullmq/connection/redis-connections.js';
import { comparePlaces, STREAM_START } from '../bullmq/codec/task-event.js';
import { withStreamCommands, type StreamCommands } from '../bullmq/event-streams.js';
import { observedBase, queueBase, queueKey } from '../bullmq/keys.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { Settings } from '../platform/config/settings.js';
import { HistoryStatus, isBeingRecorded } from './history-status.js';

/** The newest event of each recorded queue, '' without one. */
export type NewestEvents = ReadonlyMap<string, string>;

/** Decides whether what was read from the history has all events of the time before, without asking the recorder. */
@Injectable()
export class HistoryFreshness {
  private readonly redis: StreamCommands;

  constructor(
    @Inject(COMMAND_CLIENT) private readonly client: Redis,
    private readonly settings: Settings,
    private readonly status: HistoryStatus,
  ) {
    this.redis = withStreamCommands(client);
  }

  /** Reads them from Redis; undefined while it does not answer, or nothing is recorded. */
  async newest(): Promise<NewestEvents | undefined> {
    const status = this.status.status();
    const { queues } = status;
    if (queues.length === 0 || !isBeingRecorded(status) || unavailableSince(this.client) !== undefined)
      return undefined;
    const keys = queues.map(({ name, ours }) =>
      queueKey(ours ? queueBase(this.settings.QUEUE_PREFIX, name) : observedBase(name), 'events'),
    );
    try {
      const ids = await this.redis.roostLastIds(keys.length, ...keys);
      return new Map(queues.map(({ name }, i) => [name, ids[i]!]));
    } catch {
      return undefined;
    }
  }
}

/** Whether everything up to the newest events is recorded. `places`: the last recorded entry of each queue. */
export function includesAll(places: Readonly<Record<string, string>>, newest: NewestEvents): boolean {
  for (const [queue, id] of newest)
    if (id !== '' && comparePlaces(places[queue] ?? STREAM_START, id) < 0) return false;
  return true;
}
