import { PermanentError } from '../../task-api/outcomes.js';
import type { StepResults } from '../step-results.js';
import type { FromChild, StepResultReply } from './messages.js';

interface Waiting {
  resolve: (json: string | undefined) => void;
  reject: (error: unknown) => void;
}

/** Results of `ctx.once` in a child, which has no Redis connection: it asks its worker. */
export class ChildStepResults implements StepResults {
  private readonly waiting = new Map<number, Waiting>();
  private calls = 0;

  constructor(
    private readonly run: number,
    private readonly send: (message: FromChild) => unknown,
    private readonly signal: AbortSignal,
  ) {}

  find(key: string): Promise<string | undefined> {
    return this.ask({ key });
  }

  async save(key: string, json: string): Promise<string> {
    return (await this.ask({ key, json })) ?? json;
  }

  receive({ call, json, error }: StepResultReply): void {
    const waiting = this.waiting.get(call);
    this.waiting.delete(call);
    if (error) waiting?.reject(this.toThrown(error));
    else waiting?.resolve(json);
  }

  private ask(question: { key: string; json?: string }): Promise<string | undefined> {
    const call = ++this.calls;
    return new Promise((resolve, reject) => {
      this.waiting.set(call, { resolve, reject });
      this.send({ kind: 'once', run: this.run, call, ...question });
    });
  }

  private toThrown({ name, message }: NonNullable<StepResultReply['error']>): unknown {
    if (name === 'PermanentError') return new PermanentError(message);
    return this.signal.aborted ? this.signal.reason : new Error(message);
  }
}
