import type { FieldProblem } from '../../contract/errors.js';
import type { Frame } from './frame.js';

/** What an error page needs of a problem document. */
export interface ErrorFacts {
  status: number;
  title: string;
  detail: string;
  code: string;
  requestId: string;
  fields?: FieldProblem[];
}

export interface ErrorPage extends Frame, ErrorFacts {
  /** The page asks again by itself until the trouble is over. */
  retries: boolean;
}

/** Made of named parts: a problem document may carry members that mean something to the view engine. */
export function toErrorPage(
  { status, title, detail, code, requestId, fields }: ErrorFacts,
  now: number,
): ErrorPage {
  // One field that repeats the detail word for word says nothing more.
  const telling = fields?.filter((field) => field.message !== detail);
  return {
    status,
    title,
    detail,
    code,
    requestId,
    fields: telling?.length ? telling : undefined,
    retries: status === 503,
    now,
    banners: [],
  };
}
