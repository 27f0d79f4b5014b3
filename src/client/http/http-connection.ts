import { setMaxListeners } from 'node:events';
import { CallLifetime, clientClosed, pauseUnlessAborted } from '../call-lifetime.js';
import { OutcomeUnknownError, RoostClientError } from '../errors.js';
import { fromAnswer, fromNetwork, notRoost, type Failure } from './answer-errors.js';

export interface HttpOptions {
  /** API token, `roost_...`. Needed where the Roost has users. */
  token?: string;
  /** Time for which a request is repeated after a temporary failure, ms. Defaults to 10 s; 0 for no repeat. */
  retryForMs?: number;
  /** Time limit of one try, ms. Defaults to 10 s. */
  requestTimeoutMs?: number;
}

const DEFAULT_RETRY_MS = 10_000;
const DEFAULT_TIMEOUT_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2000;

export interface HttpCall {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path below the base address, such as `/api/v1/tasks`. */
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  /** JSON text. */
  body?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** False for a command whose repeat could have another effect: repeated only where it surely had none. */
  isRepeatable: boolean;
  /** Added to the time limit of one try, ms: for an answer that the server holds back. */
  heldMs?: number;
  /** Maximum of the time for repeats, ms. */
  retryForMs?: number;
}

export interface HttpAnswer {
  status: number;
  body: unknown;
  /** True if an earlier try of this call may have had its effect. */
  wasRepeated: boolean;
}

/** Requests to one web app, repeated after temporary failures. */
export class HttpConnection {
  readonly retryForMs: number;
  private readonly timeoutMs: number;
  private readonly origin: string;
  private readonly headers: Record<string, string>;
  private readonly closing = new AbortController();

  /** @throws RoostClientError URL_INVALID */
  constructor(url: string, { token, retryForMs, requestTimeoutMs }: HttpOptions) {
    this.origin = parseBase(url);
    this.retryForMs = retryForMs ?? DEFAULT_RETRY_MS;
    this.timeoutMs = requestTimeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    // Every open call listens to it.
    setMaxListeners(0, this.closing.signal);
  }

  /** Signals that end a call. */
  signalsOf({ signal }: { signal?: AbortSignal | undefined }): AbortSignal[] {
    return signal ? [this.closing.signal, signal] : [this.closing.signal];
  }

  close(): void {
    this.closing.abort(clientClosed());
  }

  address(path: string, query: HttpCall['query'] = {}): URL {
    const url = new URL(this.origin + path);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    return url;
  }

  /**
   * @throws RoostClientError for a refusal, OutcomeUnknownError where a command may have had its effect, the reason of
   *   an aborted signal where it surely had none.
   */
  async request(call: HttpCall): Promise<HttpAnswer> {
    const signals = this.signalsOf(call);
    const endAt = performance.now() + Math.min(this.retryForMs, call.retryForMs ?? Infinity);
    let mayHaveArrived = false;
    for (let tries = 1; ; tries++) {
      for (const signal of signals) if (signal.aborted) throw ended(call, signal.reason, mayHaveArrived);
      const outcome = await this.try(call, signals);
      if ('status' in outcome) return { ...outcome, wasRepeated: mayHaveArrived };
      if ('abortedBy' in outcome) throw ended(call, outcome.abortedBy.reason, true);
      mayHaveArrived ||= outcome.mayHaveArrived;
      const pauseMs = Math.max(outcome.retryAfterMs, backoff(tries));
      const isOver = performance.now() + pauseMs > endAt;
      if (isOver || !outcome.isTemporary || (mayHaveArrived && !call.isRepeatable)) {
        throw isAboutContent(outcome.error) ? outcome.error : ended(call, outcome.error, mayHaveArrived);
      }
      await pauseUnlessAborted(pauseMs, signals).catch((reason: unknown) => {
        throw ended(call, reason, mayHaveArrived);
      });
    }
  }

  /** Opens a response whose body is a stream. No time limit: `signal` has to end it. @throws what `fetch` throws */
  open(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    return fetch(url, { headers: { ...this.headers, ...headers }, signal, redirect: 'manual' });
  }

  /** @param thrown error of `open`. */
  toFailure(url: URL, thrown: unknown): Failure {
    return fromNetwork(url, thrown, this.timeoutMs);
  }

  private async try(
    { method, path, query, body, headers, heldMs = 0 }: HttpCall,
    signals: readonly AbortSignal[],
  ): Promise<{ status: number; body: unknown } | Failure | { abortedBy: AbortSignal }> {
    const url = this.address(path, query);
    const limitMs = this.timeoutMs + heldMs;
    const lifetime = new CallLifetime(signals, limitMs);
    try {
      const response = await fetch(url, {
        method,
        headers: {
          ...this.headers,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body }),
        signal: lifetime.signal,
        redirect: 'manual',
      });
      const text = await response.text();
      if (!response.ok) return fromAnswer(url, response, text);
      if (response.status === 204) return { status: 204, body: undefined };
      return { status: response.status, body: parseBody(url, response, text) };
    } catch (error) {
      const abortedBy = signals.find(({ aborted }) => aborted);
      if (abortedBy) return { abortedBy };
      if (error instanceof RoostClientError) throw error;
      return fromNetwork(url, lifetime.signal.aborted ? undefined : error, limitMs);
    } finally {
      lifetime.dispose();
    }
  }
}

/** Returns the address without a slash at its end. A path of its own is that of a Roost behind a proxy. */
function parseBase(url: string): string {
  const { protocol, origin, pathname } = URL.canParse(url) ? new URL(url) : { protocol: '' };
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new RoostClientError(
      'URL_INVALID',
      `${JSON.stringify(url)} is not the address of a Roost. Pass one such as https://roost.example.com to Roost.connect.`,
    );
  }
  return origin + pathname!.replace(/\/$/, '').replace(/\/api\/v1$/, '');
}

function parseBody(url: URL, response: Response, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notRoost(url, response, text);
  }
}

/** Pause before the next try, ms. */
function backoff(tries: number): number {
  return Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1)) * (0.5 + Math.random() / 2);
}

/** True for a refusal that proves that no earlier try had an effect: the server read the request and rejects its content. */
function isAboutContent({ status = 0 }: RoostClientError): boolean {
  return status >= 400 && status < 500 && ![401, 403, 408, 421, 429].includes(status);
}

/** Error of a call that ends without an answer. */
function ended(call: HttpCall, reason: unknown, mayHaveArrived: boolean): unknown {
  if (call.method === 'GET' || !mayHaveArrived) return reason;
  const key = call.headers?.['idempotency-key'];
  return new OutcomeUnknownError(unknownOutcome(call, reason, key), key, { cause: reason });
}

function unknownOutcome(call: HttpCall, reason: unknown, key: string | undefined): string {
  // The server's text has the cure.
  if (reason instanceof RoostClientError && reason.code === 'REDIS_UNAVAILABLE') return reason.message;
  const why = reason instanceof Error ? reason.message : String(reason);
  let cure = ' Submit it again with the same idempotencyKey.';
  if (key === undefined) cure = call.isRepeatable ? '' : ' Read the state before you repeat it.';
  return `The outcome of ${call.method} ${call.path} is unknown: ${why}${cure}`;
}
