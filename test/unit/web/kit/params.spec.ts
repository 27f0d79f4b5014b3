import { describe, expect, it } from '@jest/globals';
import { allOf, lastOf, localPath, typed } from '../../../../src/web/kit/params.js';

describe('parameters of a request', () => {
  it('count with the last value where there are several', () => {
    expect([lastOf({ a: ['1', '2'] }, 'a'), lastOf({ a: '1' }, 'a'), lastOf(undefined, 'a')]).toEqual([
      '2',
      '1',
      undefined,
    ]);
  });

  it('are lists where lists are wanted', () => {
    expect([allOf({ a: ['1', ''] }, 'a'), allOf({ a: '1' }, 'a'), allOf({}, 'a')]).toEqual([
      ['1'],
      ['1'],
      [],
    ]);
  });

  it('are nothing when only spaces were typed', () => {
    expect([typed({ a: '  ' }, 'a'), typed({ a: ' x ' }, 'a')]).toEqual([undefined, 'x']);
  });
});

describe('the way back', () => {
  it('stays on this site', () => {
    for (const hostile of [
      '//evil.example',
      '/\\evil.example',
      '/.//evil.example',
      'https://evil.example',
      'javascript:1',
      '',
      undefined,
    ]) {
      expect(localPath(hostile, '/tasks')).toBe('/tasks');
    }
  });

  it('keeps its query, but not what was said before', () => {
    expect(localPath('/tasks?state=failed&flash=retried#x', '/')).toBe('/tasks?state=failed');
  });
});
