import type { FieldProblem } from '../../model/errors.js';
import type { PageShell } from './page-shell.js';

/** Part of a problem document that an error page needs. */
export interface ErrorFacts {
  status: number;
  title: string;
  detail: string;
  code: string;
  requestId: string;
  fields?: FieldProblem[];
}

export interface ErrorPage extends PageShell, ErrorFacts {
  /** The page reloads by itself until the problem is over. */
  retries: boolean;
}

/** Copies named fields only: a problem document may contain members that the view engine interprets. */
export function toErrorPage(
  { status, title, detail, code, requestId, fields }: ErrorFacts,
  now: number,
): ErrorPage {
  // A single field message equal to the detail is redundant.
  const distinct = fields?.filter((field) => field.message !== detail);
  return {
    status,
    title,
    detail,
    code,
    requestId,
    fields: distinct?.length ? distinct : undefined,
    retries: status === 503,
    now,
    banners: [],
  };
}
