import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import type { Logger } from 'pino';
import type { ErrorCode } from '../model/errors.js';
import { LOG } from '../platform/logging/logging.module.js';
import { answerEarly, sentBody } from './body-limit.js';
import { toProblem, toRoostError, type Problem } from './to-problem.js';

declare module 'express-serve-static-core' {
  interface Request {
    /** Error code of the response, if it failed. */
    refusal?: ErrorCode;
  }
}

/** Renders error pages for browsers. Provided by web/. */
export const ERROR_PAGE = Symbol('roost:error-page');
export type ErrorPage = (problem: Problem, req: Request, res: Response) => void;

/** Retry-After of temporary errors, seconds. */
const RETRY_AFTER_S = '2';

/** Converts every error into a problem document for programs or a page for browsers. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    @Inject(LOG) private readonly log: Logger,
    @Inject(ERROR_PAGE) private readonly page: ErrorPage,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<Request>(), http.getResponse<Response>());
  }

  /** The same for errors thrown in Express middleware before Nest. */
  readonly middleware = (error: unknown, req: Request, res: Response, _next: NextFunction): void => {
    this.answer(error, req, res);
  };

  private answer(error: unknown, req: Request, res: Response): void {
    const known = toRoostError(error);
    req.refusal = known.code;
    if (known.code === 'INTERNAL') this.log.error({ requestId: req.id, err: error }, 'unexpected error');
    // The response has started: a stream's reader needs a clean end.
    if (res.headersSent) {
      res.destroy();
      return;
    }
    const problem = toProblem(known, req.id);
    // A read has no outcome that could be unknown.
    if (known.code === 'REDIS_UNAVAILABLE' && (req.method === 'GET' || req.method === 'HEAD')) {
      problem.detail =
        'Redis does not answer, so nothing can be read. Its tasks are safe and continue when it is back. Try again in a moment.';
    }
    res.status(problem.status);
    if (problem.status === 503) res.setHeader('Retry-After', RETRY_AFTER_S);
    if (typeof problem.retryAfter === 'number') res.setHeader('Retry-After', String(problem.retryAfter));
    const isComing = sentBody(req) && !req.complete;
    // Prevents the unread rest of the body from being parsed as the next request.
    if (isComing) res.setHeader('Connection', 'close');
    if (wantsPage(req)) this.page(problem, req, res);
    else {
      const body = JSON.stringify(problem);
      res.type('application/problem+json');
      if (isComing) answerEarly(req, res, body);
      else res.send(body);
    }
  }
}

function wantsPage(req: Request): boolean {
  if (/^\/(api|health|metrics|assets)(\/|$)/.test(req.path)) return false;
  return req.accepts(['html', 'json']) === 'html';
}
