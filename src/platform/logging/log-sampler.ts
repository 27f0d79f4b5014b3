/** Limit on lines of one kind per window. Further lines are counted. */
const MAX_LINES_PER_KIND = 20;
const WINDOW_MS = 1000;
/** Limit on kinds per window. Lines of further kinds are always written, since each kind must be rare then. */
const MAX_KINDS = 1000;

interface Kind<Facts> {
  facts: Facts;
  written: number;
  more: number;
  slowestMs: number;
}

/**
 * Limits repeated log lines, since thousands of lines a second are useless and expensive. Reports the number of
 * omitted lines at the end of each window.
 */
export class LogSampler<Facts> {
  private readonly kinds = new Map<string, Kind<Facts>>();
  private timer: NodeJS.Timeout | undefined;

  /** `sum` writes the line about omitted lines. */
  constructor(private readonly sum: (facts: Facts, more: number, slowestMs: number) => void) {}

  /** Whether to write a line. `facts` of the first line of a kind are passed to `sum`. */
  admits(kindName: string, facts: Facts, ms: number): boolean {
    let kind = this.kinds.get(kindName);
    if (!kind) {
      if (this.kinds.size >= MAX_KINDS) return true;
      this.kinds.set(kindName, (kind = { facts, written: 0, more: 0, slowestMs: 0 }));
      this.timer ??= setTimeout(() => this.flush(), WINDOW_MS).unref();
    }
    if (kind.written < MAX_LINES_PER_KIND) {
      kind.written++;
      return true;
    }
    kind.more++;
    if (ms > kind.slowestMs) kind.slowestMs = ms;
    return false;
  }

  /** Reports omitted lines, at the end of each window and of the process. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const { facts, more, slowestMs } of this.kinds.values())
      if (more > 0) this.sum(facts, more, slowestMs);
    this.kinds.clear();
  }
}
