/**
 * Looks up once what is asked for several times in one turn of the event loop, as the requests of many connections do
 * that have come together. Nobody is told less than the truth by it: whoever could have heard of a change before asking
 * comes in a later turn.
 */
export class OnceATurn<Value> {
  private readonly known = new Map<string, Value>();

  of(key: string, look: () => Value): Value {
    if (!this.known.has(key)) {
      if (this.known.size === 0) setImmediate(() => this.known.clear());
      this.known.set(key, look());
    }
    return this.known.get(key)!;
  }
}
