import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { TestProcess } from '../../support/processes.js';
import { percentile } from '../../chaos/support/figures.js';

const PROBE = pathToFileURL(fileURLToPath(new URL('./loop-probe.mjs', import.meta.url))).href;

interface Second {
  at: number;
  /** Longest time it was not free, ms. */
  max: number;
  /** The same without what the thread stood in line for a processor, ms: its own doing. */
  own: number;
  p99: number;
  rss: number;
}

/** Every second of an event loop from outside: that of an app, or of a process that does nothing, which shows what the machine is to blame for. */
export class LoopDelays {
  private constructor(private readonly file: string) {}

  /** Environment that lets an app be watched. */
  static watch(folder: string, name: string): { delays: LoopDelays; env: Record<string, string> } {
    const file = join(folder, `${name}.loop`);
    return {
      delays: new LoopDelays(file),
      env: { NODE_OPTIONS: `--import ${PROBE}`, LOOP_PROBE_FILE: file },
    };
  }

  /** A process that does nothing. */
  static idle(folder: string): { delays: LoopDelays; idler: TestProcess } {
    const { delays, env } = LoopDelays.watch(folder, 'idle');
    const script = join(folder, 'idle.mjs');
    writeFileSync(script, 'setInterval(() => {}, 1000);');
    return { delays, idler: new TestProcess('idle', process.execPath, [script], { cwd: folder, env }) };
  }

  /** The longest time of each second from `since` on that the loop's own work took, ms. */
  own(since: number): number[] {
    return this.seconds(since).map(({ own }) => own);
  }

  figures(since: number) {
    const seconds = this.seconds(since);
    const max = seconds.map((second) => second.max);
    return {
      seconds: seconds.length,
      p50OfMax: percentile(max, 0.5),
      p99OfMax: percentile(max, 0.99),
      max: Math.max(0, ...max),
      p99OfOwn: percentile(this.own(since), 0.99),
      maxOfOwn: Math.max(0, ...this.own(since)),
      over50: max.filter((ms) => ms > 50).length,
      rssMb: Math.round(Math.max(0, ...seconds.map(({ rss }) => rss)) / 2 ** 20),
    };
  }

  private seconds(since: number): Second[] {
    if (!existsSync(this.file)) return [];
    const lines = readFileSync(this.file, 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line) as Second).filter(({ at }) => at > since);
  }
}
