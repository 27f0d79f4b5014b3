import type { Request, Response } from 'express';
import { nextPage } from './next-page.js';

interface LoginWords {
  /** Where to go on; where nothing is said, to what was asked for. */
  next?: string;
  /** As it was typed. */
  name?: string;
  /** Why it did not work. */
  wrong?: string;
  /** Something else to say first. */
  notice?: string;
}

/** Draws the login page, with the status that is set. Also in place of a page that one has to sign in for. */
export function drawLogin(req: Request, res: Response, { next, name, wrong, notice }: LoginWords = {}): void {
  const isRead = req.method === 'GET' || req.method === 'HEAD';
  const to = next ?? nextPage(isRead ? req.originalUrl : '/');
  res.render('access/login', {
    layout: 'layouts/door',
    title: 'Sign in',
    next: to,
    providerHref: `/login/oidc?next=${encodeURIComponent(to)}`,
    name,
    wrong,
    notice,
  });
}
