import { PermanentError } from '../contract/outcomes.js';
import { toResultJson } from './task-result.js';

/** All that one task may keep, bytes; BullMQ reads the whole of a job each time it is fetched. */
export const MAX_KEPT_BYTES = 64 * 1024;
const KEY = /^[A-Za-z0-9._:-]{1,100}$/;

/** Where results of `ctx.once` are kept beyond the attempt, as JSON. */
export interface KeptResults {
  find(key: string): Promise<string | undefined>;
  /** What is kept then: an earlier one stays. */
  keep(key: string, json: string): Promise<string>;
}

/** `ctx.once` of one attempt. */
export class Once {
  private readonly calls = new Map<string, Promise<unknown>>();

  constructor(private readonly kept: KeptResults) {}

  async once<T>(key: string, fn: () => Promise<T> | T): Promise<T> {
    if (typeof key !== 'string' || !KEY.test(key)) {
      throw new RangeError(`once(key) takes 1 to 100 letters, digits and . _ : - characters`);
    }
    let call = this.calls.get(key);
    if (!call) {
      call = this.begin(key, fn);
      this.calls.set(key, call);
      call.catch(() => this.calls.delete(key));
    }
    return call as Promise<T>;
  }

  private async begin(key: string, fn: () => unknown): Promise<unknown> {
    const earlier = await this.kept.find(key);
    if (earlier !== undefined) return JSON.parse(earlier);
    const result = await fn();
    return JSON.parse(await this.kept.keep(key, toJson(key, result)));
  }
}

/** It has been done: to try the task again would do it again. */
function toJson(key: string, result: unknown): string {
  try {
    return toResultJson(result, { resultLimitBytes: MAX_KEPT_BYTES });
  } catch (error) {
    throw new PermanentError(`once('${key}'): ${(error as Error).message}`);
  }
}
