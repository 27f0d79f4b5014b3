import type { Request, Response } from 'express';
import type { Problem } from '../http/to-problem.js';
import { toErrorPage } from './page-models/error-page.js';

/** Draws an error for people, in the frame of all pages. */
export function errorPage(problem: Problem, _request: Request, response: Response): void {
  response.render('errors/error', toErrorPage(problem, Date.now()));
}
