import { PermanentError } from '../task-api/outcomes.js';
import { toResultJson } from './task-result.js';

/** Maximum size of all results of one task, bytes. BullMQ reads the whole job at each fetch. */
export const MAX_STEP_RESULT_BYTES = 64 * 1024;
const KEY = /^[A-Za-z0-9._:-]{1,100}$/;

/** Store of `ctx.once` results beyond the attempt, as JSON. */
export interface StepResults {
  find(key: string): Promise<string | undefined>;
  /** Stores a result unless there is one, and returns the stored one. */
  save(key: string, json: string): Promise<string>;
}

/** `ctx.once` of one attempt. */
export class Once {
  private readonly calls = new Map<string, Promise<unknown>>();

  constructor(private readonly results: StepResults) {}

  async once<T>(key: string, fn: () => Promise<T> | T): Promise<T> {
    if (typeof key !== 'string' || !KEY.test(key)) {
      throw new RangeError(`once(key) takes 1 to 100 letters, digits and . _ : - characters`);
    }
    let call = this.calls.get(key);
    if (!call) {
      call = this.runStep(key, fn);
      this.calls.set(key, call);
      call.catch(() => this.calls.delete(key));
    }
    return call as Promise<T>;
  }

  private async runStep(key: string, fn: () => unknown): Promise<unknown> {
    const earlier = await this.results.find(key);
    if (earlier !== undefined) return JSON.parse(earlier);
    const result = await fn();
    return JSON.parse(await this.results.save(key, toJson(key, result)));
  }
}

/** Fails permanently if the result is invalid: the step is done, and a retry would repeat it. */
function toJson(key: string, result: unknown): string {
  try {
    return toResultJson(result, { resultLimitBytes: MAX_STEP_RESULT_BYTES });
  } catch (error) {
    throw new PermanentError(`once('${key}'): ${(error as Error).message}`);
  }
}
