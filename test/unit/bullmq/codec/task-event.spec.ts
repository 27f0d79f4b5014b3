import { describe, expect, it } from '@jest/globals';
import {
  comparePlaces,
  decodeEvent,
  endsTask,
  isPlace,
  isTaskEvent,
  placeOf,
  stateAfter,
} from '../../../../src/bullmq/codec/task-event.js';

describe('decodeEvent', () => {
  const read = (...fields: string[]) => decodeEvent('1790000000000-3', fields);

  it('reads an entry with its fields in any order', () => {
    const event = { at: 1_790_000_000_000, seq: 3, name: 'completed', id: 'j1', prev: 'active', value: '5' };
    expect(read('event', 'completed', 'jobId', 'j1', 'returnvalue', '5', 'prev', 'active')).toEqual(event);
    expect(read('jobId', 'j1', 'prev', 'active', 'returnvalue', '5', 'event', 'completed')).toEqual(event);
    expect(placeOf(event)).toBe('1790000000000-3');
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
    expect(isTaskEvent(read('event', name, 'jobId', 'j1'))).toBe(true);
    expect(stateAfter(name)).toBe(state);
  });

  it.each([
    ['name', 'mail'],
    ['returnvalue', '5'],
    ['failedReason', 'no'],
    ['delay', '1790000000000'],
    ['data', '{"done":1}'],
  ])('takes %s as the value', (field, value) => {
    expect(read('event', 'x', 'jobId', 'j1', field, value).value).toBe(value);
  });

  it.each([
    [['held', 'rate'], 'held'],
    [['movedTo', 'mail'], 'moved:mail'],
    [['movedFrom', 'mail'], 'moved:mail'],
  ])('takes %p for where the task was before', (fields, prev) => {
    expect(read('event', 'delayed', 'jobId', 'j1', ...fields).prev).toBe(prev);
  });

  it.each([
    ['completed', true],
    ['expired', true],
    ['removed', true],
    ['stalled', false],
    ['progress', false],
  ])('knows whether watchers of a task wait for %s', (name, ends) => {
    expect(endsTask({ name })).toBe(ends);
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
    expect(isTaskEvent(read(...fields))).toBe(false);
  });
});

describe('positions in a stream', () => {
  it('are compared numerically', () => {
    const places = ['10-0', '9-5', '9-10', '9-5'].sort(comparePlaces);
    expect(places).toEqual(['9-5', '9-5', '9-10', '10-0']);
  });

  it('are distinguished from ids that Redis rejects', () => {
    expect(['0-0', '1790000000000-12'].every(isPlace)).toBe(true);
    expect(['', '1', '1-', '-1', '1-1-1', '99999999999999999999-0', '1-x', '$', '+'].some(isPlace)).toBe(
      false,
    );
  });
});
