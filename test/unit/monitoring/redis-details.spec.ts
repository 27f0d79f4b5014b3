import { describe, expect, it } from '@jest/globals';
import { allowed } from '../../../src/monitoring/redis-details.js';
import { toSlowCall } from '../../../src/monitoring/slow-log.js';

describe('a part of what is told of Redis', () => {
  const fails = (message: string) => () => Promise.reject(new Error(message));

  it.each([
    "NOPERM this user has no permissions to run the 'slowlog|get' command",
    "ERR unknown command 'SLOWLOG', with args beginning with: 'GET'",
    'ERR unknown subcommand or wrong number of arguments',
  ])('is left out on %s', async (message) => {
    expect(await allowed('SLOWLOG', fails(message))).toEqual({ refused: 'SLOWLOG' });
  });

  it('does not hide a fault', async () => {
    await expect(allowed('INFO', fails('Command timed out'))).rejects.toThrow('Command timed out');
    expect(await allowed('INFO', async () => 1)).toEqual({ value: 1 });
  });
});

describe('a slow command', () => {
  const call = (args: string[], client?: string) =>
    toSlowCall([7, 1_700_000_000, 12_345, args, '10.0.0.9:5123', client], 'roost');

  it('shows its name, its key and its connection, and nothing of what it wrote', () => {
    const told = call(['hset', 'roost:default:t1', 'data', '{"password":"hunter2"}'], 'roost:commands');
    expect(told).toEqual({
      id: 7,
      at: '2023-11-14T22:13:20.000Z',
      micros: 12_345,
      command: 'HSET',
      key: 'roost:default:t1',
      client: 'roost:commands',
    });
    expect(JSON.stringify(told)).not.toMatch(/hunter2|10\.0\.0\.9/);
  });

  it('takes no text of a task for a key, and no name from elsewhere', () => {
    expect(call(['EVAL', 'return 1', '0', 'roost: see you'], 'admin@10.0.0.9')).toMatchObject({
      command: 'EVAL',
    });
    expect(call(['EVAL', 'return 1', '0', 'roost: see you'], 'admin@10.0.0.9')).not.toHaveProperty('key');
    expect(call(['KEYS'], 'admin@10.0.0.9')).not.toHaveProperty('client');
  });
});
