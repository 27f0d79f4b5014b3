import type { ChainableCommander, Redis } from 'ioredis';

/** What a queue takes up in Redis, as estimated from a few of its tasks. */
export interface QueueSize {
  name: string;
  bytes: number;
  tasks: number;
  /** Tasks whose size was measured. */
  sampled: number;
  /** Of the lists, sets and streams themselves. */
  structureBytes: number;
}

/** Where the ids of each state are kept. */
const LISTS = ['wait', 'active'];
const SETS = ['prioritized', 'delayed', 'completed', 'failed', 'cancelled', 'expired'];
const OTHERS = ['events', 'meta', 'control:log'];

/** Tasks measured of each list, one from each part of it, and elements Redis looks at to judge a list. */
const PER_LIST = 4;
const ELEMENTS = 5;

/** @param base `prefix:queue:` */
export async function readQueueSize(redis: Redis, base: string, name: string): Promise<QueueSize> {
  const counts = await run(
    LISTS.reduce(
      (batch, list) => batch.llen(base + list),
      SETS.reduce((batch, set) => batch.zcard(base + set), redis.pipeline()),
    ),
  );
  const lengths = new Map([...SETS, ...LISTS].map((list, index) => [list, Number(counts[index])]));

  const looks = [...lengths].flatMap(([list, length]) => places(length).map((place) => ({ list, place })));
  const found = await run(
    looks.reduce(
      (batch, { list, place }) =>
        LISTS.includes(list)
          ? batch.lindex(base + list, place)
          : batch.zrange(base + list, String(place), String(place)),
      redis.pipeline(),
    ),
  );
  const samples = looks.flatMap(({ list }, index) => {
    const [id] = [found[index]].flat() as (string | null)[];
    return id ? [{ list, id }] : [];
  });

  const structures = [...LISTS, ...SETS, ...OTHERS];
  const batch = redis.pipeline();
  for (const key of structures) batch.call('MEMORY', 'USAGE', base + key, 'SAMPLES', String(ELEMENTS));
  for (const { id } of samples) {
    batch.call('MEMORY', 'USAGE', base + id, 'SAMPLES', String(ELEMENTS));
    batch.call('MEMORY', 'USAGE', `${base}${id}:logs`, 'SAMPLES', String(ELEMENTS));
  }
  const sizes = (await run(batch)).map((size) => Number(size ?? 0));

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

/** A few places spread over a list: its ends alone would be its oldest or its newest tasks only. */
function places(length: number): number[] {
  const count = Math.min(PER_LIST, length);
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) / count) * length));
}

/** @throws the first error of any command. */
async function run(batch: ChainableCommander): Promise<unknown[]> {
  const rows = (await batch.exec()) ?? [];
  return rows.map(([error, value]) => {
    if (error) throw error;
    return value;
  });
}
