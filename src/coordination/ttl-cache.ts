interface Entry<Value> {
  value: Promise<Value>;
  /** Start of the load, by `performance.now`. */
  loadedAt: number;
  isLoading: boolean;
}

/**
 * Shares one answer among all callers of a key for a short time. Callers during a load wait for that load. Failures are
 * not cached.
 */
export class TtlCache<Value> {
  private readonly entries = new Map<string, Entry<Value>>();

  constructor(
    private readonly maxAgeMs: number,
    /** The oldest entry is dropped first. */
    private readonly maxEntries = 1,
  ) {}

  /** @param maxAgeMs age up to which an answer is reused, counted from the start of its load. */
  get(key: string, load: () => Promise<Value>, maxAgeMs: number = this.maxAgeMs): Promise<Value> {
    const known = this.entries.get(key);
    if (known && (known.isLoading || performance.now() - known.loadedAt < maxAgeMs)) return known.value;
    const entry = { value: load(), loadedAt: performance.now(), isLoading: true };
    this.entries.delete(key);
    this.entries.set(key, entry);
    if (this.entries.size > this.maxEntries) this.entries.delete(this.entries.keys().next().value!);
    entry.value.then(
      () => (entry.isLoading = false),
      () => {
        if (this.entries.get(key) === entry) this.entries.delete(key);
      },
    );
    return entry.value;
  }
}
