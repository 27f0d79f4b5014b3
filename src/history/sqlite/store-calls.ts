import type { MessagePort, Worker } from 'node:worker_threads';
import { RoostError, type ErrorCode } from '../../model/errors.js';
import { HistoryFileError } from './migrate.js';
import type { StoreEngine } from './store-engine.js';
import { HistoryClosedError } from '../ports/history-errors.js';

export type EngineMethod = Exclude<keyof StoreEngine, 'close'>;

interface Call {
  n: number;
  method: EngineMethod | 'close';
  args: unknown[];
}

type Answer = { n: number; ok: true; value: unknown } | { n: number; ok: false; error: SentError };

/** An error as plain data. Our own errors are restored with their class; others keep name, code and message. */
interface SentError {
  name: string;
  message: string;
  code?: string | undefined;
  fields?: RoostError['fields'];
}

type Port = Pick<MessagePort, 'postMessage' | 'close'> & {
  on(event: 'message', listener: (call: Call) => void): unknown;
};

/** Runs in the thread: executes calls one by one, in the order received. */
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
      port.postMessage({ n, ok: true, value } satisfies Answer, transferred(value));
    } catch (error) {
      port.postMessage({ n, ok: false, error: toSent(error) } satisfies Answer);
    }
  });
}

/** The buffer of an answer that is one text: it changes hands, and is not copied. */
function transferred(value: unknown): ArrayBuffer[] {
  const { bytes } = (value ?? {}) as { bytes?: unknown };
  return bytes instanceof Uint8Array ? [bytes.buffer as ArrayBuffer] : [];
}

/** Part of a `Worker` that calls use. */
export type StoreThread = Pick<Worker, 'on' | 'postMessage' | 'ref' | 'unref'>;

/** Calls methods of a thread's engine and returns promises. The first call starts the thread. */
export class EngineCalls {
  private readonly waiting = new Map<
    number,
    { resolve: (value: never) => void; reject: (error: Error) => void }
  >();
  /** Start of the current call. */
  private busySince = 0;
  private last = 0;
  private ended: HistoryClosedError | undefined;
  private worker: StoreThread | undefined;
  private exited: Promise<void> = Promise.resolve();

  constructor(private readonly start: () => StoreThread) {}

  call<Method extends EngineMethod>(
    method: Method,
    ...args: Parameters<StoreEngine[Method]>
  ): Promise<ReturnType<StoreEngine[Method]>> {
    return this.send(method, args);
  }

  /** Number of unanswered calls. */
  get pending(): number {
    return this.waiting.size;
  }

  /** Duration of the current call, ms; 0 when idle. */
  get busyMs(): number {
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

  private begin(): StoreThread {
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
    // An unanswered call holds the process alive, not the thread itself.
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
