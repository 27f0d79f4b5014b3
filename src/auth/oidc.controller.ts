import { Body, Controller, Get, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { RoostError } from '../model/errors.js';
import { LOG } from '../platform/logging/logging.module.js';
import { clientOf } from './client.js';
import { csrfInvalid } from './authorize.js';
import { LoginState } from './login-state.js';
import { packForm } from './saved-form.js';
import { SavedForms } from './saved-forms.js';
import { renderLogin } from './login-page.js';
import { Public } from './require-permission.js';
import { safeRedirect } from './safe-redirect.js';
import { Oidc, OidcError } from './oidc.js';
import { RateLimit } from './rate-limit.js';
import { Roles } from './roles.js';
import { Sessions } from './sessions.js';

/** Proof for OIDC sessions: no password can change. The role is checked at each request, see Roles. */
const NO_PROOF = '';

/** Sign-in at an OpenID Connect provider. */
@Controller('login/oidc')
@Public()
export class OidcController {
  constructor(
    private readonly oidc: Oidc,
    private readonly loginState: LoginState,
    private readonly roles: Roles,
    private readonly sessions: Sessions,
    private readonly rates: RateLimit,
    private readonly savedForms: SavedForms,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  @Get()
  async leave(@Query('next') next: unknown, @Req() req: Request, @Res() res: Response): Promise<void> {
    this.refuseWithout();
    this.rates.countProviderLogin(req);
    try {
      const address = await this.oidc.begin(this.loginState.beginVisit(req, res), {
        next: safeRedirect(next),
      });
      res.redirect(303, address.href);
    } catch (error) {
      this.explain(error, req, res);
    }
  }

  /**
   * Starts a login with a form that was submitted without a session. Renders a page instead of a redirect, because
   * the form-action policy forbids redirects to other sites.
   */
  @Post()
  @HttpCode(200)
  async leaveWithForm(
    @Body() form: Record<string, unknown> = {},
    @Req() req: Request,
    @Res() res: Response,
  ): Promise<void> {
    this.refuseWithout();
    const next = safeRedirect(form.next);
    if (req.principal?.via !== 'nobody') return res.redirect(303, next);
    if (!this.loginState.isLoginToken(req, form._csrf)) throw csrfInvalid();
    const savedForm = this.savedForms.unpack(form.savedForm);
    try {
      this.rates.countProviderLogin(req);
      if (savedForm && !this.rates.acquireSavedChars(req, packForm(savedForm).length))
        throw tooManySavedForms();
      const address = await this.oidc.begin(this.loginState.beginVisit(req, res), { next, savedForm });
      res.setHeader('Refresh', `0; url=${address.href}`);
      res.render('access/leaving', {
        layout: 'layouts/door',
        title: 'Signing in',
        href: address.href,
        host: this.oidc.host,
      });
    } catch (error) {
      if (error instanceof OidcError) error.goal = { next, savedForm };
      else if (error instanceof RoostError && [429, 503].includes(error.status)) {
        req.refusal = error.code;
        res.status(error.status).setHeader('Retry-After', String(error.extra?.retryAfter ?? 2));
        return renderLogin(req, res, { next, wrong: error.detail, savedForm });
      }
      this.explain(error, req, res);
    }
  }

  @Get('callback')
  async comeBack(@Req() req: Request, @Res() res: Response): Promise<void> {
    this.refuseWithout();
    req.audit = {};
    const query = req.originalUrl.split('?').slice(1).join('?');
    try {
      const { identity, next, savedForm, ...trouble } = await this.oidc.complete(
        this.loginState.visitsOf(req),
        query,
      );
      req.audit = { targets: [identity.name] };
      if (!this.roles.find(identity)) {
        const why = this.oidc.explainRefusal(trouble);
        this.log.warn(
          { requestId: req.id, user: identity.name, ...(why.length > 0 ? { why } : {}) },
          'login refused: signed in at the provider, but on no list',
        );
        res.status(403);
        return renderLogin(req, res, {
          next,
          savedForm,
          wrong: [
            `${this.oidc.host} knows you as ${identity.name}, but you have no access to this Roost:`,
            'none of its user lists contains you.',
            ...why,
            'Ask its operator for access.',
          ].join(' '),
        });
      }
      const id = await this.sessions.start(identity, NO_PROOF, clientOf(req));
      req.audit = { who: identity.name };
      this.loginState.endVisit(res);
      this.loginState.session.set(res, id);
      if (savedForm) await this.savedForms.showAfterLogin(res, savedForm, id);
      else res.redirect(303, next);
    } catch (error) {
      // The callback of a successful login was reloaded.
      if (error instanceof OidcError && !error.goal && req.principal?.via === 'session')
        res.redirect(303, '/');
      else this.explain(error, req, res);
    }
  }

  private refuseWithout(): void {
    if (!this.oidc.isOn) throw new RoostError('NOT_FOUND', 'No OpenID Connect provider is set up here.');
  }

  private explain(error: unknown, req: Request, res: Response): void {
    if (!(error instanceof OidcError)) throw error;
    // The provider's response may contain codes and tokens: only the kind of error is logged.
    const { name, code } = (error.cause ?? {}) as { name?: string; code?: string };
    this.log.warn({ requestId: req.id, cause: name, code }, `login at the provider: ${error.message}`);
    res.status(error.message.includes('does not answer') ? 503 : 401);
    renderLogin(req, res, { next: '/', ...error.goal, wrong: error.message });
  }
}

function tooManySavedForms(): RoostError {
  return new RoostError(
    'TOO_MANY_REQUESTS',
    'Too many saved forms are waiting for a login. Wait a minute, then try again.',
    undefined,
    { retryAfter: 60 },
  );
}
