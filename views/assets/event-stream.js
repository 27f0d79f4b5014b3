/** Delay of the first reconnect, ms. It doubles with each further failure. The server may set another one. */
const RETRY_MS = 2_000;
const MAX_RETRY_MS = 30_000;

/** Maximum `Retry-After` that is respected, ms. */
const MAX_RETRY_AFTER_MS = 600_000;

/** Duration after which a connection counts as successful, ms: the next failure counts as the first one. */
const MIN_STABLE_MS = 10_000;

/**
 * Decides what to do with the answer to a stream request. `read`: read the stream; `over`: no more events
 * will come; `retry`: try again later; `refused`: the same request would be refused again.
 */
export function reactionTo(status, contentType) {
  if (status === 200) return /^text\/event-stream\b/i.test(contentType ?? '') ? 'read' : 'refused';
  if (status === 204) return 'over';
  return status >= 500 || status === 408 || status === 425 || status === 429 ? 'retry' : 'refused';
}

/** Parses `Retry-After`, in seconds or as a date, to ms; undefined if there is none. */
export function retryAfterMs(header, now) {
  if (!header) return undefined;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, ms));
}

/**
 * Delay before reconnect number `failures`, ms. `random` (0 to 1) spreads the reconnects of pages that lost
 * the same server.
 */
export function retryDelayMs(failures, { retryAfter, base = RETRY_MS, random = Math.random() } = {}) {
  const wait = retryAfter ?? Math.min(MAX_RETRY_MS, base * 2 ** Math.min(10, Math.max(0, failures - 1)));
  return wait * (1 + random / 5);
}

/**
 * Follows a stream of server-sent events until it is over or refused. `EventSource` hides the status of an
 * answer, and would treat a 204 or a 404 as a lost connection.
 *
 * Handlers: `opened()`, `received(event)`, `lost()` before each delay, `ended('over' | 'refused')` once.
 */
export function followStream(url, handlers) {
  const stopper = new AbortController();
  let timer = 0;
  let failures = 0;
  let base = RETRY_MS;
  let lastId = '';

  void connect();
  return {
    close() {
      clearTimeout(timer);
      stopper.abort();
    },
    /** Reconnects at once: the server answers again. */
    retryNow() {
      if (!timer) return;
      clearTimeout(timer);
      void connect();
    },
  };

  async function connect() {
    timer = 0;
    const { reaction, retryAfter } = await attempt().catch(() => ({ reaction: 'retry' }));
    if (stopper.signal.aborted) return;
    if (reaction !== 'retry') return handlers.ended(reaction);
    failures++;
    handlers.lost();
    timer = setTimeout(connect, retryDelayMs(failures, { retryAfter, base }));
  }

  async function attempt() {
    const response = await fetch(url, {
      headers: { accept: 'text/event-stream', ...(lastId ? { 'last-event-id': lastId } : {}) },
      cache: 'no-store',
      signal: stopper.signal,
    });
    const reaction = reactionTo(response.status, response.headers.get('content-type'));
    const retryAfter = retryAfterMs(response.headers.get('retry-after'), Date.now());
    if (reaction !== 'read') {
      void response.body?.cancel();
      return { reaction, retryAfter };
    }
    handlers.opened();
    const openedAt = Date.now();
    try {
      return { reaction: await read(response.body) };
    } finally {
      if (Date.now() - openedAt > MIN_STABLE_MS) failures = 0;
    }
  }

  async function read(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let isOver = false;
    const parse = eventParser((event) => {
      if (event.id !== undefined) lastId = event.id;
      if (event.retry !== undefined) base = event.retry;
      if (event.name === 'end') isOver = true;
      else if (event.hasData) handlers.received(event);
    });
    while (!isOver) {
      const { done, value } = await reader.read();
      if (done) return 'retry';
      parse(value);
    }
    void reader.cancel();
    return 'over';
  }
}

/** Parses a stream incrementally. Calls `emit` with each event at the blank line that ends it. */
export function eventParser(emit) {
  let rest = '';
  let event = {};
  return (text) => {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === '') {
        if (Object.keys(event).length > 0) emit(event);
        event = {};
        continue;
      }
      // Flag `s`: JSON does not escape the line separators of Unicode.
      const [, field, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(line);
      if (field === 'id') event.id = value ?? '';
      else if (field === 'event') event.name = value;
      else if (field === 'data') event.hasData = true;
      else if (field === 'retry' && /^\d+$/.test(value ?? '')) event.retry = Number(value);
    }
  };
}
