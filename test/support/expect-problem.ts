import { expect } from '@jest/globals';
import { ERRORS, type ErrorCode } from '../../src/model/errors.js';
import type { Answer } from './api-contract.js';

/** Says what happened and what to do, and nothing of our insides. */
export function expectGoodProblem({ status, headers, body }: Answer): void {
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(body).toMatchObject({
    status,
    title: ERRORS[body.code as ErrorCode].title,
    type: `/api/docs#${body.code}`,
  });
  expect(body.requestId).toBe(headers.get('x-request-id'));
  expect(body.detail.length).toBeGreaterThan(20);
  expect(JSON.stringify(body)).not.toMatch(
    /node_modules|\.js:\d|redis:\/\/|\/src\/|\/dist\/|at \w+ \(|roost:default/,
  );
}
