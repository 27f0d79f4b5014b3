import type { RunningApp } from '../../support/processes.js';
import { until } from '../../support/until.js';

/** Environment that lets an app be asked for its memory. */
export const TELLS_MEMORY = {
  NODE_OPTIONS: `--import ${new URL('./tell-memory.mjs', import.meta.url).href}`,
};

/** Memory of a process without its garbage, MB: what is still referred to, and all the system has given it. */
interface Memory {
  heldMb: number;
  rssMb: number;
}

/** Collects the garbage of an app that was started with `TELLS_MEMORY`, and asks what is left. */
export async function memoryOf(app: RunningApp): Promise<Memory> {
  const told = () =>
    (app.messages as { type: string; held: number; rss: number }[]).filter(({ type }) => type === 'memory');
  const before = told().length;
  app.signal('SIGUSR2');
  await until(`${app.name} tells its memory`, () => told().length > before, 20_000);
  const { held, rss } = told().at(-1)!;
  return { heldMb: held / 1e6, rssMb: rss / 1e6 };
}
