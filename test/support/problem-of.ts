import { expect } from '@jest/globals';

/** Returns the problem+json of an answer. */
export async function problemOf(
  answer: Response,
  status: number,
): Promise<{ code: string; detail: string; state?: string }> {
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.status).toBe(status);
  return (await answer.json()) as { code: string; detail: string; state?: string };
}
