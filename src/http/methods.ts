const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a request by this method may change something. */
export function isWrite(method: string): boolean {
  return !SAFE.has(method);
}
