import type { Request, Response } from 'express';
import { toColumns, type TaskColumn } from '../../search/task-columns.js';

const NAME = 'roost-columns';
/** Lifetime of the cookie, seconds. */
const ONE_YEAR = 31_536_000;

/** Stores the chosen columns in a cookie: per browser, and without scripts. */
export function storeColumns(response: Response, columns: readonly TaskColumn[] | undefined): void {
  const value = columns ? columns.join('.') : '';
  const age = columns ? ONE_YEAR : 0;
  response.setHeader('Set-Cookie', `${NAME}=${value}; Path=/tasks; Max-Age=${age}; HttpOnly; SameSite=Lax`);
}

export function loadColumns(request: Request): TaskColumn[] | undefined {
  const cookie = (request.headers.cookie ?? '').split(';').find((one) => one.trim().startsWith(`${NAME}=`));
  return cookie === undefined
    ? undefined
    : toColumns(
        cookie
          .trim()
          .slice(NAME.length + 1)
          .split('.'),
      );
}
