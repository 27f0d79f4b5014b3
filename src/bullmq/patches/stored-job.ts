import { Job, type JobsOptions, type MinimalQueue, type Queue } from 'bullmq';

/** BullMQ's job without its id among its stored options: 40 bytes of each task. The id is its key, and read from there. */
class StoredJob extends Job {
  constructor(queue: MinimalQueue, name: string, data: unknown, options: JobsOptions = {}, id?: string) {
    const { jobId: _id, ...stored } = options;
    super(queue, name, data, stored, id);
  }
}

/** Makes a queue add jobs whose options do not repeat the id. */
export function storeIdOnce(queue: Queue): void {
  Object.defineProperty(queue, 'Job', { value: StoredJob });
}
