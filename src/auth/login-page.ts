import type { Request, Response } from 'express';
import { type SavedForm, packForm } from './saved-form.js';
import { safeRedirect } from './safe-redirect.js';

const SAVED_NOTICE = 'Your session has ended. Your input is saved: sign in to see it again, then submit it.';
const LOST =
  'Your session has ended, and your input is too long to be saved. Sign in in another tab, then reload this page and ' +
  'let the browser submit it again.';

interface LoginPageOptions {
  /** Path to open after the login. Defaults to the requested page. */
  next?: string;
  /** Name as the user typed it. */
  name?: string;
  /** Error message of a failed login. */
  wrong?: string;
  /** Notice above the form. */
  notice?: string;
  /** Form that was submitted without a login. */
  savedForm?: SavedForm;
}

/** Renders the login page with the status already set. Also replaces a page that needs a login. */
export function renderLogin(
  req: Request,
  res: Response,
  { next, name, wrong, notice, savedForm = req.savedForm }: LoginPageOptions = {},
): void {
  const isRead = req.method === 'GET' || req.method === 'HEAD';
  const to = next ?? safeRedirect(isRead ? req.originalUrl : '/');
  res.render('access/login', {
    layout: 'layouts/door',
    title: 'Sign in',
    next: to,
    providerHref: `/login/oidc?next=${encodeURIComponent(to)}`,
    name,
    wrong,
    notice: notice ?? (savedForm ? SAVED_NOTICE : req.isFormTooLong ? LOST : undefined),
    savedForm: savedForm && packForm(savedForm),
  });
}
