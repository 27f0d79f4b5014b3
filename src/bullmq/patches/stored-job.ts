import { Job, type JobsOptions, type MinimalQueue, type Queue } from 'bullmq';
import { decodeEnvelope, encodeEnvelope } from '../codec/job-envelope.js';

/**
 * BullMQ's job as Roost stores it, 100 bytes shorter for most tasks: without its id among its options, which is its key,
 * without the number of attempts that BullMQ assumes anyway, and without an envelope that contains nothing but the input.
 */
class StoredJob extends Job {
  constructor(queue: MinimalQueue, name: string, data: unknown, given: JobsOptions = {}, id?: string) {
    const { jobId: _id, ...options } = given;
    const stored = encodeEnvelope(decodeEnvelope(data));
    super(queue, name, stored.data, { ...options, ...stored.options }, id);
    const { attempts, ...rest } = this.opts;
    if (!attempts) this.opts = rest;
  }
}

/** Makes a queue add such jobs. */
export function storeShort(queue: Queue): void {
  Object.defineProperty(queue, 'Job', { value: StoredJob });
}
