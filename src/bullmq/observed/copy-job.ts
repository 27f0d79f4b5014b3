import { randomUUID } from 'node:crypto';
import { Job, type JobsOptions, type Queue } from 'bullmq';
import type { TaskRecord } from '../codec/task-record.js';
import { parseStored } from '../codec/parse-stored-json.js';

/** Options that only the original may have: its schedule and delay, its parent, and its deduplication. */
const NOT_COPIED: readonly string[] = [
  ...['repeat', 'repeatJobKey', 'prevMillis', 'jobId', 'timestamp', 'delay'],
  ...['parent', 'deduplication', 'debounce'],
];

/** Job whose data is written to Redis as raw text: parsing and serializing it would round large numbers. */
class CopiedJob extends Job<string> {
  override asJSON() {
    return { ...super.asJSON(), data: this.data };
  }
}

/** Adds a job with the same name, data and options that belongs to no schedule and no flow. Returns its id. */
export async function addCopy(queue: Queue, record: TaskRecord): Promise<string> {
  const jobId = `run-${randomUUID()}`;
  const options = optionsOf(record);
  for (const name of NOT_COPIED) delete (options as Record<string, unknown>)[name];
  await CopiedJob.create(queue as Queue<string>, record.type, record.data ?? '{}', {
    ...options,
    jobId,
  });
  return jobId;
}

/** Creates a job object for BullMQ's commands without parsing its data, which may be no JSON. */
export function toJob(queue: Queue, record: TaskRecord): Job {
  return new Job(queue, record.type, {}, optionsOf(record), record.id);
}

function optionsOf({ options }: TaskRecord): JobsOptions {
  const parsed = parseStored(options);
  return typeof parsed === 'object' && parsed !== null ? Job.optsFromJSON(options!) : {};
}
