import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';

/** The queues that pages offer, to narrow a list or to serve: the shared ones, and no others. */
@Injectable()
export class OfferedQueues {
  readonly names: readonly string[];

  constructor(@InjectQueue('default') standard: Queue, @InjectQueue('cpu') cpu: Queue) {
    this.names = [standard.name, cpu.name];
  }
}
