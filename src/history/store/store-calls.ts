import type { MessagePort, Worker } from 'node:worker_threads';
import { RoostError, type ErrorCode } from '../../contract/errors.js';
import { HistoryFileError } from './migrate.js';
import type { StoreEngine } from './store-engine.js';

/** The store is closed, or its thread has died: nothing that is asked of it now will be answered. */
export class HistoryClosedError extends Error {
  override name = 'HistoryClosedError';
}

export type EngineMethod = Exclude<keyof StoreEngine, 'close'>;

interface Call {
  n: number;
  method: EngineMethod | 'close';
  args: unknown[];
}

type Answer = { n: number; ok: true; value: unknown } | { n: number; ok: false; error: SentError };

/** An error in plain data: those of ours come out as what they were, of others name, code and message remain. */
interface SentError {
  name: string;
  message: string;
  code?: string | undefined;
  fields?: RoostError['fields'];
}

type Port = Pick<MessagePort, 'postMessage' | 'close'> & {
  on(event: 'message', listener: (call: Call) => void): unknown;
};

/** In the thread: one call after the other, in the order they were made. */
export function answerCalls(port: Port, open: () => StoreEngine): void {
  let engine: StoreEngine | undefined;
  port.on('message', ({ n, method, args }) => {
    try {
      if (method === 'close') {
        engine?.close();
        port.postMessage({ n, ok: true, value: undefined } satisfies Answer);
        port.close();
        return;
      }
      engine ??= open();
      const value = (engine[method] as (...args: unknown[]) => unknown)(...args);
      port.postMessage({ n, ok: true, value } satisfies Answer);
    } catch (error) {
      port.postMessage({ n, ok: false, error: toSent(error) } satisfies Answer);
    }
  });
}

/** Outside: methods of the engine of a thread, as promises. The thread is started by the first call. */
export class EngineCalls {
  private readonly waiting = new Map<
    number,
    { resolve: (value: never) => void; reject: (error: Error) => void }
  >();
  /** When the call it is at now was begun. */
  private busySince = 0;
  private last = 0;
  private ended: HistoryClosedError | undefined;
  private worker: Worker | undefined;
  private exited: Promise<void> = Promise.resolve();

  constructor(private readonly start: () => Worker) {}

  call<Method extends EngineMethod>(
    method: Method,
    ...args: Parameters<StoreEngine[Method]>
  ): Promise<ReturnType<StoreEngine[Method]>> {
    return this.send(method, args);
  }

  /** Calls without an answer yet. */
  get pending(): number {
    return this.waiting.size;
  }

  /** For how long it has been at one call; 0 where there is none. */
  get heldUpMs(): number {
    return this.waiting.size === 0 ? 0 : performance.now() - this.busySince;
  }

  async close(): Promise<void> {
    if (this.ended) return this.exited;
    const closed = this.worker ? this.send<void>('close', []) : Promise.resolve();
    this.ended = new HistoryClosedError('The history is closed.');
    await closed.catch(() => undefined);
    await this.exited;
  }

  private send<Value>(method: EngineMethod | 'close', args: unknown[]): Promise<Value> {
    if (this.ended) return Promise.reject(this.ended);
    const worker = (this.worker ??= this.begin());
    return new Promise<Value>((resolve, reject) => {
      const n = ++this.last;
      if (this.waiting.size === 0) {
        worker.ref();
        this.busySince = performance.now();
      }
      this.waiting.set(n, { resolve: resolve as (value: never) => void, reject });
      worker.postMessage({ n, method, args } satisfies Call);
    });
  }

  private begin(): Worker {
    const worker = this.start();
    worker.on('message', (answer: Answer) => this.settle(answer));
    worker.on('error', (error) =>
      this.end(`The history's thread died: ${(error as Partial<Error>).message ?? String(error)}`),
    );
    this.exited = new Promise((resolve) => {
      worker.on('exit', () => {
        this.end('The history is closed.');
        resolve();
      });
    });
    // What keeps the process alive is who waits for an answer, not the thread as such.
    worker.unref();
    return worker;
  }

  private settle(answer: Answer): void {
    const waiting = this.waiting.get(answer.n);
    this.waiting.delete(answer.n);
    this.busySince = performance.now();
    if (this.waiting.size === 0) this.worker?.unref();
    if (answer.ok) waiting?.resolve(answer.value as never);
    else waiting?.reject(fromSent(answer.error));
  }

  private end(message: string): void {
    this.ended ??= new HistoryClosedError(message);
    for (const { reject } of this.waiting.values()) reject(this.ended);
    this.waiting.clear();
  }
}

function toSent(error: unknown): SentError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    message: error.message,
    code: typeof code === 'string' ? code : undefined,
    ...(error instanceof RoostError ? { fields: error.fields } : {}),
  };
}

function fromSent({ name, message, code, fields }: SentError): Error {
  if (name === 'RoostError') return new RoostError(code as ErrorCode, message, fields);
  if (name === 'HistoryFileError') return new HistoryFileError(message);
  const error = Object.assign(new Error(message), code === undefined ? {} : { code });
  error.name = name;
  return error;
}
