import { NotFoundException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { ERRORS, RoostError, type ErrorCode } from '../../../src/model/errors.js';
import { toProblem, toRoostError } from '../../../src/http/to-problem.js';

const withMore = (message: string, more: object) => Object.assign(new Error(message), more);

describe('toRoostError', () => {
  it('leaves what is ours alone', () => {
    const error = new RoostError('TASK_GONE', 'gone');
    expect(toRoostError(error)).toBe(error);
  });

  it.each<[unknown, ErrorCode]>([
    [withMore('too large', { type: 'entity.too.large', limit: 5 }), 'BODY_TOO_LARGE'],
    [withMore('Unexpected token', { type: 'entity.parse.failed' }), 'BODY_MALFORMED'],
    [withMore('unsupported charset', { type: 'charset.unsupported' }), 'CONTENT_TYPE_UNSUPPORTED'],
    [withMore('unsupported content encoding', { type: 'encoding.unsupported' }), 'CONTENT_TYPE_UNSUPPORTED'],
    [withMore('request aborted', { type: 'request.aborted' }), 'BODY_MALFORMED'],
    [withMore('no UTF-8', { type: 'utf8.invalid' }), 'BODY_MALFORMED'],
    [withMore('incorrect header check', { code: 'Z_DATA_ERROR', status: 400 }), 'BODY_MALFORMED'],
    [withMore("Failed to decode param '%E0'", { status: 400 }), 'NOT_FOUND'],
    [new NotFoundException(), 'NOT_FOUND'],
    [withMore('connect', { code: 'ECONNREFUSED' }), 'REDIS_UNAVAILABLE'],
    [new Error('Command timed out'), 'REDIS_UNAVAILABLE'],
    [new Error("OOM command not allowed when used memory > 'maxmemory'."), 'STORAGE_FULL'],
    [new Error("READONLY You can't write against a read only replica."), 'REDIS_READ_ONLY'],
    [
      new Error("ERR Error running script (call to f_1): @user_script: 1: -READONLY You can't write"),
      'REDIS_READ_ONLY',
    ],
    [new Error('NOREPLICAS Not enough good replicas to write.'), 'REDIS_READ_ONLY'],
    [new Error('LOADING Redis is loading the dataset in memory'), 'REDIS_REFUSED'],
    [
      new Error("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."),
      'REDIS_REFUSED',
    ],
    [new Error('BUSY Redis is busy running a script.'), 'REDIS_REFUSED'],
    [new Error('CLUSTERDOWN Hash slot not served'), 'REDIS_REFUSED'],
    [new Error('MOVED 1234 10.0.0.1:6379'), 'REDIS_REFUSED'],
    [new Error('NOAUTH Authentication required.'), 'REDIS_REFUSED'],
    [new Error("NOPERM User roost has no permissions to run the 'hset' command"), 'REDIS_REFUSED'],
    [new Error('ERR max number of clients reached'), 'REDIS_REFUSED'],
    [new Error('ERR max daily request limit exceeded. Limit: 500000'), 'REDIS_REFUSED'],
    [
      withMore('EXECABORT Transaction discarded because of previous errors.', {
        previousErrors: [new Error('OOM command not allowed when used memory')],
      }),
      'STORAGE_FULL',
    ],
    [new Error('Command aborted due to connection close'), 'REDIS_UNAVAILABLE'],
    [new Error('a BUSY day, and a READONLY file'), 'INTERNAL'],
    [new Error('MISCONF Errors writing to the AOF file: No space left on device'), 'STORAGE_FULL'],
    [new TypeError('x is not a function'), 'INTERNAL'],
    ['thrown text', 'INTERNAL'],
    [null, 'INTERNAL'],
    [undefined, 'INTERNAL'],
  ])('takes %p for %s', (error, code) => {
    expect(toRoostError(error).code).toBe(code);
  });

  it('tells nothing of what was not expected', () => {
    const error = withMore('secret at /srv/app/dist/x.js', { stack: 'secret' });
    expect(JSON.stringify(toProblem(toRoostError(error), 'id'))).not.toContain('secret');
  });
});

describe('toProblem', () => {
  it.each(Object.keys(ERRORS) as ErrorCode[])('has the status and title of %s', (code) => {
    const { status, title } = ERRORS[code];
    const problem = toProblem(new RoostError(code, 'why'), 'id');
    expect(problem).toEqual({
      type: `/api/docs#${code}`,
      title,
      status,
      detail: 'why',
      code,
      requestId: 'id',
    });
  });

  it('has the fields, and what an error adds', () => {
    const fields = [{ path: 'a', message: 'b' }];
    expect(
      toProblem(new RoostError('TASK_STATE_CONFLICT', 'why', fields, { state: 'active' }), 'id'),
    ).toMatchObject({
      fields,
      state: 'active',
    });
  });
});
