import type { Redis } from 'ioredis';
import type { Socket } from 'node:net';

/**
 * Records what a connection does from now on, as `w` for a write and `r` for a read, each run of the same once: `wrwr` is
 * two round trips. The statistics of Redis itself count other specs as well.
 */
export function recordTraffic(redis: Redis): { writes: number; trips: string } {
  const { stream } = redis as unknown as { stream: Socket };
  const traffic = { writes: 0, trips: '' };
  const add = (step: 'w' | 'r') => {
    if (!traffic.trips.endsWith(step)) traffic.trips += step;
  };
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  stream.write = ((...args: unknown[]) => {
    traffic.writes++;
    add('w');
    return write(...args);
  }) as typeof stream.write;
  stream.on('data', () => add('r'));
  return traffic;
}
