/**
 * Coalesces lookups made in the same event-loop tick, such as those of concurrent requests. Never stale: a request
 * that follows a change runs in a later tick.
 */
export class TickCache<Value> {
  private readonly known = new Map<string, Value>();

  get(key: string, load: () => Value): Value {
    if (!this.known.has(key)) {
      if (this.known.size === 0) setImmediate(() => this.known.clear());
      this.known.set(key, load());
    }
    return this.known.get(key)!;
  }
}
