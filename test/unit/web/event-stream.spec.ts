import { describe, expect, it } from '@jest/globals';

interface ParsedEvent {
  id?: string;
  name?: string;
  hasData?: boolean;
  retry?: number;
}
interface EventStreamScript {
  reactionTo(status: number, contentType: string | null): string;
  retryAfterMs(header: string | null, now: number): number | undefined;
  retryDelayMs(failures: number, options: { retryAfter?: number; base?: number; random: number }): number;
  eventParser(tell: (event: ParsedEvent) => void): (text: string) => void;
}
const SCRIPT = new URL('../../../views/assets/event-stream.js', import.meta.url).href;
const { eventParser, reactionTo, retryAfterMs, retryDelayMs } = (await import(SCRIPT)) as EventStreamScript;

const STREAM = 'text/event-stream; charset=utf-8';

describe('the answer to a request for a stream of events', () => {
  it.each<[number, string | null, string]>([
    [200, STREAM, 'read'],
    [200, 'text/html', 'refused'],
    [200, null, 'refused'],
    [204, null, 'over'],
    ...[400, 401, 403, 404, 405, 410].map((status): [number, string, string] => [status, STREAM, 'refused']),
    ...[408, 425, 429, 500, 502, 503, 504].map((status): [number, string, string] => [
      status,
      STREAM,
      'retry',
    ]),
  ])('%d of %s: %s', (status, contentType, reaction) => {
    expect(reactionTo(status, contentType)).toBe(reaction);
  });

  it('says with Retry-After when to come again, in seconds or as a date', () => {
    const now = Date.parse('2026-11-30T10:00:00Z');
    expect(retryAfterMs(null, now)).toBeUndefined();
    expect(retryAfterMs('7', now)).toBe(7_000);
    expect(retryAfterMs('Mon, 30 Nov 2026 10:00:30 GMT', now)).toBe(30_000);
    expect(retryAfterMs('Mon, 30 Nov 2026 09:00:00 GMT', now)).toBe(0);
    expect(retryAfterMs('soon', now)).toBeUndefined();
    expect(retryAfterMs('99999999', now)).toBe(600_000);
  });

  it('is asked for again after pauses that double up to half a minute, or as long as the server says', () => {
    const delays = [1, 2, 3, 4, 5, 6, 60].map((failures) => retryDelayMs(failures, { random: 0 }));
    expect(delays).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(retryDelayMs(5, { retryAfter: 60_000, random: 0 })).toBe(60_000);
    expect(retryDelayMs(1, { base: 500, random: 1 })).toBe(600);
  });
});

describe('a stream of events', () => {
  const parsed = (chunks: string[]) => {
    const events: ParsedEvent[] = [];
    const parse = eventParser((event) => events.push(event));
    for (const chunk of chunks) parse(chunk);
    return events;
  };
  const TEXT =
    'retry: 2000\n\n: still here\n\nid: 1-0\nevent: state\ndata: {"a":": b"}\n\nevent:end\ndata\nid\n\n';
  const EVENTS = [
    { retry: 2000 },
    { id: '1-0', name: 'state', hasData: true },
    { id: '', name: 'end', hasData: true },
  ];

  it('is taken apart wherever it is cut, whatever ends its lines', () => {
    expect(parsed([TEXT])).toEqual(EVENTS);
    expect(parsed([...TEXT])).toEqual(EVENTS);
    expect(parsed([...TEXT.replaceAll('\n', '\r\n')])).toEqual(EVENTS);
  });

  it('takes data with any character that JSON leaves as it is', () => {
    const lines = 'id: 2-0\nevent: state\ndata: {"a":"\u2028\u2029\u0085\u202e"}\n\n';
    expect(parsed([lines])).toEqual([{ id: '2-0', name: 'state', hasData: true }]);
  });

  it('tells nothing of an event that has not ended', () => {
    expect(parsed(['event: state\ndata: {}\n'])).toEqual([]);
  });
});
