import { describe, expect, it } from '@jest/globals';
import { sseMessage } from '../../../src/events/sse-connection.js';
import { compareStreamIds, isStreamId, toTaskEvent } from '../../../src/events/task-event.js';

describe('toTaskEvent', () => {
  const read = (...fields: string[]) => toTaskEvent('default', '1790000000000-3', fields);

  it('reads an entry with its fields in any order', () => {
    const event = {
      streamId: '1790000000000-3',
      queue: 'default',
      id: 'j1',
      event: 'completed',
      state: 'completed',
      at: 1_790_000_000_000,
    };
    expect(read('event', 'completed', 'jobId', 'j1', 'returnvalue', '5')).toEqual(event);
    expect(read('jobId', 'j1', 'prev', 'active', 'event', 'completed')).toEqual(event);
  });

  it.each([
    ['added', undefined],
    ['waiting', 'waiting'],
    ['delayed', 'delayed'],
    ['active', 'active'],
    ['stalled', 'waiting'],
    ['failed', 'failed'],
    ['cancelled', 'cancelled'],
    ['expired', 'expired'],
    ['removed', undefined],
    ['log', undefined],
  ])('takes %s to lead to %s', (name, state) => {
    expect(read('event', name, 'jobId', 'j1')?.state).toBe(state);
  });

  it('has data only for progress', () => {
    expect(read('event', 'progress', 'jobId', 'j1', 'data', '{"done":1}')?.data).toBe('{"done":1}');
    expect(read('event', 'completed', 'jobId', 'j1', 'data', 'x')).not.toHaveProperty('data');
  });

  it.each([
    [['event', 'drained']],
    [['event', 'paused', 'jobId', 'j1']],
    [['event', '__proto__', 'jobId', 'j1']],
    [['event', 'constructor', 'jobId', 'j1']],
    [['jobId', 'j1']],
    [['event', 'completed', 'jobId', '']],
    [[]],
    [['event']],
  ])('sees no task in %p', (fields) => {
    expect(read(...fields)).toBeUndefined();
  });
});

describe('positions in a stream', () => {
  it('are compared numerically', () => {
    const places = ['10-0', '9-5', '9-10', '9-5'].sort(compareStreamIds);
    expect(places).toEqual(['9-5', '9-5', '9-10', '10-0']);
  });

  it('are distinguished from ids that Redis rejects', () => {
    expect(['0-0', '1790000000000-12'].every(isStreamId)).toBe(true);
    expect(['', '1', '1-', '-1', '1-1-1', '99999999999999999999-0', '1-x', '$', '+'].some(isStreamId)).toBe(
      false,
    );
  });
});

describe('sseMessage', () => {
  it('is one event with any content', () => {
    const hostile = 'a\n\nevent: x\r\rid: 1\r\n\r\ndata: y';
    const text = sseMessage('change', { text: hostile }, '1-0').toString();
    expect(text).toBe(`id: 1-0\nevent: change\ndata: ${JSON.stringify({ text: hostile })}\n\n`);
    expect(text.split(/\r\n|\n|\r/)).toHaveLength(5);
  });
});
