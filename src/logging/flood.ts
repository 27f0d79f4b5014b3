/** Lines of one kind that are written in a second; those beyond are counted. */
const EACH = 20;
const WINDOW_MS = 1000;
/** Kinds told apart within a second; further ones are written as they come, as there cannot be many of each. */
const MOST_KINDS = 1000;

interface Kind<Facts> {
  facts: Facts;
  told: number;
  more: number;
  slowestMs: number;
}

/**
 * Nobody reads ten thousand lines a second, and writing them takes more of a process than what they tell of: of what
 * happens more often than that only the number is told, when its second is over.
 */
export class Flood<Facts> {
  private readonly kinds = new Map<string, Kind<Facts>>();
  private timer: NodeJS.Timeout | undefined;

  /** `sum` writes the line for those that were not written. */
  constructor(private readonly sum: (facts: Facts, more: number, slowestMs: number) => void) {}

  /** Whether this one is to be written; `facts`, of the first of its kind, are what they have in common. */
  isTold(kindName: string, facts: Facts, ms: number): boolean {
    let kind = this.kinds.get(kindName);
    if (!kind) {
      if (this.kinds.size >= MOST_KINDS) return true;
      this.kinds.set(kindName, (kind = { facts, told: 0, more: 0, slowestMs: 0 }));
      this.timer ??= setTimeout(() => this.flush(), WINDOW_MS).unref();
    }
    if (kind.told < EACH) {
      kind.told++;
      return true;
    }
    kind.more++;
    if (ms > kind.slowestMs) kind.slowestMs = ms;
    return false;
  }

  /** At the end of each second, and of the process. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const { facts, more, slowestMs } of this.kinds.values())
      if (more > 0) this.sum(facts, more, slowestMs);
    this.kinds.clear();
  }
}
