import { Injectable } from '@nestjs/common';
import { QueueControl } from '../bullmq/queue-control.js';
import { RedisHealth } from '../bullmq/connection/redis-health.js';
import { LimitsService } from '../limits/limits.service.js';
import { SharedClock } from '../platform/clock.js';
import { isMaybeOnline } from '../workers/worker-view.js';
import type { WorkerView } from '../workers/workers.openapi.js';
import { toEstimate } from './start-estimate.js';
import type { Blocker, StartEstimate } from './task-queries.openapi.js';
import { toBlockers } from './waiting-reasons.js';
import { FLOW_MS } from './waiting-reasons.service.js';

/** Reasons and estimate of a task that would join the end of a queue now. */
export interface QueueOutlook {
  queue: string;
  /** Reasons why none of its waiting tasks start, the most decisive first. */
  blockers: Blocker[];
  /** Time until the last of the waiting tasks starts. */
  clears: StartEstimate;
  slots: { used: number; total: number };
  /** Times of its latest pauses, ms. */
  pauses: number[];
  /** True if more tasks came in than left; undefined if that is not known. */
  isGrowing?: boolean;
}

/** Task type whose own limits delay tasks. */
export interface HeldType {
  type: string;
  held: number;
}

/** Latest commands of a queue that are searched for pauses. */
const MAX_ACTIONS = 20;

/** Answers "Why isn't it running?" for whole queues, from the same facts and checks as for one task. */
@Injectable()
export class QueueOutlooks {
  constructor(
    private readonly control: QueueControl,
    private readonly limits: LimitsService,
    private readonly health: RedisHealth,
    private readonly clock: SharedClock,
  ) {}

  /** @throws RoostError REDIS_UNAVAILABLE */
  list(queues: { name: string; waiting: number }[], workers: WorkerView[]): Promise<QueueOutlook[]> {
    return Promise.all(queues.map(({ name, waiting }) => this.outlook(name, waiting, workers)));
  }

  /** Lists the types whose limits delay tasks at present. */
  async held(): Promise<HeldType[]> {
    const types = await this.limits.list();
    return types.filter(({ held }) => held > 0).map(({ type, held }) => ({ type, held }));
  }

  private async outlook(queue: string, waiting: number, workers: WorkerView[]): Promise<QueueOutlook> {
    const [hold, flow, actions] = await Promise.all([
      this.control.getHold(queue),
      this.control.findFlow(queue, FLOW_MS),
      this.control.listActions(queue, MAX_ACTIONS),
    ]);
    const now = this.clock.now();
    const consumers = workers
      .filter(isMaybeOnline)
      .flatMap((worker) => worker.consumers.filter((consumer) => consumer.queue === queue));
    const position = { ahead: waiting, atLeast: false };
    const blockers = toBlockers({
      now,
      task: { id: '', type: '', queue, state: 'waiting', createdAt: now, attempts: { made: 0, max: 1 } },
      position,
      queue: hold,
      type: { override: undefined, slots: [], nextStartAt: undefined },
      consumers,
      workersUnknown: this.health.workersHiddenSince !== undefined,
      redis: this.health.problem,
      running: [],
      typeRunning: [],
      flow,
    }).filter(({ code }) => code !== 'BEHIND');
    return {
      queue,
      blockers,
      clears: toEstimate({ now, position, flow }, blockers),
      slots: {
        used: hold.active,
        total: consumers.reduce((sum, one) => sum + (one.paused ? 0 : one.concurrency), 0),
      },
      pauses: actions.flatMap(({ action, at }) => (action === 'pause' && at !== undefined ? [at] : [])),
      ...(flow ? { isGrowing: flow.in > flow.out } : {}),
    };
  }
}
