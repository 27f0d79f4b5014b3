import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { ContractClient } from '../support/api-contract.js';
import { EventStream, type StreamEvent } from '../support/event-stream.js';
import { Roost } from '../support/roost.js';

/** 1.2 s of visible progress. */
const SLOW = { type: 'divide', input: { x: 1, y: 7, digits: 12, stepDelayMs: 100 } };
const QUICK = { type: 'divide', input: { x: 10, y: 2 } };
const LATER = { ...QUICK, options: { delayMs: 3_600_000 } };

describe('live events', () => {
  let roost: Roost;
  let api: ContractClient;
  let redis: Redis;
  const open: EventStream[] = [];

  beforeAll(async () => {
    roost = await Roost.start();
    redis = new Redis(roost.redis.url);
    api = await ContractClient.of(roost.url);
  });

  afterEach(() => {
    for (const stream of open.splice(0)) stream.close();
  });

  afterAll(async () => {
    redis.disconnect();
    await roost.stop();
  });

  const watch = async (path: string, lastEventId?: string) => {
    const stream = await EventStream.open(`${roost.url}/api/v1${path}`, lastEventId);
    open.push(stream);
    return stream;
  };
  const submit = async (body: object, headers?: Record<string, string>) =>
    (await api.post('/api/v1/tasks', body, headers)).body.id as string;
  const settled = ({ event, data }: StreamEvent) => event === 'state' && data.task.finishedAt !== undefined;
  /** Writes log lines as a handler would: none of the task types that come with Roost logs. */
  const log = async (id: string, ...texts: string[]) => {
    const key = `roost:default:${id}`;
    const lines = texts.map((text) =>
      JSON.stringify({ at: new Date().toISOString(), level: 'info', attempt: 1, text }),
    );
    await redis
      .multi()
      .rpush(`${key}:logs`, ...lines)
      .hincrby(key, 'roost:logs', lines.length)
      .xadd('roost:default:events', '*', 'event', 'log', 'jobId', id, 'count', '0')
      .exec();
  };
  const fitTheDocument = (path: string, events: StreamEvent[]) => {
    const documented = api.contract.find('GET', `/api/v1${path}`).operation['x-events'] as Record<
      string,
      Record<string, unknown>
    >;
    expect(events.at(-1)!.id).toEqual(expect.any(String));
    for (const { event, data } of events) {
      expect([
        event,
        documented[event] ? api.contract.problemWith(documented[event], data) : 'not documented',
      ]).toEqual([event, undefined]);
    }
  };

  describe('of one task', () => {
    it('give a snapshot, then progress, then the end', async () => {
      const id = await submit(SLOW);
      const stream = await watch(`/tasks/${id}/events`);
      await stream.waitFor(settled);
      const { events } = stream;
      expect(events[0]).toMatchObject({ event: 'snapshot', data: { task: { id } } });
      expect(events.filter(({ event }) => event === 'progress').length).toBeGreaterThanOrEqual(5);
      const percents = events.flatMap(({ event, data }) =>
        event === 'progress' ? [data.progress.percent as number] : [],
      );
      expect(percents).toEqual([...percents].sort((a, b) => a - b));
      expect(percents.at(-1)).toBe(100);
      const last = events.findLastIndex(({ event }) => event === 'progress');
      expect(events.findIndex(settled)).toBeGreaterThan(last);
      expect(events.at(-1)!.data.task).toMatchObject({ state: 'completed', result: { quotient: 1 / 7 } });
      fitTheDocument(`/tasks/${id}/events`, events);
    });

    it('tell of a change within a second', async () => {
      const id = await submit(LATER);
      const stream = await watch(`/tasks/${id}/events`);
      await stream.waitFor(({ event }) => event === 'snapshot');
      await api.post(`/api/v1/tasks/${id}/cancel`);
      const { data } = await stream.waitFor(settled);
      expect(data.task.state).toBe('cancelled');
      await api.call('DELETE', `/api/v1/tasks/${id}`);
      await stream.waitFor(({ event }) => event === 'removed');
      fitTheDocument(`/tasks/${id}/events`, stream.events);
    });

    it('have every log line once, numbered from 0', async () => {
      const id = await submit(LATER);
      await log(id, 'before');
      const stream = await watch(`/tasks/${id}/events`);
      await stream.waitFor(({ event }) => event === 'log');
      for (let i = 0; i < 20; i++) await log(id, `line ${i}`, `and ${i}`);
      await stream.waitFor(({ event, data }) => event === 'log' && data.lines.at(-1).n === 40);
      const numbers = linesOf(stream).map(({ n }) => n);
      expect(numbers).toEqual(Array.from({ length: 41 }, (_, n) => n));
      fitTheDocument(`/tasks/${id}/events`, stream.events);
    });

    it('go on after Last-Event-ID without a loss and without a repeat', async () => {
      const id = await submit(LATER);
      const first = await watch(`/tasks/${id}/events`);
      await first.waitFor(({ event }) => event === 'snapshot');
      await log(id, 'one', 'two');
      const seen = await first.waitFor(({ event }) => event === 'log');
      first.close();

      await log(id, 'three');
      await api.post(`/api/v1/tasks/${id}/promote`);
      await api.get(`/api/v1/tasks/${id}?wait=10`);
      const second = await watch(`/tasks/${id}/events`, seen.id);
      await second.waitFor(settled);
      expect(second.names()).not.toContain('snapshot');
      expect(linesOf(second).map(({ n, text }) => [n, text])).toEqual([[2, 'three']]);
      const end = second.events.at(-1)!;

      const third = await watch(`/tasks/${id}/events`, end.id);
      await log(id, 'late');
      await third.waitFor(({ event }) => event === 'log');
      expect(third.names()).toEqual(['log']);
      const query = await watch(`/tasks/${id}/events?lastEventId=${encodeURIComponent(end.id!)}`);
      await query.waitFor(({ event }) => event === 'log');
      expect(query.names()).toEqual(['log']);
    });

    it('begin anew with a snapshot where the id is none, or too old', async () => {
      const id = await submit(QUICK);
      for (const lastEventId of ['nonsense', '1-1~0', '99999999999999999999-0~0', '../../x']) {
        const stream = await watch(`/tasks/${id}/events`, lastEventId);
        await stream.waitFor(({ event }) => event === 'snapshot');
      }
    });

    it('keep text with line breaks in one event', async () => {
      const id = await submit(LATER);
      const stream = await watch(`/tasks/${id}/events`);
      const hostile = 'a\n\nevent: state\ndata: {"task":{"state":"hacked"}}\r\n\r\nid: 9-9\u2028\u2029\r';
      await log(id, hostile);
      const { data } = await stream.waitFor(({ event }) => event === 'log');
      expect(data.lines[0].text).toBe(hostile);
      const text = await submit({ type: 'process-text', input: { text: hostile, operation: 'trim' } });
      const other = await watch(`/tasks/${text}/events`);
      const { data: end } = await other.waitFor(({ data }) => data.task?.state === 'completed');
      expect(end.task.input.text).toBe(hostile);
      for (const { event } of [...stream.events, ...other.events])
        expect(['snapshot', 'log', 'progress', 'state']).toContain(event);
    });
  });

  describe('of all tasks', () => {
    const ofTask = (stream: EventStream, id: string) =>
      stream.events
        .filter(({ event, data }) => event === 'change' && data.id === id)
        .map(({ data }) => data.event as string);

    it('give a snapshot of the counts, then every change in order', async () => {
      const stream = await watch('/events');
      await stream.waitFor(({ event }) => event === 'snapshot');
      const id = await submit(SLOW);
      await stream.waitFor(({ data }) => data.id === id && data.event === 'completed');
      const names = ofTask(stream, id);
      expect(names.filter((name) => name !== 'progress')).toEqual([
        'added',
        'waiting',
        'active',
        'completed',
      ]);
      expect(names.at(-1)).toBe('completed');
      const failing = await submit({ type: 'divide', input: { x: 1, y: 0 } });
      const { data } = await stream.waitFor(({ data }) => data.id === failing && data.event === 'failed');
      expect(data).toMatchObject({ queue: 'default', state: 'failed' });
      fitTheDocument('/events', stream.events);
    });

    it('go on after Last-Event-ID without a loss and without a repeat', async () => {
      const first = await watch('/events');
      await first.waitFor(({ event }) => event === 'snapshot');
      const before = await submit(QUICK);
      const seen = await first.waitFor(({ data }) => data.id === before && data.event === 'completed');
      first.close();
      const missed = await Promise.all([
        submit(QUICK),
        submit({ type: 'count-primes', input: { upTo: 10 } }),
      ]);
      for (const id of missed) await api.get(`/api/v1/tasks/${id}?wait=10`);

      const second = await watch('/events', seen.id);
      const after = await submit(QUICK);
      for (const id of [...missed, after])
        await second.waitFor(({ data }) => data.id === id && data.event === 'completed');
      expect(second.names()).not.toContain('snapshot');
      expect(ofTask(second, before)).toEqual([]);
      for (const id of [...missed, after]) {
        expect(ofTask(second, id).filter((name) => name !== 'progress')).toEqual([
          'added',
          'waiting',
          'active',
          'completed',
        ]);
      }
      const old = await watch('/events', '1-1.1-1');
      await old.waitFor(({ event }) => event === 'snapshot');
    });
  });

  it('say goodbye when the web app stops, and do not hold it up', async () => {
    const id = await submit(LATER);
    const streams = [await watch('/events'), await watch(`/tasks/${id}/events`)];
    for (const stream of streams) await stream.waitFor(({ event }) => event === 'snapshot');
    const askedAt = Date.now();
    const exit = roost.web.stop();
    for (const stream of streams) await stream.waitFor(({ event }) => event === 'bye');
    expect((await exit).code).toBe(0);
    expect(Date.now() - askedAt).toBeLessThan(20_000);
  });
});

function linesOf(stream: EventStream): { n: number; text: string }[] {
  return stream.events.flatMap(({ event, data }) =>
    event === 'log' ? (data.lines as { n: number; text: string }[]) : [],
  );
}
