import { describe, expect, it } from '@jest/globals';
import {
  allColumns,
  areUsual,
  movedColumn,
  TASK_COLUMNS,
  toColumns,
  USUAL_COLUMNS,
} from '../../../src/search/task-columns.js';

describe('columns of a list', () => {
  it('stand in the order given, once each, and lead to the task', () => {
    expect(toColumns(['queue', 'type', 'queue', 'size', 'state'])).toEqual(['queue', 'type', 'state']);
    expect(toColumns(['state', 'queue'])).toEqual(['state', 'type', 'queue']);
    expect(toColumns(['queue'])).toEqual(['type', 'queue']);
    expect(toColumns(['size'])).toBeUndefined();
    expect(areUsual([...USUAL_COLUMNS])).toBe(true);
    expect(areUsual([...USUAL_COLUMNS].reverse())).toBe(false);
  });

  it('move one place at a time, and not beyond an end', () => {
    expect(movedColumn(['type', 'id', 'queue'], 'queue', 'left')).toEqual(['type', 'queue', 'id']);
    expect(movedColumn(['type', 'id', 'queue'], 'type', 'right')).toEqual(['id', 'type', 'queue']);
    expect(movedColumn(['type', 'id'], 'type', 'left')).toEqual(['type', 'id']);
    expect(movedColumn(['type', 'id'], 'id', 'right')).toEqual(['type', 'id']);
    expect(movedColumn(['type', 'id'], 'queue', 'left')).toEqual(['type', 'id']);
  });

  it('are offered with the others behind those they usually follow', () => {
    expect(allColumns(USUAL_COLUMNS)).toEqual(TASK_COLUMNS);
    const all = allColumns(['queue', 'type', 'id']);
    expect(all.filter((name) => ['queue', 'type', 'id'].includes(name))).toEqual(['queue', 'type', 'id']);
    expect(all[0]).toBe('state');
    expect([...all].sort()).toEqual([...TASK_COLUMNS].sort());
  });
});
