import { afterAll } from '@jest/globals';

/** Something that outlives a test unless it is ended: a process, a server. */
interface Ending {
  name: string;
  isRunning: () => boolean;
  kill: () => Promise<unknown>;
}

const started = new Set<Ending>();

/** From now on the spec file fails if this still runs when it is over; it is killed then. */
export function mustEnd(ending: Ending): void {
  started.add(ending);
}

// Jest runs this before an afterAll of the spec's own top level: those belong inside a describe.
afterAll(async () => {
  const left = [...started].filter((one) => one.isRunning());
  started.clear();
  await Promise.all(left.map((one) => one.kill()));
  if (left.length > 0) {
    const names = left.map((one) => one.name).join(', ');
    throw new Error(
      `Left running by this spec: ${names}. End it in the test, or in an afterAll inside the describe.`,
    );
  }
});
