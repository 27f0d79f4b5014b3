import type { Request, Response } from 'express';
import { drawLogin } from '../access/login-page.js';
import type { Problem } from '../http/to-problem.js';
import { toErrorPage } from './page-models/error-page.js';

/** Draws an error for people, in the frame of all pages. */
export function errorPage(problem: Problem, request: Request, response: Response): void {
  if (problem.code === 'UNAUTHENTICATED') return drawLogin(request, response);
  response.render('errors/error', toErrorPage(problem, Date.now()));
}
