import type { Response } from 'express';
import type { SavedForms } from '../../auth/saved-forms.js';
import { renderLogin } from '../../auth/login-page.js';
import type { ErrorPage } from '../../http/problem.filter.js';
import type { Problem } from '../../http/to-problem.js';
import { toErrorPage } from './error-page.js';

/**
 * Renders errors for browsers in the shell of all pages. A form refused by the login is shown again instead.
 */
export function errorPageWith(savedForms: SavedForms): ErrorPage {
  return (problem, request, response) => {
    if (problem.code === 'UNAUTHENTICATED') return renderLogin(request, response);
    if (problem.code !== 'CSRF_TOKEN_INVALID') return draw(problem, response);
    savedForms.showRefused(request, response).then(
      (isShown) => isShown || draw(problem, response),
      () => draw(problem, response),
    );
  };
}

function draw(problem: Problem, response: Response): void {
  response.render('errors/error', toErrorPage(problem, Date.now()));
}
