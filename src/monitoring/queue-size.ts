import type { Redis } from 'ioredis';
import { execAll } from '../bullmq/connection/redis-errors.js';
import { jobKey, queueKey, type QueuePart } from '../bullmq/keys.js';

/** Memory use of a queue in Redis, estimated from a sample of its tasks. */
export interface QueueSize {
  name: string;
  bytes: number;
  tasks: number;
  /** Number of tasks measured. */
  sampled: number;
  /** Size of the lists, sets and streams themselves. */
  structureBytes: number;
}

/** Keys that store the ids of each state. */
const LISTS: readonly QueuePart[] = ['wait', 'active'];
const SETS: readonly QueuePart[] = [
  'prioritized',
  'delayed',
  'waiting-children',
  'completed',
  'failed',
  'cancelled',
  'expired',
];
const OTHERS: readonly QueuePart[] = ['events', 'meta', 'control:log'];

/** Tasks measured per list, spread over it, and elements that Redis samples to estimate the size of a key. */
const SAMPLES_PER_LIST = 4;
const MEMORY_USAGE_SAMPLES = 5;

/** @param base `prefix:queue:` */
export async function readQueueSize(redis: Redis, base: string, name: string): Promise<QueueSize> {
  const counts = await execAll(
    LISTS.reduce(
      (batch, list) => batch.llen(queueKey(base, list)),
      SETS.reduce((batch, set) => batch.zcard(queueKey(base, set)), redis.pipeline()),
    ),
  );
  const lengths = new Map([...SETS, ...LISTS].map((list, index) => [list, Number(counts[index])]));

  const positions = [...lengths].flatMap(([list, length]) =>
    places(length).map((place) => ({ list, place })),
  );
  const found = await execAll(
    positions.reduce(
      (batch, { list, place }) =>
        LISTS.includes(list)
          ? batch.lindex(queueKey(base, list), place)
          : batch.zrange(queueKey(base, list), String(place), String(place)),
      redis.pipeline(),
    ),
  );
  const samples = positions.flatMap(({ list }, index) => {
    const [id] = [found[index]].flat() as (string | null)[];
    return id ? [{ list, id }] : [];
  });

  const structures = [...LISTS, ...SETS, ...OTHERS];
  const batch = redis.pipeline();
  for (const key of structures)
    batch.call('MEMORY', 'USAGE', queueKey(base, key), 'SAMPLES', String(MEMORY_USAGE_SAMPLES));
  for (const { id } of samples) {
    batch.call('MEMORY', 'USAGE', jobKey(base, id), 'SAMPLES', String(MEMORY_USAGE_SAMPLES));
    batch.call('MEMORY', 'USAGE', jobKey(base, id, 'logs'), 'SAMPLES', String(MEMORY_USAGE_SAMPLES));
  }
  const sizes = (await execAll(batch)).map((size) => Number(size ?? 0));

  const structureBytes = sizes.slice(0, structures.length).reduce((sum, size) => sum + size, 0);
  const measured = samples.map(({ list }, index) => {
    const at = structures.length + 2 * index;
    return { list, bytes: sizes[at]! + sizes[at + 1]! };
  });
  const taskBytes = [...lengths].reduce((sum, [list, length]) => {
    const own = measured.filter((sample) => sample.list === list);
    const mean = own.reduce((total, { bytes }) => total + bytes, 0) / Math.max(1, own.length);
    return sum + mean * length;
  }, 0);
  return {
    name,
    bytes: Math.round(structureBytes + taskBytes),
    tasks: [...lengths.values()].reduce((sum, length) => sum + length, 0),
    sampled: samples.length,
    structureBytes,
  };
}

/** Returns indexes spread over a list, because its ends contain only its oldest or newest tasks. */
function places(length: number): number[] {
  const count = Math.min(SAMPLES_PER_LIST, length);
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) / count) * length));
}
