/** Redis as far as the pages use it by themselves: values by key. */
export class FakeValues {
  readonly status = 'ready';
  private readonly values = new Map<string, string>();

  async set(key: string, value: string): Promise<'OK'> {
    this.values.set(key, value);
    return 'OK';
  }

  async get(key: string): Promise<string | null> {
    return this.values.get(key) ?? null;
  }
}
