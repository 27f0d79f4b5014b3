import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import type { HistoryReport } from '../../src/monitoring/monitoring.openapi.js';
import { ApiClient } from '../support/api-client.js';
import { openHistory } from '../support/recorded.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';

const TASKS = 20_000;

/** Tasks as BullMQ and our workers leave them behind, with their events, faster than any worker could. */
const RUN = `
  for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
    local id, base = 'burst-' .. i, KEYS[1]
    redis.call('HSET', base .. id, 'name', 'divide', 'data', '{"roost":1,"input":{"x":' .. i .. ',"y":2}}', 'opts', '{"attempts":1}',
      'timestamp', ARGV[3], 'delay', 0, 'priority', 0, 'processedOn', ARGV[3] + 1, 'finishedOn', ARGV[3] + 3, 'ats', 1, 'atm', 1,
      'pb', 'burst-worker', 'returnvalue', '{"quotient":' .. (i / 2) .. '}')
    redis.call('ZADD', base .. 'completed', ARGV[3] + 3, id)
    local events = base .. 'events'
    redis.call('XADD', events, '*', 'event', 'added', 'jobId', id, 'name', 'divide')
    redis.call('XADD', events, '*', 'event', 'waiting', 'jobId', id)
    redis.call('XADD', events, '*', 'event', 'active', 'jobId', id, 'prev', 'waiting')
    redis.call('XADD', events, '*', 'event', 'completed', 'jobId', id, 'returnvalue', '{}', 'prev', 'active')
  end`;

describe('a burst of quick tasks', () => {
  let roost: Roost;
  let commands: Redis;

  beforeAll(async () => {
    roost = await Roost.start({ worker: false });
    commands = new Redis(roost.redis.url);
  });

  afterAll(async () => {
    commands?.disconnect();
    await roost?.stop();
  });

  it('is caught up with, with the lag shown as it falls to nothing', async () => {
    const api = new ApiClient(roost.url);
    const status = async () => (await api.get<HistoryReport>('/api/v1/history')).recorder;
    await until('it records', async () => (await status()).state === 'recording');
    // Once told how long its stream may be, BullMQ keeps that much of it.
    expect(await commands.hget('roost:default:meta', 'opts.maxLenEvents')).toBe('500000');

    let isWritten = false;
    const write = (async () => {
      for (let from = 1; from <= TASKS; from += 500)
        await commands.eval(RUN, 1, 'roost:default:', from, from + 499, Date.now());
      isWritten = true;
    })();
    const engine = openHistory(roost.env.HISTORY_URL!.slice('file:'.length));
    const lags: number[] = [];
    await until('all is recorded', async () => {
      const { lagMs, state } = await status();
      lags.push(lagMs ?? 0);
      const isThere = isWritten && engine.counts(null, Date.now()).total === TASKS;
      return isThere && state === 'recording' && lagMs === 0;
    });
    await write;
    expect(Math.max(...lags)).toBeGreaterThan(0);
    expect(engine.counts(null, Date.now())).toMatchObject({
      total: TASKS,
      byState: { completed: TASKS },
      byWorker: { 'burst-worker': TASKS },
    });
    engine.close();
    // Recorded events leave Redis, except those that pages need to go on where they were.
    await until('the stream is short again', async () => {
      const length = await commands.xlen('roost:default:events');
      return length >= 10_000 && length < 25_000;
    });
  });
});
