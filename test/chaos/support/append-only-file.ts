import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The part of Redis's append-only file that it writes now. */
export class AppendOnlyFile {
  constructor(private readonly dir: string) {}

  get path(): string {
    const folder = join(this.dir, 'appendonlydir');
    const [newest] = readdirSync(folder)
      .filter((name) => name.endsWith('.incr.aof'))
      .sort((a, b) => Number(/\.(\d+)\.incr/.exec(b)![1]) - Number(/\.(\d+)\.incr/.exec(a)![1]));
    return join(folder, newest!);
  }

  get bytes(): number {
    return statSync(this.path).size;
  }

  /** Takes away its end, as a power loss does. Answers how far each of these ids was written: for good, or not at all. */
  cut(bytes: number, ids: readonly string[]): { cutAt: number; kept: Set<string> } {
    const whole = readFileSync(this.path);
    const cutAt = Math.max(0, whole.length - bytes);
    truncateSync(this.path, cutAt);
    const kept = new Set(
      ids.filter((id) => {
        // As a key of its own, not where others speak of it.
        const at = whole.indexOf(`:${id}\r\n`);
        // A script is one transaction: without its end it counts for nothing.
        const end = at < 0 ? -1 : whole.indexOf('\r\nEXEC\r\n', at);
        return end >= 0 && end + 8 <= cutAt;
      }),
    );
    return { cutAt, kept };
  }

  /** Overwrites some of its middle, as a bad disk does. */
  corrupt(bytes: number): void {
    const whole = readFileSync(this.path);
    whole.fill(0xff, Math.floor(whole.length / 2), Math.floor(whole.length / 2) + bytes);
    writeFileSync(this.path, whole);
  }
}
