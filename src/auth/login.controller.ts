import { Body, Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { Inject } from '@nestjs/common';
import { RoostError } from '../model/errors.js';
import { LOG } from '../platform/logging/logging.module.js';
import { clientOf } from './client.js';
import { csrfInvalid } from './authorize.js';
import { LoginState } from './login-state.js';
import { SavedForms } from './saved-forms.js';
import { renderLogin } from './login-page.js';
import { LoginService } from './login.service.js';
import { Public } from './require-permission.js';
import { safeRedirect } from './safe-redirect.js';
import { SecondFactorService } from './second-factor.service.js';
import { renderSecondStep } from './second-step.controller.js';
import { Sessions } from './sessions.js';

type Form = Record<string, string | string[] | undefined>;

/** Sign-in with a password, and sign-out. */
@Controller()
@Public()
export class LoginController {
  constructor(
    private readonly loginState: LoginState,
    private readonly logins: LoginService,
    private readonly sessions: Sessions,
    private readonly savedForms: SavedForms,
    private readonly factors: SecondFactorService,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  @Get('login')
  show(@Query('next') next: unknown, @Req() req: Request, @Res() res: Response): void {
    const to = safeRedirect(next);
    if (req.principal?.via !== 'nobody') return res.redirect(303, to);
    renderLogin(req, res, { next: to });
  }

  @Post('login')
  @HttpCode(200)
  async signIn(@Body() form: Form = {}, @Req() req: Request, @Res() res: Response): Promise<void> {
    const next = safeRedirect(form.next);
    // Redirects if no login is required or the session exists already.
    if (req.principal?.via !== 'nobody') return res.redirect(303, next);
    if (!this.loginState.isLoginToken(req, form._csrf)) throw csrfInvalid();
    const savedForm = this.savedForms.unpack(form.savedForm);
    const [name, password] = [text(form.name), text(form.password)];
    try {
      // Audits the name only if a user has it: other input may be a password in the wrong field.
      const known = this.logins.findName(name);
      req.audit = { targets: known === undefined ? [] : [known] };
      const user = await this.logins.check(name, password, clientOf(req));
      if (user !== undefined) {
        const offer = await this.factors.offer(user, this.loginState.visitOf(req, form._csrf));
        if (offer) {
          req.audit = { targets: [user.name, 'second factor asked'] };
          res.status(200);
          return renderSecondStep(res, offer, { next, savedForm });
        }
        const id = await this.logins.start(user, clientOf(req), false);
        req.audit = { who: known };
        this.loginState.endVisit(res);
        this.loginState.session.set(res, id);
        if (!savedForm) return res.redirect(303, next);
        return await this.savedForms.showAfterLogin(res, savedForm, id);
      }
      this.log.warn({ requestId: req.id, from: req.ip }, 'a wrong login');
      res.status(401);
      renderLogin(req, res, {
        next,
        name: name.slice(0, 64),
        wrong: 'Name or password is not right.',
        savedForm,
      });
    } catch (error) {
      if (!(error instanceof RoostError) || !isShownInForm(error, savedForm !== undefined)) throw error;
      req.refusal = error.code;
      res.status(error.status).setHeader('Retry-After', String(error.extra?.retryAfter ?? 2));
      renderLogin(req, res, { next, name: name.slice(0, 64), wrong: error.detail, savedForm });
    }
  }

  @Post('logout')
  async signOut(@Req() req: Request, @Res() res: Response): Promise<void> {
    const ids = this.loginState.session.readAll(req);
    // Clears the cookie first: the browser is signed out even if Redis is unavailable.
    this.loginState.session.clear(res);
    for (const id of ids) await this.sessions.end(id);
    res.redirect(303, '/login');
  }
}

/** Whether the login form shows the error. An error page would lose the saved form. */
function isShownInForm({ code }: RoostError, carriesForm: boolean): boolean {
  return code === 'TOO_MANY_REQUESTS' || (carriesForm && code === 'REDIS_UNAVAILABLE');
}

function text(field: string | string[] | undefined): string {
  return typeof field === 'string' ? field : '';
}
