import { Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { InjectQueues } from '../../bullmq/shared-queues.js';

/** Queues that pages offer as a filter or to serve: only the shared ones. */
@Injectable()
export class OfferedQueues {
  readonly names: readonly string[];

  constructor(@InjectQueues() queues: Queue[]) {
    this.names = queues.map(({ name }) => name);
  }
}
