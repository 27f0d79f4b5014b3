/** The synchronous form of a port: what an engine on one connection implements. */
export type Synchronous<Port> = {
  [Name in keyof Port]: Port[Name] extends (...args: infer Args) => Promise<infer Value>
    ? (...args: Args) => Value
    : Port[Name];
};

/** Offers a synchronous engine as its port, on the same thread: each call runs at once, and its error rejects. */
export function toAsynchronous<Port extends object>(engine: Synchronous<Port>): Port {
  const calls = new Map<PropertyKey, unknown>();
  return new Proxy(engine, {
    get(_, name) {
      const value = (engine as Record<PropertyKey, unknown>)[name];
      if (typeof value !== 'function') return value;
      if (!calls.has(name))
        calls.set(name, async (...args: unknown[]) => value.apply(engine, args) as unknown);
      return calls.get(name);
    },
  }) as unknown as Port;
}
