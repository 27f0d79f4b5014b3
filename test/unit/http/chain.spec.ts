import { describe, expect, it, jest } from '@jest/globals';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { chain } from '../../../src/http/chain.js';

const run = (...handlers: RequestHandler[]) =>
  new Promise<unknown>((resolve) => {
    void chain(...handlers)({} as Request, {} as Response, resolve as NextFunction);
  });
const pass: RequestHandler = (_req, _res, next) => next();

describe('middleware in one chain', () => {
  it('runs each in order, then what comes after the chain', async () => {
    const order: number[] = [];
    const mark =
      (number: number): RequestHandler =>
      (_req, _res, next) => {
        order.push(number);
        setImmediate(next);
      };
    expect(await run(mark(1), mark(2), pass, mark(3))).toBeUndefined();
    expect(order).toEqual([1, 2, 3]);
  });

  it.each<[string, RequestHandler]>([
    ['passed on', (_req, _res, next) => next(new Error('no'))],
    [
      'thrown',
      () => {
        throw new Error('no');
      },
    ],
    ['of a promise', () => Promise.reject(new Error('no'))],
  ])('ends at an error that is %s', async (_how, failing) => {
    const later = jest.fn<RequestHandler>();
    expect(await run(pass, failing, later)).toEqual(new Error('no'));
    expect(later).not.toHaveBeenCalled();
  });
});
