import { describe, expect, it } from '@jest/globals';
import { type RedisInfo, toRedisInfo } from '../../../../src/monitoring/redis-details.js';
import { toRedisPage } from '../../../../src/web/monitor/redis-page.js';
import { ago } from '../page-models/samples.js';

const INFO = [
  '# Server',
  'redis_version:7.0.15',
  'redis_mode:standalone',
  'uptime_in_seconds:7200',
  'connected_clients:12',
  'blocked_clients:3',
  'maxclients:10000',
  'used_memory:1048576',
  'used_memory_peak:2097152',
  'used_memory_rss:3145728',
  'maxmemory:0',
  'mem_fragmentation_ratio:3.00',
  'maxmemory_policy:noeviction',
  'instantaneous_ops_per_sec:42',
  'aof_enabled:1',
  'aof_last_write_status:ok',
  'aof_current_size:2048',
  'rdb_last_save_time:1700000000',
  'rdb_last_bgsave_status:ok',
  'rdb_changes_since_last_save:5',
  'role:master',
  'connected_slaves:0',
  'db0:keys=10,expires=1,avg_ttl=0',
  'db1:keys=5,expires=0,avg_ttl=0',
].join('\r\n');

const info = (parts: Partial<RedisInfo> = {}): RedisInfo => ({ ...toRedisInfo(INFO), ...parts });
const page = (of: RedisInfo) =>
  toRedisPage(
    { at: ago(0), info: { value: of }, slowLog: { value: { calls: [] } }, queues: { value: [] } },
    [],
  );

describe('the page of Redis', () => {
  it('adds up the keys and keeps what INFO tells', () => {
    expect(info()).toMatchObject({
      keys: 15,
      version: '7.0.15',
      memory: { fragmentation: 3, resident: 3_145_728 },
    });
    expect(info().rdb.lastSaveAt).toBe('2023-11-14T22:13:20.000Z');
  });

  it('shows nothing alarming of a small Redis at rest, however fragmented', () => {
    expect(page(info()).warnings).toEqual([]);
    expect(page(info()).numbers.filter(({ tone }) => tone)).toEqual([]);
  });

  it('warns of what endangers tasks', () => {
    const bad = info({
      evictedKeys: 3,
      rdb: { ok: false, changesSince: 0 },
      clients: { connected: 1, blocked: 0, limit: 1, rejected: 2 },
      memory: { ...info().memory, resident: 300e6, used: 100e6 },
    });
    const known = [
      { code: 'AOF_OFF', message: 'Off.', cure: 'On.' },
      { code: 'NO_WORKER', message: 'None.', cure: 'Start one: x' },
    ];
    const parts = {
      at: ago(0),
      info: { value: bad },
      slowLog: { value: { calls: [] } },
      queues: { value: [] },
    };
    expect(toRedisPage(parts, known).warnings.map(({ message }) => message.split(' ')[0])).toEqual([
      'Off.',
      'The',
      '3',
      '2',
      'Redis',
    ]);
  });

  it('names each command that it may not use, and shows the rest', () => {
    const { refused, numbers, queues } = toRedisPage(
      {
        at: ago(0),
        info: { refused: 'INFO' },
        slowLog: { refused: 'SLOWLOG' },
        queues: { value: [{ name: 'default', bytes: 3_000, tasks: 2, sampled: 2, structureBytes: 1_000 }] },
      },
      [],
    );
    expect([refused.info?.command, refused.slowLog?.command, refused.queues]).toEqual([
      'INFO',
      'SLOWLOG GET',
      undefined,
    ]);
    expect(refused.slowLog?.allow).toContain('+slowlog|get');
    expect([numbers, queues[0]]).toMatchObject([
      [],
      { tasks: '2 tasks', perTask: '1000 B each', share: '100 %' },
    ]);
  });
});
