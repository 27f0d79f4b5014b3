import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const PROBE = pathToFileURL(fileURLToPath(new URL('./memory-probe.mjs', import.meta.url))).href;

interface Sample {
  at: number;
  rss: number;
  heapUsed: number;
  handles: number;
}

/** Memory of a process after each garbage collection, from outside. */
export class MemorySamples {
  private constructor(private readonly file: string) {}

  /** Environment that lets an app be watched. */
  static watch(folder: string, name: string): { memory: MemorySamples; env: Record<string, string> } {
    const file = join(folder, `${name}.memory`);
    return {
      memory: new MemorySamples(file),
      env: { NODE_OPTIONS: `--import ${PROBE}`, MEMORY_PROBE_FILE: file },
    };
  }

  /** Growth from `since` on. `mbPer`: growth of all its memory by a straight line, for each `units` of the whole. */
  figures(since: number, units: number) {
    const samples = this.samples().filter(({ at }) => at >= since);
    const mb = (bytes: number) => Math.round(bytes / 1e5) / 10;
    const half = Math.floor(samples.length / 2);
    const mean = (list: Sample[], of: (sample: Sample) => number) =>
      list.reduce((sum, sample) => sum + of(sample), 0) / Math.max(1, list.length);
    const [before, after] = [samples.slice(0, half), samples.slice(half)];
    const heap = (sample: Sample) => sample.heapUsed;
    return {
      samples: samples.length,
      rssMb: mb(samples.at(-1)?.rss ?? 0),
      rssMbPerUnit: Math.round((slope(samples) / 1e6 / units) * 100) / 100,
      heapMb: mb(samples.at(-1)?.heapUsed ?? 0),
      heapGrowth: Math.round((mean(after, heap) / mean(before, heap) - 1) * 1000) / 1000,
      handles: [samples[0]?.handles ?? 0, samples.at(-1)?.handles ?? 0],
    };
  }

  private samples(): Sample[] {
    if (!existsSync(this.file)) return [];
    return readFileSync(this.file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Sample);
  }
}

/** Growth from the first to the last sample along the line of least squares, bytes. */
function slope(samples: Sample[]): number {
  const n = samples.length;
  if (n < 2) return 0;
  const t0 = samples[0]!.at;
  const xs = samples.map(({ at }) => at - t0);
  const mx = xs.reduce((a, b) => a + b, 0) / n;
  const my = samples.reduce((sum, { rss }) => sum + rss, 0) / n;
  const over = samples.reduce((sum, { rss }, i) => sum + (xs[i]! - mx) * (rss - my), 0);
  const under = xs.reduce((sum, x) => sum + (x - mx) ** 2, 0);
  return under === 0 ? 0 : (over / under) * xs.at(-1)!;
}
